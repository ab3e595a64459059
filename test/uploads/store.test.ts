import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MediaError } from '../../src/core/errors.ts';
import { openUploadStore, type StoreOptions, type UploadStore } from '../../src/uploads/store.ts';

const HOUR = 3600 * 1000;
const QUOTA = 10_000;

let folder: string;
let opened: UploadStore[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-store-'));
  opened = [];
});
afterEach(() => {
  for (const store of opened) store.close();
  rmSync(folder, { recursive: true, force: true });
});

async function open(options: Partial<StoreOptions> = {}): Promise<UploadStore> {
  const store = await openUploadStore({ folder, quota: QUOTA, lifetime: HOUR, now: Date.now, ...options });
  opened.push(store);
  return store;
}

async function* chunksOf(...sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (const [i, size] of sizes.entries()) yield new Uint8Array(size).fill(i + 1);
}

const adding = (store: UploadStore, sizes: readonly number[], size: number | null = null) =>
  store.add(size, async () => chunksOf(...sizes));

const limit = (message: RegExp) =>
  expect.objectContaining({ code: 'limit', message: expect.stringMatching(message) });
const notFound = expect.objectContaining({ code: 'not-found' });

describe('a store of uploads', () => {
  it('keeps the bytes under a name that cannot be guessed, for its owner alone', async () => {
    const store = await open();
    const before = Date.now();
    const { id, bytes, expires } = await adding(store, [3, 0, 5]);
    expect(id).toMatch(/^[\w-]{22}$/);
    expect(bytes).toBe(8);
    expect(expires).toBeGreaterThanOrEqual(before + HOUR - 10);
    expect(expires).toBeLessThanOrEqual(Date.now() + HOUR + 10);
    const path = await store.pathOf(id);
    expect([...readFileSync(path)]).toEqual([1, 1, 1, 3, 3, 3, 3, 3]);
    expect(statSync(path).mode & 0o077).toBe(0);
    expect(readdirSync(folder)).toEqual([id]);
    expect((await adding(store, [1])).id).not.toBe(id);
  });

  it('writes large files as they came, in pieces of any size', async () => {
    const store = await open({ quota: 2 ** 30 });
    const sizes = [1_048_576, 1, 65_536, 700_000, 400_000, 2_500_000, 3];
    const { id } = await adding(store, sizes);
    const written = readFileSync(await store.pathOf(id));
    expect(written.equals(Buffer.concat(sizes.map((size, i) => Buffer.alloc(size, i + 1))))).toBe(true);
  });

  it('an unfinished file is not to be had, and is gone when it fails', async () => {
    const store = await open();
    let seen: string[] = [];
    const failing = async function* () {
      yield new Uint8Array(100);
      seen = readdirSync(folder);
      throw new MediaError('truncated', 'The sender left');
    };
    await expect(store.add(null, async () => failing())).rejects.toThrow('The sender left');
    expect(seen).toEqual([expect.stringMatching(/^[\w-]{22}\.part$/)]);
    await expect(store.find(seen[0] ?? '')).rejects.toEqual(notFound);
    expect(readdirSync(folder)).toEqual([]);
    await expect(store.add(100, () => Promise.reject(new Error('no file')))).rejects.toThrow('no file');
    expect(readdirSync(folder)).toEqual([]);
    expect((await adding(store, [QUOTA])).bytes).toBe(QUOTA);
  });

  it('removes what it is told to, once', async () => {
    const store = await open();
    const { id } = await adding(store, [QUOTA]);
    const [one, other] = await Promise.allSettled([store.remove(id), store.remove(id)]);
    expect([one.status, other.status]).toContain('fulfilled');
    await expect(store.remove(id)).rejects.toEqual(notFound);
    await expect(store.pathOf(id)).rejects.toEqual(notFound);
    await adding(store, [QUOTA]);
    await expect(adding(store, [1])).rejects.toEqual(limit(/0 MB left/));
  });

  it.for([
    '',
    '.',
    '..',
    '../secret',
    'x',
    'a'.repeat(21),
    'a'.repeat(22),
    'a'.repeat(23),
    `${'a'.repeat(21)}/`,
  ])('knows nothing of "%s"', async (id) => {
    writeFileSync(join(folder, '..', `${'a'.repeat(21)}`), 'x', { flag: 'w' });
    const store = await open();
    await expect(store.find(id)).rejects.toEqual(notFound);
    await expect(store.pathOf(id)).rejects.toEqual(notFound);
    await expect(store.remove(id)).rejects.toEqual(notFound);
    rmSync(join(folder, '..', `${'a'.repeat(21)}`));
  });
});

describe('the quota', () => {
  it('refuses a declared size before anything is asked for', async () => {
    const store = await open();
    let asked = 0;
    const ask = async () => {
      asked++;
      return chunksOf(1);
    };
    await expect(store.add(QUOTA + 1, ask)).rejects.toEqual(limit(/SLUICE_UPLOADS_MB/));
    expect(asked).toBe(0);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is met where nobody told the size, and what was written is removed', async () => {
    const store = await open();
    await expect(adding(store, [QUOTA, 1])).rejects.toEqual(limit(/left/));
    expect(readdirSync(folder)).toEqual([]);
    expect((await adding(store, [QUOTA])).bytes).toBe(QUOTA);
  });

  it('counts what is promised to those under way, and gives back what they did not take', async () => {
    const store = await open();
    let goOn: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const first = store.add(QUOTA - 100, async () => {
      await held;
      return chunksOf(1000);
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    await expect(adding(store, [200], 200)).rejects.toEqual(limit(/left/));
    goOn();
    await first;
    expect((await adding(store, [QUOTA - 1000], QUOTA - 1000)).bytes).toBe(QUOTA - 1000);
  });

  it('counts what was there at the start', async () => {
    await adding(await open(), [QUOTA - 10]);
    const again = await open();
    await expect(adding(again, [11])).rejects.toEqual(limit(/left/));
    expect((await adding(again, [10])).bytes).toBe(10);
  });

  it('a smaller one leaves what is there', async () => {
    const { id } = await adding(await open(), [5000]);
    const small = await open({ quota: 100 });
    expect((await small.find(id)).bytes).toBe(5000);
    await expect(adding(small, [1])).rejects.toEqual(limit(/ 0 MB left/));
  });
});

describe('expiry', () => {
  it('takes an upload away, and makes room when it is wanted', async () => {
    let now = Date.now();
    const store = await open({ now: () => now });
    const { id, expires } = await adding(store, [QUOTA]);
    now = expires - 1;
    expect((await store.find(id)).id).toBe(id);
    now = expires;
    await expect(store.find(id)).rejects.toEqual(notFound);
    await expect(store.remove(id)).rejects.toEqual(notFound);
    const next = await adding(await open(), [1]).catch((error: unknown) => error);
    expect(next).toEqual(limit(/left/));
    now = Date.now() + 2 * HOUR;
    await adding(store, [QUOTA]).catch(() => undefined);
    expect(existsSync(join(folder, id))).toBe(false);
  });

  it('goes on across a restart: of the file, not of the process', async () => {
    const { id } = await adding(await open(), [1]);
    const old = new Date(Date.now() - HOUR + 5000);
    utimesSync(join(folder, id), old, old);
    expect(Math.abs((await (await open()).find(id)).expires - old.getTime() - HOUR)).toBeLessThan(5);
    const older = new Date(Date.now() - HOUR - 5000);
    utimesSync(join(folder, id), older, older);
    await open();
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('the folder', () => {
  it('is made where it is missing', async () => {
    const store = await open({ folder: join(folder, 'a', 'b') });
    await adding(store, [1]);
    expect(statSync(join(folder, 'a', 'b')).mode & 0o077).toBe(0);
  });

  it('loses unfinished files at the start, and nothing that is not of uploads', async () => {
    const kept = ['film.mkv', 'notes.part', `${'a'.repeat(22)}.txt`];
    for (const name of [...kept, `${'a'.repeat(22)}.part`]) writeFileSync(join(folder, name), 'x');
    mkdirSync(join(folder, 'b'.repeat(22)));
    const old = new Date(0);
    for (const name of kept) utimesSync(join(folder, name), old, old);
    const store = await open();
    expect(readdirSync(folder).sort()).toEqual([...kept, 'b'.repeat(22)].sort());
    await expect(store.find('b'.repeat(22))).rejects.toEqual(notFound);
    expect((await adding(store, [QUOTA])).bytes).toBe(QUOTA);
  });

  it('that cannot be used is told by its flag', async () => {
    writeFileSync(join(folder, 'file'), 'x');
    await expect(open({ folder: join(folder, 'file', 'up') })).rejects.toEqual(
      expect.objectContaining({ code: 'bad-request', message: expect.stringMatching(/--uploads .*ENOTDIR/) }),
    );
  });
});
