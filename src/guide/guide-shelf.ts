import type { ChannelGuide, ChannelLister, GuideEdition, Logger } from '../http/deps.ts';
import type { Channel } from '../proxy/channel-list.ts';
import { makeEdition } from './edition.ts';
import { type ReadGuide, readGuide } from './read-guide.ts';

/** Milliseconds between two readings, and until the next one where something went wrong. */
const EVERY = 4 * 3600 * 1000;
const AGAIN = 10 * 60 * 1000;
/** Milliseconds that a request waits for the first reading: media servers give up after a minute or two. */
const PATIENCE = 50_000;

export interface GuideShelfOptions {
  readonly channels: ChannelLister;
  /** Where the guides are, the first one first. */
  readonly places: () => Promise<readonly string[]>;
  /** Text of the guide at a place. */
  readonly open: (place: string, signal: AbortSignal) => AsyncIterable<string>;
  readonly log: Logger;
  readonly every?: number;
  readonly again?: number;
  readonly patience?: number;
}

/** What is offered, and what it was made of. */
interface Kept {
  readonly edition: GuideEdition;
  readonly channels: readonly Channel[];
}

export interface GuideShelf extends ChannelGuide {
  close(): void;
}

/**
 * Reads the guides when they are asked for first, and every few hours from then on. One that cannot be read stays as it
 * was when it could.
 */
export function createGuideShelf(options: GuideShelfOptions): GuideShelf {
  const { channels, log, every = EVERY, again = AGAIN, patience = PATIENCE } = options;
  const closing = new AbortController();
  const known = new Map<string, ReadGuide>();
  let kept: Kept | null = null;
  let reading: Promise<void> | null = null;
  let timer: NodeJS.Timeout | undefined;

  async function readAll(list: readonly Channel[]): Promise<void> {
    const places = await options.places();
    for (const place of known.keys()) if (!places.includes(place)) known.delete(place);
    let failures = 0;
    for (const place of places) {
      try {
        known.set(place, await readGuide(options.open(place, closing.signal), list));
      } catch (err) {
        closing.signal.throwIfAborted();
        failures++;
        log.warn({ err, guide: places.indexOf(place) + 1 }, 'a guide could not be read');
      }
    }
    const guides = places.flatMap((place) => known.get(place) ?? []);
    kept = { edition: await makeEdition(list, guides), channels: list };
    later(failures > 0 ? again : every);
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
      await read(await channels.list(signal));
    } catch (err) {
      if (closing.signal.aborted) return;
      log.warn({ err }, 'the guide was not read again');
      later(again);
    }
  }

  function read(list: readonly Channel[]): Promise<void> {
    reading ??= readAll(list).finally(() => {
      reading = null;
    });
    return reading;
  }

  return {
    async edition(signal) {
      const list = await channels.list(signal);
      if (kept?.channels === list) return kept.edition;
      await within(read(list), { patience, signal });
      return kept?.edition ?? makeEdition(list, []);
    },
    close() {
      clearTimeout(timer);
      closing.abort();
    },
  };
}

interface Waiting {
  /** Milliseconds. */
  readonly patience: number;
  readonly signal: AbortSignal;
}

/** Waits for it no longer than that. @throws what it throws in that time; the abort reason */
async function within(work: Promise<void>, { patience, signal }: Waiting): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = withResolvers();
  const leave = () => reject(signal.reason);
  const timer = setTimeout(resolve, patience);
  signal.addEventListener('abort', leave, { once: true });
  try {
    await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
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
