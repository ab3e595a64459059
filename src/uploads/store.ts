import { randomBytes } from 'node:crypto';
import { access, constants, mkdir, readdir, rename, rm, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { MediaError } from '../core/errors.ts';
import { Quota } from './quota.ts';
import { writeFile } from './write-file.ts';

/** A file that was uploaded. */
export interface Upload {
  readonly id: string;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

/** Uploaded files in a folder of their own, which one server uses at a time. */
export interface UploadStore {
  /**
   * Stores what `open` gives. Nothing is left of what fails.
   * @param size bytes at most; null where nobody knows
   * @param open called once there is room
   * @throws MediaError `limit` when the folder would be too full, and those of the chunks
   */
  add(size: number | null, open: () => Promise<AsyncIterable<Uint8Array>>): Promise<Upload>;
  /** @throws MediaError `not-found` */
  find(id: string): Promise<Upload>;
  /** @throws MediaError `not-found` */
  remove(id: string): Promise<void>;
  /** Where an upload lies. @throws MediaError `not-found` */
  pathOf(id: string): Promise<string>;
  /** Looks for expired files no more. */
  close(): void;
}

export interface StoreOptions {
  readonly folder: string;
  /** Bytes of all files together. */
  readonly quota: number;
  /** Milliseconds that a file is kept. */
  readonly lifetime: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** 128 bits, which cannot be guessed: 22 characters. */
const ID_BYTES = 16;
const ID = /^[\w-]{22}$/;
const UNFINISHED = /^[\w-]{22}\.part$/;
/** Milliseconds between looks for expired files. */
const SWEEP = 60_000;

/**
 * Opens the folder, made where it is missing; unfinished files of a server that was stopped are removed from it. Files
 * with other names are left alone.
 * @throws MediaError `bad-request` for a folder that cannot be used
 */
export async function openUploadStore(options: StoreOptions): Promise<UploadStore> {
  const { folder } = options;
  const quota = new Quota(options.quota);
  const shelf = openShelf(options, quota);
  await prepareFolder(folder);
  for (const name of await readdir(folder)) {
    if (UNFINISHED.test(name)) await rm(join(folder, name), { force: true });
    quota.take((await shelf.look(name))?.bytes ?? 0);
  }
  await shelf.sweep();
  // A folder that cannot be read now may be at the next look; until then nothing that expired is given.
  const timer = setInterval(() => shelf.sweep().catch(() => undefined), SWEEP);
  timer.unref();
  return {
    find: shelf.find,
    pathOf: async (id) => join(folder, (await shelf.find(id)).id),
    remove: async (id) => shelf.drop(await shelf.find(id)),
    close: () => clearInterval(timer),
    async add(size, open) {
      if (!quota.hasRoom(size ?? 1)) await shelf.sweep();
      const share = quota.share(size);
      const id = randomBytes(ID_BYTES).toString('base64url');
      const unfinished = join(folder, `${id}.part`);
      try {
        const bytes = await writeFile(unfinished, await open(), share);
        await rename(unfinished, join(folder, id));
        share.settle(bytes);
      } catch (error) {
        await rm(unfinished, { force: true });
        share.settle(0);
        throw error;
      }
      return shelf.find(id);
    },
  };
}

/** The finished files of a folder. */
interface Shelf {
  /** Null for what is no upload. */
  look(id: string): Promise<Upload | null>;
  find(id: string): Promise<Upload>;
  drop(upload: Upload): Promise<void>;
  /** Drops what has expired. */
  sweep(): Promise<void>;
}

function openShelf({ folder, lifetime, now }: StoreOptions, quota: Quota): Shelf {
  const shelf: Shelf = {
    async look(id) {
      const found = ID.test(id) ? await ifThere(stat(join(folder, id))) : null;
      return found?.isFile() ? { id, bytes: found.size, expires: Math.ceil(found.mtimeMs) + lifetime } : null;
    },
    async find(id) {
      const upload = await shelf.look(id);
      if (upload && upload.expires > now()) return upload;
      throw new MediaError('not-found', 'There is no such upload; it may have expired');
    },
    async drop({ id, bytes }) {
      // Two may remove the same file: its bytes are given back once.
      const isGone = await ifThere(unlink(join(folder, id)).then(() => true));
      if (isGone) quota.give(bytes);
    },
    async sweep() {
      for (const name of await readdir(folder)) {
        const upload = await shelf.look(name);
        if (upload && upload.expires <= now()) await shelf.drop(upload);
      }
    },
  };
  return shelf;
}

async function prepareFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new MediaError('bad-request', `--uploads ${folder}: the folder cannot be used (${codeOf(error)})`, {
      cause: error,
    });
  }
}

/** Null for what is not there. */
async function ifThere<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : 'unknown error';
