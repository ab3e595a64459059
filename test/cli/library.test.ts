import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { writeLibrary } from '../../src/cli/library-files.ts';
import { createTokenBox } from '../../src/proxy/token.ts';
import { fixturePath } from '../helpers/fixtures.ts';
import { type Ended, runCli } from './run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-library-'));
const out = join(folder, 'out');
const list = join(folder, 'list.txt');
const SECRET = 'a secret of the tests';
const SERVER = 'http://media.example:8080/sluice/';

mkdirSync(join(folder, 'films/Show/Season 1'), { recursive: true });
copyFileSync(fixturePath('av1-eac3'), join(folder, 'films/Heat.1995.1080p.mkv'));
writeFileSync(join(folder, 'films/Heat.1995.1080p.nfo'), 'https://www.imdb.com/title/tt0113277/');
writeFileSync(join(folder, 'films/Show/Season 1/02 - Größe & Co.mkv'), 'broken');

beforeEach(() => {
  rmSync(out, { recursive: true, force: true });
  writeFileSync(list, 'https://a.example/Heat.1995.mkv?token=hidden\nIt: Two|https://a.example/2\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

const library = (args: readonly string[], env = {}): Promise<Ended> =>
  runCli(['library', ...args, '--out', out], { SLUICE_SECRET: SECRET, ...env });
const root = ['--root', `mine=${join(folder, 'films')}`];
const tree = () =>
  readdirSync(out, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(out.length + 1))
    .sort();
const read = (path: string) => readFileSync(join(out, path), 'utf8');
async function requestIn(path: string) {
  const token = read(path).slice(SERVER.length).split('/')[1] ?? '';
  return (await createTokenBox(SECRET, Date.now)).open(token);
}

describe('of a folder', () => {
  it('has a file for each film, by names that media servers know', async () => {
    const { code, out: told } = await library([join(folder, 'films'), ...root, '--server', SERVER]);
    expect([code, told.toString()]).toEqual([0, '2 films: 4 files written, 0 unchanged, 0 removed\n']);
    expect(tree()).toEqual([
      '.sluice-library.json',
      'Heat (1995)/Heat (1995).nfo',
      'Heat (1995)/Heat (1995).strm',
      'Show/Season 01/Show S01E02.nfo',
      'Show/Season 01/Show S01E02.strm',
    ]);
    expect(read('Heat (1995)/Heat (1995).strm')).toMatch(
      /^http:\/\/media\.example:8080\/sluice\/file\/[\w-]+\/Heat\.1995\.1080p\.mkv\n$/,
    );
    expect(await requestIn('Heat (1995)/Heat (1995).strm')).toMatchObject({
      url: 'root:mine/Heat.1995.1080p.mkv',
      isTrusted: true,
      expires: null,
    });
    expect(read('Heat (1995)/Heat (1995).nfo')).toContain('tt0113277');
    expect(read('Show/Season 01/Show S01E02.nfo')).toContain('<title>Größe &amp; Co</title>');
  });

  it('with --probe tells tracks, and of what cannot be read says so', async () => {
    const { code, err } = await library([join(folder, 'films'), ...root, '--probe', '--server', SERVER]);
    expect([code, err]).toEqual([0, expect.stringMatching(/^02 - Größe & Co\.mkv cannot be read: /)]);
    const nfo = read('Heat (1995)/Heat (1995).nfo');
    for (const text of ['<codec>av1</codec>', '<codec>eac3</codec>', '<channels>'])
      expect(nfo).toContain(text);
    expect(read('Show/Season 01/Show S01E02.nfo')).not.toContain('fileinfo');
  });

  it('with a part that was not read removes nothing', async () => {
    await library([join(folder, 'films'), ...root, '--server', SERVER]);
    writeFileSync(join(out, 'Heat (1995)/mine.txt'), '');
    const odd = join(folder, 'films/Odd');
    const away = join(folder, 'away.mkv');
    mkdirSync(odd);
    symlinkSync('x'.repeat(300), join(odd, 'failing.mkv'));
    renameSync(join(folder, 'films/Heat.1995.1080p.mkv'), away);
    const { code, out: told, err } = await library([join(folder, 'films'), ...root, '--prune']);
    rmSync(odd, { recursive: true });
    renameSync(away, join(folder, 'films/Heat.1995.1080p.mkv'));
    expect([code, told.toString()]).toEqual([5, expect.stringContaining(' 0 removed')]);
    expect(err).toBe('Not read, or not to the end: root:mine/Odd; so nothing is removed\n');
    expect(tree()).toContain('Heat (1995)/Heat (1995).strm');
  });

  it('within a root is only what is in it', async () => {
    const { code } = await library([join(folder, 'films/Show'), ...root, '--server', SERVER]);
    expect([code, tree().length]).toEqual([0, 3]);
    expect((await requestIn('Show/Season 01/Show S01E02.strm')).url).toBe(
      'root:mine/Show/Season 1/02 - Größe & Co.mkv',
    );
  });
});

describe('of a list', () => {
  it.each([
    ['file', /\/file\/[\w-]+\/Heat\.1995\.mkv\n$/],
    ['hls', /\/hls\/[\w-]+\/master\.m3u8\n$/],
    ['mp4', /\/remux\.mp4\/[\w-]+\/Heat\.1995\.mp4\n$/],
  ])('as %s', async (form, address) => {
    expect((await library([list, '--as', form, '--server', SERVER])).code).toBe(0);
    const text = read('Heat (1995)/Heat (1995).strm');
    expect(text).toMatch(address);
    expect(text).not.toContain('hidden');
    expect((await requestIn('It - Two/It - Two.strm')).url).toBe('https://a.example/2');
  });

  it('touches nothing that stays as it is', async () => {
    await library([list, '--server', SERVER]);
    const path = join(out, 'Heat (1995)/Heat (1995).strm');
    utimesSync(path, 1000, 1000);
    const before = read('.sluice-library.json');
    const { out: told } = await library([list, '--server', SERVER]);
    expect(told.toString()).toBe('2 films: 0 files written, 4 unchanged, 0 removed\n');
    expect([statSync(path).mtimeMs, read('.sluice-library.json')]).toEqual([1_000_000, before]);
  });

  it('--prune removes what it wrote, with empty folders, and nothing that somebody else made or changed', async () => {
    await library([list, '--server', SERVER]);
    writeFileSync(join(out, 'It - Two/poster.jpg'), 'p');
    writeFileSync(join(out, 'Heat (1995)/Heat (1995).nfo'), 'mine');
    writeFileSync(list, 'https://a.example/Other.mkv\n');
    const kept = await library([list, '--server', SERVER]);
    expect(kept.out.toString()).toBe('1 films: 2 files written, 0 unchanged, 0 removed\n');
    const { out: told } = await library([list, '--server', SERVER, '--prune']);
    expect(told.toString()).toBe('1 films: 0 files written, 2 unchanged, 3 removed\n');
    expect(tree()).toEqual([
      '.sluice-library.json',
      'Heat (1995)/Heat (1995).nfo',
      'It - Two/poster.jpg',
      'Other/Other.nfo',
      'Other/Other.strm',
    ]);
  });

  it('what is called otherwise only by its capitals stays where those are one file', async () => {
    const write = (path: string) =>
      writeLibrary(out, { files: new Map([[path, 'text']]), old: 'removed' }, new AbortController().signal);
    await write('heat/x.strm');
    renameSync(join(out, 'heat'), join(out, 'Heat'));
    symlinkSync('Heat', join(out, 'heat'));
    await write('Heat/x.strm');
    expect(read('Heat/x.strm')).toBe('text');
    expect(Object.keys(JSON.parse(read('.sluice-library.json')).files)).toEqual(['Heat/x.strm']);
  });

  it('leaves alone what stands where its files should', async () => {
    mkdirSync(join(out, 'Heat (1995)/Heat (1995).nfo'), { recursive: true });
    writeFileSync(join(out, 'It - Two'), 'a file');
    const { code, out: told } = await library([list, '--server', SERVER]);
    expect([code, told.toString()]).toEqual([
      0,
      '2 films: 1 files written, 0 unchanged, 0 removed, 3 left alone\n',
    ]);
    expect((await library([list, '--server', SERVER, '--prune'])).code).toBe(0);
  });

  it('leaves no half of a manifest, and a new secret is told', async () => {
    const state = join(folder, 'new-state');
    const first = await library([list, '--state', state], { SLUICE_SECRET: '' });
    expect([first.code, first.err]).toEqual([
      0,
      expect.stringMatching(/^There was no secret in .*new-state: a new/),
    ]);
    const again = await library([list, '--state', state], { SLUICE_SECRET: '' });
    expect([again.code, again.err]).toEqual([0, '']);
    expect(tree().filter((name) => name.startsWith('.'))).toEqual(['.sluice-library.json']);
  });

  it('leaves alone what was there before', async () => {
    mkdirSync(join(out, 'Heat (1995)'), { recursive: true });
    writeFileSync(join(out, 'Heat (1995)/Heat (1995).nfo'), 'mine');
    const { code, err } = await library([list, '--server', SERVER]);
    expect([code, err, read('Heat (1995)/Heat (1995).nfo')]).toEqual([
      0,
      expect.stringMatching(/^Heat \(1995\)\/Heat \(1995\)\.nfo was made or changed/),
      'mine',
    ]);
  });

  it('a manifest cannot make it remove what lies elsewhere', async () => {
    mkdirSync(out);
    const outside = join(folder, 'outside.txt');
    writeFileSync(outside, '');
    const files = { '../outside.txt': '47DEQpj8HBSa-_TI' };
    writeFileSync(join(out, '.sluice-library.json'), JSON.stringify({ version: 1, files }));
    const { code, out: told } = await library([list, '--server', SERVER, '--prune']);
    expect([code, told.toString()]).toEqual([0, expect.stringContaining(' 0 removed')]);
    expect(statSync(outside).size).toBe(0);
  });

  it.each([
    [{}, 'http://127.0.0.1:8080/'],
    [{ PORT: '9000', HOST: '192.168.1.5' }, 'http://192.168.1.5:9000/'],
    [{ SLUICE_PUBLIC_URL: 'https://tv.example.org/s' }, 'https://tv.example.org/s/'],
  ])('by itself leads to where the server is: %j', async (env, server) => {
    await library([list], env);
    expect(read('Heat (1995)/Heat (1995).strm').startsWith(`${server}file/`)).toBe(true);
  });
});

describe('what cannot be', () => {
  it.each([
    [['none'], 3, /^There is no folder or list none \[not-found\]\n$/],
    [[join(folder, 'films')], 2, /lies in no folder that the server serves: add --root films=\S+, here and/],
    [[list, '--server', 'media.example'], 2, /^--server wants an http or https URL/],
    [[list, '--as', 'dash'], 2, /Allowed choices are file, hls, mp4/],
    [[list, '--state', '/dev/null/state'], 2, /^The secret of the server is not in \/dev\/null\/state/],
  ])('%j: %i', async (args, status, line) => {
    const env = args.includes('--state') ? { SLUICE_SECRET: '' } : {};
    const { code, err } = await library(args, env);
    expect([code, err]).toEqual([status, expect.stringMatching(line)]);
  });

  it('where a file is in the way of the folder', async () => {
    writeFileSync(out, '');
    const { code, err } = await library([list, '--server', SERVER]);
    expect([code, err]).toEqual([2, expect.stringMatching(/out is no folder \[bad-request\]\n$/)]);
  });

  it('of a list with a root that is not served, or with nothing in it', async () => {
    writeFileSync(list, 'root:nas/film.mkv\n');
    const unserved = await library([list]);
    expect([unserved.code, unserved.err]).toEqual([2, expect.stringContaining('add --root nas=FOLDER')]);
    writeFileSync(list, '# nothing\n');
    expect((await library([list])).code).toBe(3);
  });
});
