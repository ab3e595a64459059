import type { Source } from '../../core/contracts.ts';
import { MediaError } from '../../core/errors.ts';
import type { Reach } from '../../core/relay.ts';
import type { Access, OpenedSource } from '../../pipeline/library.ts';
import type { MediaRequest } from '../../proxy/token.ts';
import type { AppDeps } from '../deps.ts';
import { isOpen } from '../lifetimes.ts';
import { createHeadProof, type HeadProof } from './head-proof.ts';
import { type Asked, isRefusal, isSamePlace, type Place, type Resolver } from './resolver.ts';

export interface ResolvedOptions {
  readonly resolver: Resolver;
  readonly openSource: AppDeps['openSource'];
  readonly reach?: Reach | undefined;
}

/** A place, and the source that was opened there. */
interface Held {
  readonly place: Place;
  readonly opened: OpenedSource;
}

/** New places that one read tries: what is refused again and again is refused. */
const MAX_RENEWALS = 2;

/** The source behind a name: asked for at its first byte, and anew where its place is over; the bytes stay the same. */
export function openResolved(request: MediaRequest, options: ResolvedOptions): OpenedSource {
  const asked: Asked = { id: request.url, headers: request.headers };
  const movable = new MovableSource(request, asked, options);
  return {
    source: movable,
    sequence: {
      get size() {
        return movable.held?.opened.sequence?.size ?? null;
      },
      open: (signal) => movable.inOrder(signal),
    },
    access: () => movable.access,
    want: (bytesPerSecond) => movable.want(bytesPerSecond),
    isCurrent: async () => movable.held?.opened.isCurrent() ?? true,
    modified: () => movable.held?.opened.modified?.() ?? null,
  };
}

class MovableSource {
  readonly #request: MediaRequest;
  readonly #asked: Asked;
  readonly #options: ResolvedOptions;
  readonly #proof: HeadProof = createHeadProof();
  #held: Held | null = null;
  #moving: { readonly place: Place; readonly held: Promise<Held> } | null = null;
  #wanted: number | null = null;
  /** Of the place that the first byte came from: who may read the title was found by it. */
  #access: Access | null = null;

  constructor(request: MediaRequest, asked: Asked, options: ResolvedOptions) {
    this.#request = request;
    this.#asked = asked;
    this.#options = options;
  }

  get held(): Held | null {
    return this.#held;
  }

  get access(): Access {
    return this.#access ?? this.#held?.opened.access() ?? 'private';
  }

  get size(): number | null {
    return this.#held?.opened.source.size ?? null;
  }

  want(bytesPerSecond: number): void {
    this.#wanted = bytesPerSecond;
    this.#held?.opened.want(bytesPerSecond);
  }

  async *read(
    range: { readonly start: number; readonly end: number },
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    let at = range.start;
    let held = await this.#latest(signal);
    for (let renewals = 0; ; renewals++) {
      try {
        for await (const chunk of held.opened.source.read({ start: at, end: range.end }, signal)) {
          this.#access ??= held.opened.access();
          this.#proof.see(at, chunk);
          at += chunk.length;
          yield chunk;
        }
        return;
      } catch (error) {
        held = await this.#after(error, { held, renewals }, signal);
      }
    }
  }

  async *inOrder(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    let at = 0;
    let held = await this.#latest(signal);
    for (let renewals = 0; ; renewals++) {
      const { sequence } = held.opened;
      if (!sequence) throw new MediaError('not-offered', 'This source cannot be read in order');
      try {
        for await (const chunk of sequence.open(signal)) {
          this.#access ??= held.opened.access();
          at += chunk.length;
          yield chunk;
        }
        return;
      } catch (error) {
        // What was passed on cannot be taken back, and what comes anew begins at its first byte.
        if (at > 0) throw error;
        held = await this.#after(error, { held, renewals }, signal);
      }
    }
  }

  /** Where it lies now, after an upstream refused it. @throws what it was told, where asking again does not help */
  async #after(
    error: unknown,
    { held, renewals }: { readonly held: Held; readonly renewals: number },
    signal: AbortSignal,
  ): Promise<Held> {
    if (isForbidden(error) && this.#access !== null) throw movedAway();
    if (!isRefusal(error) || renewals >= MAX_RENEWALS) throw error;
    const place = await this.#options.resolver.renew(this.#asked, held.place, signal);
    if (isSamePlace(place, held.place)) throw error;
    return this.#at(place, signal);
  }

  async #latest(signal: AbortSignal): Promise<Held> {
    return this.#at(await this.#options.resolver.place(this.#asked, signal), signal);
  }

  async #at(place: Place, signal: AbortSignal): Promise<Held> {
    const held = this.#held;
    if (held && isSamePlace(place, held.place)) {
      this.#held = { place, opened: held.opened };
      return this.#held;
    }
    // Opening sends nothing: it need not end with who began it.
    if (this.#moving?.place !== place) this.#moving = { place, held: this.#open(place) };
    const { held: opening } = this.#moving;
    const fresh = await opening;
    await this.#check(fresh.opened.source, signal);
    this.#held = fresh;
    return fresh;
  }

  async #check(source: Source, signal: AbortSignal): Promise<void> {
    try {
      await this.#proof.check(source, signal);
    } catch (error) {
      throw isForbidden(error) && this.#access !== null ? movedAway() : error;
    }
  }

  async #open(place: Place): Promise<Held> {
    const { url, headers } = place;
    const isRemote = /^https?:/i.test(url);
    const reach = isOpen(this.#access ?? undefined) ? 'open' : this.#options.reach;
    if (!isRemote && this.#access !== null && this.#access !== 'local') throw movedAway();
    if (!isRemote && reach === 'open')
      throw new MediaError(
        'unauthorized',
        'Pages of other sites may not read this source; add the key that the server printed at start (&key=…)',
      );
    const limits = reach === undefined ? {} : { reach };
    const opened = await this.#options.openSource({ ...this.#request, url, headers }, limits);
    if (this.#wanted !== null) opened.want(this.#wanted);
    return { place, opened };
  }
}

/** Not within reach of all who may read the title. */
const isForbidden = (error: unknown): boolean =>
  error instanceof MediaError && (error.code === 'unauthorized' || error.code === 'forbidden-address');

/** A title that is open to more than its new place is opened anew, by who may. */
const movedAway = (): MediaError =>
  new MediaError('changed', 'What this name stands for lies elsewhere now; open the title again');
