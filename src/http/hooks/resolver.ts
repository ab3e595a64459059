import { LRUCache } from 'lru-cache';
import { MediaError } from '../../core/errors.ts';
import { isHeaderName, isHeaderValue } from '../../core/header-text.ts';
import { isHttpUrl } from '../../core/url.ts';
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

/** Characters of places that are remembered, with what was asked: some hundred each, and 20 000 at most. */
const MAX_CHARACTERS = 4 * 2 ** 20;
/** Seconds. Links that storages sign are good for an hour at least, as a rule. */
const USUAL_TTL = 3600;
const MAX_URL = 8192;

/** Statuses by which servers say that a link is over. */
const REFUSALS: ReadonlySet<number | undefined> = new Set([401, 403, 404, 410]);

export const isRefusal = (error: unknown): boolean =>
  error instanceof MediaError && REFUSALS.has(error.upstreamStatus);

/** An answer that says what was known before changes nothing. */
export const isSamePlace = (a: Place, b: Place): boolean => textOf(a) === textOf(b);

const textOf = ({ url, headers }: Place): string => JSON.stringify([url, headers]);

export function createResolver({ resolve, log, now }: ResolverOptions): Resolver {
  const places = new LRUCache<string, Place>({
    maxSize: MAX_CHARACTERS,
    sizeCalculation: (place, key) => key.length + textOf(place).length,
  });
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

  const shared = async (asked: Asked, why: ResolveAsking['why'], signal: AbortSignal): Promise<Place> => {
    signal.throwIfAborted();
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
  if (typeof url !== 'string' || url.length > MAX_URL || !(isHttpUrl(url) || url.startsWith('root:')))
    throw new TypeError('url is neither an http(s) URL nor root:<name>/<path>');
  if (typeof ttl !== 'number' || !(ttl >= 0)) throw new TypeError('ttl is not a number of seconds');
  return { url, headers: Object.fromEntries(headersOf(headers)), until: now + ttl * 1000 };
}

/** Pairs of an object, `Headers` or a `Map`; what is there but undefined is left out. @throws Error saying what is wrong */
function headersOf(given: unknown): [name: string, value: string][] {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new TypeError('headers is not an object');
  const pairs = given instanceof Headers || given instanceof Map ? [...given] : Object.entries(given);
  return pairs.flatMap(([name, value]) => {
    if (value === undefined || value === null) return [];
    const pair: [string, string] = [String(name).toLowerCase(), String(value)];
    if (!isHeaderName(pair[0]) || !isHeaderValue(pair[1]))
      throw new TypeError('headers has characters that HTTP forbids');
    return [pair];
  });
}
