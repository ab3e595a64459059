import { appendFile, mkdir, mkdtemp, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { localFileSource } from '../../src/sources/local-file.ts';
import { resolveRoot } from '../../src/sources/roots.ts';
import { patternBytes } from '../helpers/upstream.ts';
import { expectBytes, failure, read } from './http-fixture.ts';

const bytes = patternBytes(3_000_000);
const WHOLE = { start: 0, end: 3_000_000 };
let folder = '';
const path = (...parts: string[]) => join(folder, ...parts);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-'));
  await mkdir(path('root', 'films'), { recursive: true });
  await mkdir(path('root-other'));
  await writeFile(path('root', 'films', 'a film.mkv'), bytes);
  await writeFile(path('secret'), 'secret');
  await writeFile(path('root-other', 'secret'), 'secret');
  await symlink(path('secret'), path('root', 'way-out'));
  await symlink(path('root-other'), path('root', 'folder-out'));
  await symlink(path('root', 'films', 'a film.mkv'), path('root', 'inside.mkv'));
  await symlink(path('root'), path('linked-root'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('local files', () => {
  const film = () => localFileSource(path('root', 'films', 'a film.mkv'));

  test('ranges, and the size after the first read', async () => {
    const source = film();
    expect(source.size).toBeNull();
    expectBytes(await read(source, 5, 2_500_000), bytes.subarray(5, 2_500_000));
    expect(source.size).toBe(3_000_000);
    expectBytes(await read(source, 2_999_999, Number.POSITIVE_INFINITY), bytes.subarray(-1));
    expect((await read(source, 3_000_000, 3_000_001)).length).toBe(0);
  });

  test('aborting between chunks rejects with the reason', async () => {
    const controller = new AbortController();
    const reading = (async () => {
      for await (const _ of film().read({ start: 0, end: 3_000_000 }, controller.signal))
        controller.abort(new Error('left'));
    })();
    await expect(reading).rejects.toThrow('left');
  });

  test('what is not there, and what is no file', async () => {
    expect(await failure(read(localFileSource(path('none')), 0, 1))).toMatchObject({ code: 'not-found' });
    const error = await failure(read(localFileSource(path('root')), 0, 1));
    expect(error).toMatchObject({ code: 'not-found' });
    expect(error.message).not.toContain(folder);
  });

  test('a file that changes is not spliced', async () => {
    const changing = path('changing');
    await writeFile(changing, bytes);
    const source = localFileSource(changing);
    await read(source, 0, 10);
    await truncate(changing, 1000);
    expect(await failure(read(source, 0, 10))).toMatchObject({ code: 'changed' });
  });

  test.each([
    ['written over', 'changed', (file: string) => writeFile(file, patternBytes(bytes.length, 2))],
    ['cut short', 'changed', (file: string) => truncate(file, 2_900_000)],
    ['added to', null, (file: string) => appendFile(file, 'more')],
  ])('a file that is %s while it is read', async (_, code, change) => {
    const changing = path('changing-now');
    await writeFile(changing, bytes);
    await utimes(changing, 1000, 1000);
    const reading = (async () => {
      const parts: Uint8Array[] = [];
      for await (const chunk of localFileSource(changing).read(WHOLE, new AbortController().signal)) {
        if (parts.length === 0) await change(changing);
        parts.push(chunk);
      }
      return Buffer.concat(parts);
    })();
    if (code === null) expectBytes(await reading, bytes);
    else expect(await failure(reading)).toMatchObject({ code });
  });
});

describe('roots', () => {
  const roots = () =>
    new Map([
      ['films', path('root')],
      ['linked', path('linked-root')],
      ['gone', path('gone')],
    ]);

  test.each([
    ['films', 'films/a film.mkv'],
    ['films', './films//a film.mkv'],
    ['films', 'inside.mkv'],
    ['linked', 'films/a film.mkv'],
  ])('root:%s/%s', async (name, file) => {
    expect(await resolveRoot(roots(), name, file)).toBe(path('root', 'films', 'a film.mkv'));
  });

  test.each([
    ['films', '../secret', 'bad-request'],
    ['films', 'films/../../secret', 'bad-request'],
    ['films', '..', 'bad-request'],
    ['films', 'films\\..\\..\\secret', 'bad-request'],
    ['films', '/etc/passwd', 'bad-request'],
    ['films', '', 'bad-request'],
    ['films', 'inside.mkv\0', 'bad-request'],
    ['films', '.', 'not-found'],
    ['films', 'none', 'not-found'],
    ['films', 'way-out', 'not-found'],
    ['films', 'folder-out/secret', 'not-found'],
    ['films', '%2e%2e/secret', 'not-found'],
    ['gone', 'a', 'not-found'],
    ['other', 'a', 'not-found'],
    ['__proto__', 'a', 'not-found'],
  ])('root:%s/%s is %s', async (name, file, code) => {
    const error = await failure(resolveRoot(roots(), name, file));
    expect(error.code).toBe(code);
    expect(error.message).not.toContain(folder);
  });
});
