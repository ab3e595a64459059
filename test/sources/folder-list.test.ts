import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listFolder } from '../../src/sources/folder-list.ts';

const top = mkdtempSync(join(tmpdir(), 'sluice-list-'));
const films = join(top, 'films');
const roots = new Map([['films', films]]);

beforeAll(() => {
  mkdirSync(join(films, 'series', 'one'), { recursive: true });
  mkdirSync(join(top, 'outside'));
  writeFileSync(join(top, 'outside', 'secret.mkv'), 'secret');
  for (const name of ['b.mkv', 'A.mkv', 'film 10.mkv', 'film 9.mkv', '.hidden.mkv'])
    writeFileSync(join(films, name), name);
  writeFileSync(join(films, 'series', 'one', 'x.mp4'), 'x');
  symlinkSync(join(top, 'outside'), join(films, 'escape'));
  symlinkSync(join(top, 'outside', 'secret.mkv'), join(films, 'escape.mkv'));
  symlinkSync(join(films, 'gone'), join(films, 'dangling.mkv'));
  symlinkSync('series', join(films, 'inner'));
  symlinkSync(films, join(films, 'series', 'loop'));
});
afterAll(() => rmSync(top, { recursive: true, force: true }));

const names = async (path: string) =>
  (await listFolder(roots, 'films', path)).entries.map(({ name, isFolder }) => name + (isFolder ? '/' : ''));

describe('a served folder', () => {
  it('lists folders, then files, as people sort: nothing hidden, nothing that lies elsewhere', async () => {
    expect(await names('')).toEqual(['inner/', 'series/', 'A.mkv', 'b.mkv', 'film 9.mkv', 'film 10.mkv']);
  });

  it('lists what lies below, through links that stay within', async () => {
    expect(await names('series/one')).toEqual(['x.mp4']);
    expect(await names('inner/one')).toEqual(['x.mp4']);
    expect(await names('series')).toEqual(['loop/', 'one/']);
  });

  it('tells sizes of files', async () => {
    const { entries } = await listFolder(roots, 'films', 'series/one');
    expect(entries).toEqual([{ name: 'x.mp4', isFolder: false, size: 1 }]);
  });

  it('says whether that is all, and where it lies', async () => {
    const whole = await listFolder(roots, 'films', 'series');
    expect(whole).toMatchObject({ isCut: false, hasUnreadable: false, real: join(films, 'series') });
    expect((await listFolder(roots, 'films', 'inner')).real).toBe(whole.real);
    const cut = await listFolder(roots, 'films', '', 3);
    expect([cut.isCut, cut.entries.length <= 3]).toEqual([true, true]);
  });

  it('tells what is gone from what cannot be looked at', async () => {
    const odd = join(films, 'odd');
    mkdirSync(odd);
    symlinkSync('nowhere', join(odd, 'gone.mkv'));
    symlinkSync('round', join(odd, 'round'));
    symlinkSync('../A.mkv/x', join(odd, 'through-a-file'));
    expect(await listFolder(roots, 'films', 'odd')).toMatchObject({ entries: [], hasUnreadable: false });
    symlinkSync('x'.repeat(300), join(odd, 'failing.mkv'));
    expect(await listFolder(roots, 'films', 'odd')).toMatchObject({ entries: [], hasUnreadable: true });
    rmSync(odd, { recursive: true });
  });

  it.each([
    ['films', '..', 'bad-request'],
    ['films', '../outside', 'bad-request'],
    ['films', 'series/../../outside', 'bad-request'],
    ['films', '..\\outside', 'bad-request'],
    ['films', '/etc', 'bad-request'],
    ['films', 'series\0', 'bad-request'],
    ['films', 'escape', 'not-found'],
    ['films', 'escape/.', 'not-found'],
    ['films', 'A.mkv', 'not-found'],
    ['films', 'none', 'not-found'],
    ['others', '', 'not-found'],
    ['__proto__', '', 'not-found'],
  ])('%s, "%s": %s', async (root, path, code) => {
    await expect(listFolder(roots, root, path)).rejects.toMatchObject({ code });
  });
});
