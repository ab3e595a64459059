import { createPlanBytes, type PlanBytes } from './plan-bytes.ts';
import { createSeal } from './seal.ts';
import { createSegmentShelf, type SegmentShelf } from './segments.ts';
import { openStorage } from './storage.ts';
import { createSharedStore, type SharedLog, type StoreTimeouts } from './store.ts';

/** What machines with the same secret need not do twice. */
export interface SharedCache {
  readonly plans: PlanBytes;
  readonly segments: SegmentShelf;
  /** Waits for what is being stored. */
  close(): Promise<void>;
}

export interface SharedCacheOptions {
  /** A folder that all of them see, or a `redis://` or `rediss://` URL. */
  readonly place: string;
  /** Bytes that a folder may hold, about. */
  readonly maxBytes: number;
  /** Segments that are copies of what the source has are stored, too. */
  readonly keepsCopies: boolean;
  readonly secret: string;
  readonly log: SharedLog;
  readonly timeouts?: Partial<StoreTimeouts>;
}

/** @throws MediaError `not-offered` without the packages for it, `bad-request` for a folder that cannot be written */
export async function openSharedCache(options: SharedCacheOptions): Promise<SharedCache> {
  const { secret, log, keepsCopies, timeouts } = options;
  const [storage, seal] = await Promise.all([openStorage(options), createSeal(secret)]);
  const store = createSharedStore({ storage, seal, log, ...(timeouts ? { timeouts } : {}) });
  return {
    plans: createPlanBytes(store),
    segments: createSegmentShelf(store, { keepsCopies }),
    close: () => store.close(),
  };
}
