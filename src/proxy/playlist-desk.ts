import { LRUCache } from 'lru-cache';
import { concat } from '../core/bytes.ts';
import { MediaError } from '../core/errors.ts';
import type { Relay, RelayAccess, RelayAsking, RelayedAnswer, RelayRequest } from '../core/relay.ts';
import { isPlaylist } from './hls/playlist.ts';
import { isZipped, readText } from './read-text.ts';

/** A playlist as its server wrote it. */
export interface FetchedPlaylist {
  readonly text: string;
  /** Where it came from, redirects followed. */
  readonly url: string;
  readonly access: RelayAccess;
}

/** What was behind an address that was taken for a playlist's. */
export type Fetched =
  | { readonly kind: 'playlist'; readonly playlist: FetchedPlaylist }
  /** Something else, of which `head` was read. */
  | { readonly kind: 'other'; readonly answer: RelayedAnswer; readonly head: Uint8Array | null };

/** Fetches playlists: at once for all who ask, and again only where they have changed. */
export interface PlaylistDesk {
  /** @throws MediaError as the relay does; `limit` for one that is too long */
  fetch(request: RelayRequest, signal: AbortSignal): Promise<Fetched>;
}

interface Known extends FetchedPlaylist {
  /** If-None-Match or If-Modified-Since of the next request; empty where its server gives neither. */
  readonly conditions: Readonly<Record<string, string>>;
  /** When its server was asked for it last. */
  checked: number;
}

/** Bytes of all that are kept. */
const MAX_KEPT = 32 * 1024 * 1024;
/** Milliseconds within which a playlist that was fetched is new: half of the shortest segment of live streams. */
const FRESH = 400;
const KEPT_FOR = 120_000;

export function createPlaylistDesk(relay: Relay): PlaylistDesk {
  const known = new LRUCache<string, Known>({
    maxSize: MAX_KEPT,
    ttl: KEPT_FOR,
    sizeCalculation: ({ text }) => text.length + 1,
  });
  const arriving = new Map<string, Promise<Fetched>>();

  async function load(request: RelayRequest, key: string, signal: AbortSignal): Promise<Fetched> {
    const before = known.get(key);
    const asking: RelayAsking = { method: 'get', range: null, conditions: before?.conditions ?? {} };
    const answer = await relay.relay(request, asking, signal);
    if (answer.status === 304 && before) {
      answer.close();
      before.checked = performance.now();
      return { kind: 'playlist', playlist: before };
    }
    const head = await beginningOf(answer);
    const bytes = isZipped(answer) ? null : head;
    if (bytes && !isPlaylist(bytes)) return { kind: 'other', answer, head };
    const text = await readText(answer, head);
    if (!isPlaylist(text.slice(0, BEGINNING))) throw noPlaylist(request);
    const playlist: Known = {
      text,
      url: answer.url,
      access: answer.access,
      conditions: conditionsOf(answer),
      checked: performance.now(),
    };
    known.set(key, playlist);
    return { kind: 'playlist', playlist };
  }

  return {
    async fetch(request, signal) {
      const key = JSON.stringify([request.url, request.headers, request.reach]);
      const recent = known.get(key);
      if (recent && performance.now() - recent.checked < FRESH) return { kind: 'playlist', playlist: recent };
      const under = arriving.get(key);
      const shared = under && (await orNull(under));
      signal.throwIfAborted();
      if (shared?.kind === 'playlist') return shared;
      const loading = load(request, key, signal);
      arriving.set(key, loading);
      try {
        return await loading;
      } finally {
        if (arriving.get(key) === loading) arriving.delete(key);
      }
    },
  };
}

/** Some servers send what they write byte by byte. */
const BEGINNING = 64;

async function beginningOf(answer: RelayedAnswer): Promise<Uint8Array | null> {
  const parts: Uint8Array[] = [];
  let length = 0;
  while (length < BEGINNING) {
    const chunk = await answer.next();
    if (!chunk) break;
    parts.push(chunk);
    length += chunk.length;
  }
  const [only] = parts;
  return parts.length > 1 ? concat(parts) : (only ?? null);
}

/** What another client's request met, or that it left, is no answer for this one. */
async function orNull(fetched: Promise<Fetched>): Promise<Fetched | null> {
  try {
    return await fetched;
  } catch {
    return null;
  }
}

function conditionsOf(answer: RelayedAnswer): Known['conditions'] {
  const etag = answer.header('etag');
  const modified = answer.header('last-modified');
  if (etag !== null) return { 'if-none-match': etag };
  return modified === null ? {} : { 'if-modified-since': modified };
}

const noPlaylist = ({ url }: RelayRequest): MediaError =>
  new MediaError('upstream', `${new URL(url).host} gives something that is no HLS playlist`);
