import type { Source } from '../core/contracts.ts';
import type { Logger } from '../http/deps.ts';
import type { ExecutionContext } from './platform.ts';
import type { Subrequests } from './subrequests.ts';

/** A resource as titles hold it: what was learnt of it, as plain data. */
export interface Place {
  /** As `Source.size`. */
  readonly size: number | null;
  /** Reads it with the connections of one request. */
  open(scope: RequestScope): Source;
}

/**
 * One request and what belongs to it alone: the runtime ends a request's connections with it and lets no other one use
 * them, so that nothing that is under way may be waited for by another.
 */
export class RequestScope {
  readonly subrequests: Subrequests;
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly #context: ExecutionContext;
  readonly #sources = new Map<Place, Source>();

  constructor(context: ExecutionContext, { subrequests, signal, log }: ScopeParts) {
    this.#context = context;
    this.subrequests = subrequests;
    this.signal = signal;
    this.log = log;
  }

  sourceOf(place: Place): Source {
    const known = this.#sources.get(place);
    if (known) return known;
    const source = place.open(this);
    this.#sources.set(place, source);
    return source;
  }

  /** Does what the answer need not wait for; a failure of it is told in the log. */
  later(what: string, work: () => Promise<void>): void {
    const done = work().catch((err: unknown) => {
      if (!this.signal.aborted) this.log.warn({ err }, what);
    });
    this.#context.waitUntil(done);
  }
}

interface ScopeParts {
  readonly subrequests: Subrequests;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/** The requests under way by their signals, which is what everything that reads is given. */
export class RequestScopes {
  readonly #scopes = new WeakMap<AbortSignal, RequestScope>();

  enter(scope: RequestScope): void {
    this.#scopes.set(scope.signal, scope);
  }

  /** A place as a source that any request may read, each by itself. Its reads want the signal of their request. */
  source(place: Place): Source {
    return {
      isReadAlone: true,
      get size() {
        return place.size;
      },
      read: (range, signal) => this.#of(signal).sourceOf(place).read(range, signal),
    };
  }

  #of(signal: AbortSignal): RequestScope {
    const scope = this.#scopes.get(signal);
    if (!scope) throw new Error('A read was asked for with a signal that is no request’s own');
    return scope;
  }
}
