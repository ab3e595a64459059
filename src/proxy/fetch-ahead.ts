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
  /** In their order; null for one that cannot be fetched by itself. */
  readonly urls: readonly (string | null)[];
  /** Media Sequence Number of the first of them: RFC 8216, 4.3.3.2. */
  readonly first: number;
  readonly headers: RelayRequest['headers'];
}

interface Listed {
  readonly number: number;
  readonly followers: readonly (string | null)[];
}

/** Segments whose followers are known: three films of 2000, and hundreds of channels. */
const MAX_SEGMENTS = 10_000;

/** @param count of segments ahead */
export function createFetchAhead(segments: SharedRelay, count: number): FetchAhead {
  const listed = new LRUCache<string, Listed>({ max: MAX_SEGMENTS });
  const keyOf = ({ url, headers }: RelayRequest) => JSON.stringify([url, headers]);
  return {
    note({ urls, first, headers }) {
      for (const [i, url] of urls.entries()) {
        if (url === null) continue;
        const request = { url, headers };
        const key = keyOf(request);
        const number = first + i;
        // Some servers write in a circle of a few names.
        if ((listed.get(key)?.number ?? number) !== number) segments.forget(request);
        listed.set(key, { number, followers: urls.slice(i + 1, i + 1 + count) });
      }
    },
    sending(request) {
      const next = listed.get(keyOf(request))?.followers ?? [];
      const urls = next.flatMap((url) => url ?? []);
      if (urls.length > 0)
        segments.ahead(
          request,
          urls.map((url) => ({ ...request, url })),
        );
    },
  };
}
