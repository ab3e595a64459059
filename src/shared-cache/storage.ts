import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Driver, Storage as Unstorage } from 'unstorage';
import { MediaError } from '../core/errors.ts';
import { keepWithin, type Shelved } from './folder-quota.ts';

/** A place for values that several processes reach. What fails or takes long is the caller's to bear. */
export interface Storage {
  /** The value; null where there is none. */
  read(name: string): Promise<Uint8Array | null>;
  write(name: string, value: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

export interface StorageOptions {
  /** A folder, or a `redis://` or `rediss://` URL. */
  readonly place: string;
  /** Bytes that a folder may hold, about; Redis is given its own `maxmemory`. */
  readonly maxBytes: number;
}

/** Seconds that Redis keeps a value: what was seen tonight is seen on tomorrow. */
const LIFETIME = 24 * 3600;
/** Milliseconds until a connection is given up, and between two tries. */
const CONNECT = 2000;
const RETRY = 1000;

/** So that nothing but these files is ever counted or removed there. */
const FOLDER = 'sluice-shared';

export const isRedis = (place: string): boolean => /^rediss?:\/\//i.test(place);

/**
 * Opens a folder or a Redis server, which need not be there yet.
 * @throws MediaError `not-offered` where the packages for it are not installed, `bad-request` for a folder that cannot
 * be written
 */
export const openStorage = (options: StorageOptions): Promise<Storage> =>
  isRedis(options.place) ? redisStorage(options.place) : folderStorage(options);

async function redisStorage(url: string): Promise<Storage> {
  const { default: redis } = await installed(import('unstorage/drivers/redis'));
  const driver = redis({
    url,
    base: 'sluice',
    ttl: LIFETIME,
    connectTimeout: CONNECT,
    // What hangs is let go with its connection, and what waits for one is not kept.
    socketTimeout: CONNECT,
    maxRetriesPerRequest: 0,
    retryStrategy: () => RETRY,
  });
  // Every command tells its own failure; those of connections are told nowhere else and would be printed.
  driver.getInstance?.().on('error', () => undefined);
  return overUnstorage(driver);
}

async function folderStorage({ place, maxBytes }: StorageOptions): Promise<Storage> {
  const { default: folder } = await installed(import('unstorage/drivers/fs-lite'));
  const base = join(place, FOLDER);
  await mkdir(base, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? ` (${error.code})` : '';
    throw new MediaError('bad-request', `The folder ${base} cannot be made${code}`);
  });
  return overUnstorage(folder({ base }), maxBytes);
}

async function overUnstorage(driver: Driver, maxBytes?: number): Promise<Storage> {
  const { createStorage } = await installed(import('unstorage'));
  const storage = createStorage({ driver });
  const tidy = maxBytes === undefined ? null : keepWithin(shelf(storage), maxBytes);
  return {
    async read(name) {
      const value: unknown = await storage.getItemRaw(keyOf(name));
      return value instanceof Uint8Array ? value : null;
    },
    async write(name, value) {
      await storage.setItemRaw(keyOf(name), value);
      await tidy?.(value.length);
    },
    close: () => storage.dispose(),
  };
}

/** Names are spread over folders by their first two digits. */
const keyOf = (name: string): string => `${name.slice(0, 2)}:${name.slice(2)}`;

function shelf(storage: Unstorage): Shelved {
  return {
    names: () => storage.getKeys(),
    async facts(name) {
      const { size, mtime } = await storage.getMeta(name, { nativeOnly: true });
      return typeof size === 'number' && mtime ? { bytes: size, written: mtime.getTime() } : null;
    },
    remove: (name) => storage.removeItem(name),
  };
}

async function installed<T>(loading: Promise<T>): Promise<T> {
  try {
    return await loading;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')
      throw new MediaError('not-offered', 'A shared cache needs two packages: npm install unstorage ioredis');
    throw error;
  }
}
