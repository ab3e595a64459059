import { MediaError } from '../core/errors.ts';
import type { Access, AddressPolicy } from './address-policy.ts';
import { BodyReader } from './body-reader.ts';
import { hostAccess } from './host-access.ts';
import type { HttpAddress } from './http-address.ts';
import {
  connectionError,
  type HttpAnswer,
  type HttpTimeouts,
  type HttpTransport,
  timeoutError,
} from './http-transport.ts';
import { abortable } from './retry.ts';

export interface FetchTransportOptions {
  readonly policy: AddressPolicy;
  readonly timeouts: HttpTimeouts;
  /** The platform's, unless given. */
  readonly fetch?: typeof fetch;
}

/**
 * HTTP by the platform's `fetch`, for places without sockets. Hosts are judged by their names, and the path goes out as
 * the URL standard writes it: dot segments are gone.
 */
export function fetchTransport({ policy, timeouts, fetch: send }: FetchTransportOptions): HttpTransport {
  const ask = send ?? ((url, init) => fetch(url, init));
  return {
    async get({ url, target }: HttpAddress, headers, signal) {
      signal.throwIfAborted();
      const access = hostAccess(policy, url);
      const transfer = new Transfer(url.host, signal);
      const asked = ask(url.origin + target, {
        headers,
        redirect: 'manual',
        // What comes between is not to keep ranges of films, nor to read them whole for the sake of it.
        cache: 'no-store',
        signal: transfer.signal,
      });
      const response = await transfer.answer(asked, timeouts);
      if (response.type !== 'opaqueredirect') return answerOf(response, { access, transfer, timeouts });
      transfer.end();
      throw connectionError(url.host, 'it redirects, which cannot be followed here');
    },
    close: async () => {},
  };
}

/** One request, which ends by the caller's signal, by a timeout, or when its answer is closed. */
class Transfer {
  readonly host: string;
  readonly #outer: AbortSignal;
  readonly #controller = new AbortController();
  readonly #onAbort = () => this.#controller.abort(this.#outer.reason);

  constructor(host: string, signal: AbortSignal) {
    this.host = host;
    this.#outer = signal;
    signal.addEventListener('abort', this.#onAbort);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  async answer(asked: Promise<Response>, { connect, headers }: HttpTimeouts): Promise<Response> {
    const limit = connect + headers;
    const error = () => timeoutError(this.host, `no answer within ${limit} ms`);
    const timer = setTimeout(() => this.#controller.abort(error()), limit);
    try {
      return await abortable(asked, this.signal);
    } catch (error) {
      this.end();
      throw this.described(error, 0);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Lets go of the caller's signal, and of the request if it is still under way. */
  end(): void {
    this.#outer.removeEventListener('abort', this.#onAbort);
    if (!this.signal.aborted) this.#controller.abort(new Error('No longer wanted'));
  }

  /** The error of a platform as one of ours; never its message, which may hold addresses and paths. */
  described(error: unknown, received: number): unknown {
    if (this.#outer.aborted) return this.#outer.reason;
    if (error instanceof MediaError) return error;
    const after = received > 0 ? ` after ${received} bytes` : '';
    const name = error instanceof Error ? error.name : 'unknown error';
    return connectionError(this.host, `the connection failed${after} (${name})`, error);
  }
}

interface AnswerParts {
  readonly access: Access;
  readonly transfer: Transfer;
  readonly timeouts: HttpTimeouts;
}

function answerOf(response: Response, { access, transfer, timeouts }: AnswerParts): HttpAnswer {
  const { status, headers } = response;
  const body =
    response.body &&
    new BodyReader(response.body, {
      idle: timeouts.body,
      signal: transfer.signal,
      timeout: (received) =>
        timeoutError(
          transfer.host,
          `the transfer stopped after ${received} bytes within ${timeouts.body} ms`,
        ),
    });
  const end = () => {
    body?.close();
    transfer.end();
  };
  if (!body) transfer.end();
  return {
    status,
    access,
    header: (name) => headers.get(name),
    async next() {
      try {
        const chunk = (await body?.next()) ?? null;
        if (chunk === null) end();
        return chunk;
      } catch (error) {
        const described = transfer.described(error, body?.received ?? 0);
        end();
        throw described;
      }
    },
    close: end,
  };
}
