import { MediaError } from '../core/errors.ts';
import type { ChannelGuide, ChannelLister, GuideEdition, Logger } from '../http/deps.ts';
import type { Channel } from '../proxy/channel-list.ts';
import { type EditionLimits, makeEdition } from './edition.ts';
import { type ReadGuide, readGuide } from './read-guide.ts';

/** Milliseconds between two readings, and until the next one where something went wrong. */
const EVERY = 4 * 3600 * 1000;
const AGAIN = 10 * 60 * 1000;
/** Milliseconds that a request waits for the first reading: media servers give up after a minute or two. */
const PATIENCE = 50_000;
/** Milliseconds that one guide may take: that of a whole country is read in two minutes. */
const LONGEST = 10 * 60 * 1000;

export interface GuideShelfOptions {
  readonly channels: ChannelLister;
  /** Where the guides are, the first one first. */
  readonly places: () => Promise<readonly string[]>;
  /** Text of the guide at a place; it ends with its signal. */
  readonly open: (place: string, signal: AbortSignal) => AsyncIterable<string>;
  readonly log: Logger;
  readonly every?: number;
  readonly again?: number;
  readonly patience?: number;
  readonly longest?: number;
  readonly limits?: EditionLimits;
}

/** What is offered, and what it was made of. */
interface Kept {
  readonly edition: GuideEdition;
  readonly channels: readonly Channel[];
  /** No guide of it is being read for the first time. */
  readonly isWhole: boolean;
}

/** All guides on their way. */
interface Reading {
  readonly done: Promise<void>;
  /** When nobody is to wait any longer: what was read until then is offered. */
  readonly late: Promise<void>;
}

export interface GuideShelf extends ChannelGuide {
  close(): void;
}

/**
 * Reads the guides when they are asked for first, and every few hours from then on. One that cannot be read stays as it
 * was when it could; one that takes long holds back none of the others.
 */
export function createGuideShelf(options: GuideShelfOptions): GuideShelf {
  const { channels, log, every = EVERY, again = AGAIN, patience = PATIENCE } = options;
  const closing = new AbortController();
  const known = new Map<string, ReadGuide>();
  let places: readonly string[] = [];
  let kept: Kept | null = null;
  let published: Promise<void> = Promise.resolve();
  let reading: Reading | null = null;
  let timer: NodeJS.Timeout | undefined;

  /** @param isLate whether those that have been read are to be offered without the others */
  async function readAll(list: readonly Channel[], isLate: () => boolean): Promise<void> {
    places = await options.places();
    for (const place of known.keys()) if (!places.includes(place)) known.delete(place);
    const results = places.map(async (place, i) => {
      const guide = await readOne(options, { place, number: i + 1, list, closing: closing.signal });
      if (guide) known.set(place, guide);
      if (guide && isLate()) await publish(list, 'some');
      return guide;
    });
    const hasFailed = (await Promise.all(results)).includes(null);
    await publish(list, 'all');
    later(hasFailed ? again : every);
  }

  /** Offers what is known, one after the other. */
  function publish(list: readonly Channel[], what: 'some' | 'all'): Promise<void> {
    const next = async () => {
      const guides = places.flatMap((place) => known.get(place) ?? []);
      const edition = await editionOf(options, list, guides);
      const wasWhole = kept?.isWhole === true && kept.channels === list;
      kept = { edition, channels: list, isWhole: wasWhole || what === 'all' };
    };
    published = published.then(next, next);
    return published;
  }

  function later(milliseconds: number): void {
    clearTimeout(timer);
    if (closing.signal.aborted) return;
    timer = setTimeout(() => {
      void refresh(closing.signal);
    }, milliseconds);
    timer.unref();
  }

  /** Never rejects. */
  async function refresh(signal: AbortSignal): Promise<void> {
    try {
      await read(await channels.list(signal)).done;
    } catch (err) {
      if (closing.signal.aborted) return;
      log.warn({ err }, 'the guide was not read again');
      later(again);
    }
  }

  function read(list: readonly Channel[]): Reading {
    if (reading) return reading;
    let isLate = false;
    const { promise: late, resolve } = withResolvers();
    const waiting = setTimeout(() => {
      isLate = true;
      void publish(list, 'some').then(resolve, resolve);
    }, patience);
    const done = readAll(list, () => isLate).finally(() => {
      clearTimeout(waiting);
      reading = null;
    });
    // Whoever asked for it may have left by then.
    done.catch(() => undefined);
    reading = { done, late };
    return reading;
  }

  return {
    async edition(signal) {
      const list = await channels.list(signal);
      if (kept?.channels === list && kept.isWhole) return kept.edition;
      await within(read(list), signal);
      return kept?.edition ?? makeEdition(list, []);
    },
    close() {
      clearTimeout(timer);
      closing.abort();
    },
  };
}

interface Wanted {
  readonly place: string;
  /** From 1 on. */
  readonly number: number;
  readonly list: readonly Channel[];
  readonly closing: AbortSignal;
}

/** Null for one that cannot be read. @throws the reason of `closing` only */
async function readOne(
  { open, log, longest = LONGEST }: GuideShelfOptions,
  { place, number, list, closing }: Wanted,
): Promise<ReadGuide | null> {
  const leaving = new AbortController();
  const timer = setTimeout(() => {
    leaving.abort(new MediaError('upstream-timeout', 'The guide does not come to an end'));
  }, longest);
  try {
    const guide = await readGuide(open(place, AbortSignal.any([closing, leaving.signal])), list);
    if (guide.programmes.isEmpty) log.warn({ guide: number }, 'a guide has no programme of any channel');
    return guide;
  } catch (err) {
    closing.throwIfAborted();
    log.warn({ err, guide: number }, 'a guide could not be read');
    return null;
  } finally {
    clearTimeout(timer);
    leaving.abort();
  }
}

/** Without any programme where there are too many. */
async function editionOf(
  { log, limits }: GuideShelfOptions,
  list: readonly Channel[],
  guides: readonly ReadGuide[],
): Promise<GuideEdition> {
  try {
    return await makeEdition(list, guides, limits);
  } catch (err) {
    if (!(err instanceof MediaError)) throw err;
    log.warn({ err }, 'the guide has no programmes');
    return makeEdition(list, []);
  }
}

/** Waits until the guides are read, or it is late. @throws what reading throws; the abort reason */
async function within({ done, late }: Reading, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, reject } = withResolvers();
  const leave = () => reject(signal.reason);
  signal.addEventListener('abort', leave, { once: true });
  try {
    await Promise.race([done, late, promise]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

function withResolvers() {
  let resolve = (): void => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<void>((onDone, onFailed) => {
    resolve = onDone;
    reject = onFailed;
  });
  return { promise, resolve, reject };
}
