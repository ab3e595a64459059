import { LRUCache } from 'lru-cache';
import type { RelayRequest } from '../core/relay.ts';
import type { SharedRelay } from './shared-bodies.ts';

/** Knows which segment comes after which, and fetches those that will be asked for next. */
export interface FetchAhead {
  /** A playlist was read: what is listed under the name of another segment is that one no more. */
  note(list: ListedSegments): void;
  /** This one is being sent: the next ones are fetched when all of it is here. */
  sending(request: RelayRequest): void;
}

export interface ListedSegments {
  /** In their order, each with what may be sent to its own server; null for one that cannot be fetched by itself. */
  readonly requests: readonly (RelayRequest | null)[];
  /** Media Sequence Number of the first of them: RFC 8216, 4.3.3.2. */
  readonly first: number;
}

interface Listed {
  readonly number: number;
  readonly followers: readonly RelayRequest[];
}

/** Characters of addresses whose followers are known: some ten thousand segments. */
const MAX_KNOWN = 8 * 1024 * 1024;
/** Longer addresses are not noted. */
const MAX_URL = 8192;

/** @param count of segments ahead */
export function createFetchAhead(segments: SharedRelay, count: number): FetchAhead {
  const listed = new LRUCache<string, Listed>({
    maxSize: MAX_KNOWN,
    sizeCalculation: ({ followers }, key) => followers.reduce((sum, { url }) => sum + url.length, key.length),
  });
  const keyOf = ({ url, headers }: RelayRequest) => JSON.stringify([url, headers]);
  return {
    note({ requests, first }) {
      const short = requests.map((request) => (request && request.url.length <= MAX_URL ? request : null));
      for (const [i, request] of short.entries()) {
        if (request === null) continue;
        const key = keyOf(request);
        const number = first + i;
        // Some servers write in a circle of a few names.
        if ((listed.get(key)?.number ?? number) !== number) segments.forget(request);
        const followers = short.slice(i + 1, i + 1 + count).flatMap((next) => next ?? []);
        listed.set(key, { number, followers });
      }
    },
    sending(request) {
      const followers = listed.get(keyOf(request))?.followers ?? [];
      if (followers.length === 0) return;
      const reach = request.reach === undefined ? {} : { reach: request.reach };
      segments.ahead(
        request,
        followers.map((next) => ({ ...next, ...reach })),
      );
    },
  };
}
