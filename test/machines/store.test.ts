import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseBlob, partsOf, tidied, writeBlob } from '../../src/shared-cache/pieces.ts';
import { createSeal } from '../../src/shared-cache/seal.ts';
import { openStorage, type Storage } from '../../src/shared-cache/storage.ts';
import { createSharedStore, MAX_VALUE } from '../../src/shared-cache/store.ts';
import { filesOf } from './films.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-store-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const name = (n: number) => n.toString(16).padStart(64, '0');

describe('a folder as storage', () => {
  it('stays within its quota, the oldest values go first, and nothing else is touched', async () => {
    await mkdir(join(folder, 'films'));
    await writeFile(join(folder, 'films', 'film.mkv'), new Uint8Array(100_000));
    const storage = await openStorage({ place: folder, maxBytes: 10_000 });
    const shared = join(folder, 'sluice-shared');
    for (let n = 0; n < 100; n++) {
      await storage.write(name(n), new Uint8Array(500));
      await utimes(join(shared, '00', name(n).slice(2)), n, n);
      const total = [...(await filesOf(shared)).values()].reduce((sum, { length }) => sum + length, 0);
      expect(total).toBeLessThanOrEqual(10_000 + 1000);
    }
    const left = (await readdir(join(shared, '00'))).sort();
    expect(left.length).toBeGreaterThan(14);
    expect(left.at(-1)).toBe(name(99).slice(2));
    expect(left[0]).toBe(name(100 - left.length).slice(2));
    expect((await filesOf(join(folder, 'films'))).size).toBe(1);
  });

  it('that cannot be made is told', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(openStorage({ place: join(folder, 'file'), maxBytes: 1 })).rejects.toMatchObject({
      code: 'bad-request',
      message: expect.stringContaining('ENOTDIR'),
    });
  });
});

describe('a store', () => {
  const quiet = { info: () => undefined, warn: () => undefined };
  function storageOf(values: Map<string, Uint8Array>, more: Partial<Storage> = {}): Storage {
    return {
      read: async (key) => values.get(key) ?? null,
      write: async (key, value) => void values.set(key, value),
      close: async () => undefined,
      ...more,
    };
  }

  it('takes no value over the limit, and no more than are waiting already', async () => {
    const values = new Map<string, Uint8Array>();
    let finish = () => {};
    const waiting = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const storage = storageOf(values, {
      async write(key, value) {
        await waiting;
        values.set(key, value);
      },
    });
    const store = createSharedStore({ storage, seal: await createSeal('a'), log: quiet });
    store.put('large', new Uint8Array(MAX_VALUE + 1));
    for (let i = 0; i < 8; i++) store.put(String(i), new Uint8Array(MAX_VALUE));
    finish();
    await store.close();
    expect(values.size).toBe(4);
  });

  it('gives no value of another secret or name', async () => {
    const values = new Map<string, Uint8Array>();
    const open = async (secret: string) =>
      createSharedStore({ storage: storageOf(values), seal: await createSeal(secret), log: quiet });
    const [one, same, other] = await Promise.all(['a', 'a', 'b'].map(open));
    one?.put('what', new Uint8Array([1, 2, 3]));
    await one?.close();
    expect(await same?.get('what')).toEqual(new Uint8Array([1, 2, 3]));
    expect(await same?.get('else')).toBeNull();
    expect(await other?.get('what')).toBeNull();
  });

  it('that hangs while writing ends all the same', async () => {
    const storage = storageOf(new Map(), { write: () => new Promise(() => undefined) });
    const seal = await createSeal('a');
    const store = createSharedStore({ storage, seal, log: quiet, timeouts: { write: 50 } });
    store.put('what', new Uint8Array(1));
    await store.close();
  });
});

describe('pieces of a resource', () => {
  const bytes = Uint8Array.from({ length: 100 }, (_, i) => i);
  const piece = (start: number, end: number) => ({ start, bytes: bytes.subarray(start, end) });

  it('become a blob and pieces again: each byte once, in order, neighbours joined', () => {
    const read = [piece(50, 60), piece(0, 10), piece(5, 20), piece(20, 30), piece(52, 55)];
    const blob = parseBlob(writeBlob({ size: 100, validator: '"é"', pieces: tidied(read) }));
    expect(blob).toEqual({ size: 100, validator: '"é"', pieces: [piece(0, 30), piece(50, 60)] });
  });

  it.each([
    [0, 100, ['0-30', '(30-50)', '50-60', '(60-100)']],
    [10, 20, ['10-20']],
    [25, 55, ['25-30', '(30-50)', '50-55']],
    [30, 50, ['(30-50)']],
    [60, Number.POSITIVE_INFINITY, ['(60-Infinity)']],
  ] as const)('%d to %d is these parts', (start, end, parts) => {
    const found = [...partsOf([piece(0, 30), piece(50, 60)], { start, end })].map((part) => {
      if (!('bytes' in part)) return `(${part.start}-${part.end})`;
      expect(part.bytes).toEqual(bytes.subarray(part.start, part.start + part.bytes.length));
      return `${part.start}-${part.start + part.bytes.length}`;
    });
    expect(found).toEqual(parts);
  });

  it.each([
    '',
    'no blob',
    '{}\n',
    '{"size":-1,"validator":"","places":[]}\n',
    '{"size":1,"validator":"","places":[0,9]}\n1',
  ])('are none of %j', (text) => {
    expect(parseBlob(new TextEncoder().encode(text))).toBeNull();
  });
});
