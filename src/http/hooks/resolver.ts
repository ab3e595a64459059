import { LRUCache } from 'lru-cache';
import { MediaError } from '../../core/errors.ts';
import { isUrl } from '../../core/url.ts';
import { SharedWork } from '../../pipeline/shared-work.ts';
import type { Logger } from '../deps.ts';
import type { Hooks, ResolveAsking } from './hooks.ts';

/** What is asked for: the same for all who share an answer. */
export interface Asked {
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** An answer; two of them are two objects, even where they say the same. */
export interface Place {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly until: number;
}

export interface Resolver {
  /** The place that is known, or a new one where its time is over. @throws MediaError `not-found`, `upstream` */
  place(asked: Asked, signal: AbortSignal): Promise<Place>;
  /** One that is newer than that which the upstream refused. @throws MediaError as `place` */
  renew(asked: Asked, refused: Place, signal: AbortSignal): Promise<Place>;
}

export interface ResolverOptions {
  readonly resolve: NonNullable<Hooks['resolve']>;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Places that are remembered: some hundred bytes each. */
const MAX_PLACES = 10_000;
/** Seconds. Links that storages sign are good for an hour at least, as a rule. */
const USUAL_TTL = 3600;
const MAX_URL = 8192;

/** Statuses by which servers say that a link is over. */
const REFUSALS: ReadonlySet<number | undefined> = new Set([401, 403, 404, 410]);

export const isRefusal = (error: unknown): boolean =>
  error instanceof MediaError && REFUSALS.has(error.upstreamStatus);

/** An answer that says what was known before changes nothing. */
export const isSamePlace = (a: Place, b: Place): boolean =>
  a.url === b.url && JSON.stringify(a.headers) === JSON.stringify(b.headers);

export function createResolver({ resolve, log, now }: ResolverOptions): Resolver {
  const places = new LRUCache<string, Place>({ max: MAX_PLACES });
  const asking = new Map<string, SharedWork<Place>>();

  const ask = async ({ id, headers }: Asked, why: ResolveAsking['why'], signal: AbortSignal) => {
    try {
      const found = await resolve(id, { why, headers, signal });
      if (found) return placeOf(found, now());
    } catch (error) {
      if (error instanceof MediaError || signal.aborted) throw error;
      log.error({ err: error }, 'the hook resolve failed');
      throw new MediaError('upstream', 'What this name stands for cannot be found out now. Try again later');
    }
    throw new MediaError('not-found', 'Nothing has this name');
  };

  const shared = (asked: Asked, why: ResolveAsking['why'], signal: AbortSignal): Promise<Place> => {
    const key = keyOf(asked);
    const forget = () => {
      if (asking.get(key) === work) asking.delete(key);
    };
    const known = asking.get(key);
    const work: SharedWork<Place> = known ?? new SharedWork((joined) => ask(asked, why, joined));
    if (!known) {
      asking.set(key, work);
      work.settled.then((place) => {
        if (place) places.set(key, place);
        else places.delete(key);
        forget();
      }, unexpected);
    }
    return work.join(signal, forget);
  };

  return {
    async place(asked, signal) {
      const known = places.get(keyOf(asked));
      if (known && known.until > now()) return known;
      return shared(asked, known ? 'expired' : 'unknown', signal);
    },
    async renew(asked, refused, signal) {
      const known = places.get(keyOf(asked));
      if (known && known !== refused && known.until > now()) return known;
      return shared(asked, 'refused', signal);
    },
  };
}

const keyOf = ({ id, headers }: Asked): string => JSON.stringify([id, headers]);

const unexpected = (error: unknown): never => {
  throw error;
};

/** What a hook says is not ours: it is held against what it should be. @throws Error saying what is wrong */
function placeOf(found: unknown, now: number): Place {
  const { url, headers = {}, ttl = USUAL_TTL } = found as Readonly<Record<string, unknown>>;
  if (typeof url !== 'string' || url.length > MAX_URL || !(isHttp(url) || url.startsWith('root:')))
    throw new TypeError('url is neither an http(s) URL nor root:<name>/<path>');
  if (typeof ttl !== 'number' || !(ttl >= 0)) throw new TypeError('ttl is not a number of seconds');
  if (typeof headers !== 'object' || headers === null) throw new TypeError('headers is not an object');
  const pairs = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]);
  return { url, headers: Object.fromEntries(pairs), until: now + ttl * 1000 };
}

const isHttp = (url: string): boolean => /^https?:\/\//i.test(url) && isUrl(url);
