import type { Seal } from './seal.ts';
import type { Storage } from './storage.ts';

/** Values that several machines share. Nothing here fails, and nothing waits long: what cannot be had is not there. */
export interface SharedStore {
  /** Null where there is none, where it is not as it was stored, and where the place does not answer in time. */
  get(what: string): Promise<Uint8Array | null>;
  /** Stores it some time later, unless it is too large, too much is waiting, or the place does not answer. */
  put(what: string, value: Uint8Array): void;
  /** Waits for what is being stored. */
  close(): Promise<void>;
}

export interface SharedLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface StoreOptions {
  readonly storage: Storage;
  readonly seal: Seal;
  readonly log: SharedLog;
  readonly timeouts?: Partial<StoreTimeouts>;
}

/** Milliseconds. */
export interface StoreTimeouts {
  /** A viewer waits that long at most. */
  readonly read: number;
  /** Nobody waits for it. */
  readonly write: number;
  /** For which a place that failed is left alone. */
  readonly pause: number;
}

/** A Redis in the same house answers within 2 ms; making a segment of sound takes 70. */
const TIMEOUTS: StoreTimeouts = { read: 200, write: 5000, pause: 5000 };

/** One value: what an hour's plan was read from is 1 MB, six seconds of 10 Mbit/s are 8. */
export const MAX_VALUE = 8 * 1024 * 1024;
/** Values on their way at a time; further ones are not stored. */
const MAX_WAITING = 32 * 1024 * 1024;

export function createSharedStore({ storage, seal, log, timeouts }: StoreOptions): SharedStore {
  const { read, write, pause } = { ...TIMEOUTS, ...timeouts };
  const reading = new Lane({ timeout: read, pause }, createTeller('reading', log));
  const writing = new Lane({ timeout: write, pause }, createTeller('writing', log));
  const checking = createTeller('checking', log);
  const waiting = new Map<Promise<void>, number>();
  const store = async (what: string, value: Uint8Array): Promise<void> => {
    const name = await seal.name(what);
    const sealed = await seal.close(name, value);
    await writing.run(() => storage.write(name, sealed));
  };
  return {
    async get(what) {
      if (!reading.isOpen) return null;
      const name = await seal.name(what);
      const stored = await reading.run(() => storage.read(name));
      if (!stored) return null;
      const value = await seal.open(name, stored);
      if (value) checking.works();
      else checking.fails('a value is not what was stored under its name');
      return value;
    },
    put(what, value) {
      const underWay = [...waiting.values()].reduce((sum, bytes) => sum + bytes, 0);
      if (!writing.isOpen || value.length > MAX_VALUE || underWay + value.length > MAX_WAITING) return;
      const done = store(what, value).finally(() => waiting.delete(done));
      waiting.set(done, value.length);
    },
    async close() {
      await Promise.all(waiting.keys());
      await storage.close();
    },
  };
}

/** Tells a failure once, and once that it is over. */
interface Teller {
  works(): void;
  fails(reason: string): void;
}

function createTeller(what: string, log: SharedLog): Teller {
  let isFailing = false;
  return {
    works() {
      if (isFailing) log.info({}, `shared cache: ${what} works again`);
      isFailing = false;
    },
    fails(reason) {
      if (!isFailing) log.warn({ reason }, `shared cache: ${what} fails; requests are served without it`);
      isFailing = true;
    },
  };
}

interface LaneOptions {
  readonly timeout: number;
  readonly pause: number;
}

/** One way of using a place: given up in time, left alone for a while after a failure. */
class Lane {
  readonly #options: LaneOptions;
  readonly #teller: Teller;
  /** By `performance.now()`. */
  #closedUntil = 0;

  constructor(options: LaneOptions, teller: Teller) {
    this.#options = options;
    this.#teller = teller;
  }

  get isOpen(): boolean {
    return performance.now() >= this.#closedUntil;
  }

  /** Null where it failed. */
  async run<T>(use: () => Promise<T>): Promise<T | null> {
    const { timeout, pause } = this.#options;
    try {
      const result = await within(timeout, use());
      this.#teller.works();
      return result;
    } catch (error) {
      this.#closedUntil = performance.now() + pause;
      // Only the message: the error of a command may hold the value that it was to store.
      this.#teller.fails(error instanceof Error ? error.message : String(error));
      return null;
    }
  }
}

/** @throws Error when it takes longer; what it still brings is dropped */
async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
