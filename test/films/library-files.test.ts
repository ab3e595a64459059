import { describe, expect, it } from 'vitest';
import { catalogOf } from '../../src/films/catalog.ts';
import { filmOfList, filmOfRoot } from '../../src/films/film.ts';
import { parseFilmList } from '../../src/films/film-list.ts';
import { placeFilms } from '../../src/films/library-place.ts';
import { nfoOf } from '../../src/films/nfo.ts';
import { safeName } from '../../src/films/safe-name.ts';
import { type ListFolder, walkFolder } from '../../src/films/walk.ts';

const films = (...paths: readonly string[]) => paths.map((path) => filmOfRoot('films', { path, size: 1 }));

describe('where media servers look', () => {
  it.each([
    ['Blade.Runner.1982.1080p.mkv', 'Blade Runner (1982)/Blade Runner (1982)'],
    ['holiday.mov', 'holiday/holiday'],
    ['Show.S01E02.mkv', 'Show/Season 01/Show S01E02'],
    ['Show (2010) S01E02-E04.mkv', 'Show (2010)/Season 01/Show (2010) S01E02-E04'],
    ['Show/Specials/3 Cut.mkv', 'Show/Season 00/Show S00E03'],
    ['Show S100E1000.mkv', 'Show/Season 100/Show S100E1000'],
  ])('%s', (path, place) => {
    expect(placeFilms(films(path)).map((placed) => placed.place)).toEqual([place]);
  });

  it('is a place for each, whatever the capitals', () => {
    const places = placeFilms(films('a/Heat (1995).mkv', 'b/HEAT (1995).mp4', 'c/heat.1995.ts')).map(
      ({ place }) => place,
    );
    expect(places).toEqual([
      'Heat (1995)/Heat (1995)',
      'HEAT (1995)/HEAT (1995) - 2',
      'heat (1995)/heat (1995) - 3',
    ]);
  });

  it('is one folder for a series, however its name is written', () => {
    const placed = placeFilms(
      films('The Show S01E01.mkv', 'the.show.s01e02.mkv', 'The Show (2010) S01E01.mkv'),
    );
    expect(placed.map(({ place }) => place)).toEqual([
      'The Show/Season 01/The Show S01E01',
      'The Show/Season 01/The Show S01E02',
      'The Show (2010)/Season 01/The Show (2010) S01E01',
    ]);
  });

  it('is found in no time, however many have one name', () => {
    const many = films(...Array.from({ length: 20_000 }, (_, i) => `${i}/Film (2010).mkv`));
    const before = performance.now();
    const places = placeFilms(many).map(({ place }) => place);
    expect(performance.now() - before).toBeLessThan(2000);
    expect(new Set(places).size).toBe(20_000);
    expect(places.at(-1)).toBe('Film (2010)/Film (2010) - 20000');
  });

  it('keeps the year of a title that is too long', () => {
    const [placed] = placeFilms(films(`${'long '.repeat(48)}(2010).mkv`));
    expect(placed?.place).toMatch(/^(long ){20,}.*\(2010\)\/.*\(2010\)$/);
  });
});

describe('a name of a file', () => {
  it('is one that addresses can hold', () => {
    const [film] = films('half \ud800 of a pair.mkv');
    expect(encodeURIComponent(film?.filename ?? '')).toBe('half%20%EF%BF%BD%20of%20a%20pair.mkv');
  });
});

describe('a name that every system takes', () => {
  it.each([
    ['Alien: Covenant', 'Alien - Covenant'],
    ['a/b\\c*d?e"f<g>h|i', 'a_b_c_d_e_f_g_h_i'],
    ['tab\tnew\nline\u0000', 'tab_new_line_'],
    ['..', '_'],
    ['...And Justice.', 'And Justice'],
    ['', '_'],
    ['con', 'con_'],
    ['CON.2009', 'CON_.2009'],
    ['Connie', 'Connie'],
    ['COM\u00b9', 'COM\u00b9_'],
    ['con .txt', 'con_ .txt'],
    ['CONIN$', 'CONIN$_'],
    ['Ame\u0301lie', 'Am\u00e9lie'],
    ['\ud800x', '_x'],
  ])('%j is %j', (text, name) => {
    expect(safeName(text)).toBe(name);
  });

  it('is cut between characters', () => {
    const family = '\u{1F468}\u200D\u{1F469}\u200D\u{1F467}';
    const name = safeName(family.repeat(30));
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(180);
    expect(name).toBe(family.repeat(10));
  });
});

describe('a description', () => {
  it('of a film', () => {
    const [film] = films('Q&A <"x"> (1990) {imdb-tt0100442}.mkv');
    expect(film && nfoOf(film, null)).toBe(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<movie>
  <title>Q&amp;A &lt;&quot;x&quot;&gt;</title>
  <year>1990</year>
  <uniqueid type="imdb" default="true">tt0100442</uniqueid>
  <tag>films</tag>
</movie>
`);
  });

  it('of episodes, and of what is in them', () => {
    const [film] = films('Show S01E01-E02 - Both.mkv');
    const text =
      film &&
      nfoOf(film, [
        { kind: 'video', codec: 'hevc', width: 1920, height: 1080, seconds: 59.6 },
        { kind: 'audio', codec: 'eac3', language: 'ger', channels: 6 },
        { kind: 'subtitle', language: 'eng' },
      ]);
    expect(text?.match(/<episodedetails>/g)).toHaveLength(2);
    expect(text?.slice(text.lastIndexOf('<episodedetails>'))).toBe(`<episodedetails>
  <title>Both</title>
  <showtitle>Show</showtitle>
  <season>1</season>
  <episode>2</episode>
  <fileinfo>
    <streamdetails>
      <video>
        <codec>hevc</codec>
        <width>1920</width>
        <height>1080</height>
        <durationinseconds>60</durationinseconds>
      </video>
      <audio>
        <codec>eac3</codec>
        <language>ger</language>
        <channels>6</channels>
      </audio>
      <subtitle>
        <language>eng</language>
      </subtitle>
    </streamdetails>
  </fileinfo>
</episodedetails>
`);
  });
});

describe('a list', () => {
  it.each([
    ['https://a.example/x.mkv', '', 'https://a.example/x.mkv'],
    ['Heat (1995)|https://a.example/x?a=b|c', 'Heat (1995)', 'https://a.example/x?a=b|c'],
    ['A | B | http://a.example/x', 'A | B', 'http://a.example/x'],
    ['root:films/a b.mkv', '', 'root:films/a b.mkv'],
    ['A|B | root:films/a|b.mkv', 'A|B', 'root:films/a|b.mkv'],
    ['https://a.example/x | https://b.example/y', 'https://a.example/x', 'https://b.example/y'],
  ])('%s', (line, title, url) => {
    expect(parseFilmList(`\uFEFF# a list\r\n\r\n${line}\r\n`)).toEqual([
      { url, headers: {}, title, group: '', poster: '' },
    ]);
  });

  it.each([
    ['https://a.example/x|User-Agent=Kodi', ''],
    ['Heat|https://a.example/x|User-Agent=Kodi', 'Heat'],
  ])('%s has headers', (line, title) => {
    expect(parseFilmList(line)).toEqual([
      { url: 'https://a.example/x', headers: { 'user-agent': 'Kodi' }, title, group: '', poster: '' },
    ]);
  });

  it.each([
    ['http://h.example/series/joe/s3cretpw/S01E02.mkv', 'Unknown'],
    ['http://h.example/movie/joe/s3cretpw/1080p.mkv', '1080p'],
    ['http://h.example/movie/joe/s3cretpw/', 'film'],
    ['http://h.example/Show/Season 1/02.mkv', 'Show'],
    ['http://h.example/Show.S01.1080p/S01E02.mkv', 'Show'],
    ['http://h.example/Inception%20(2010)/inception-1080p.mkv', 'Inception'],
    ['root:films/Show/S01E02.mkv', 'Show'],
  ])('%s is called %s', (url, title) => {
    expect(parseFilmList(url).map((film) => filmOfList(film).release.title)).toEqual([title]);
  });

  it('is read in no time, however odd its lines', () => {
    for (const line of [' '.repeat(16_000), '|'.repeat(16_000), '| '.repeat(8000), '|http:/'.repeat(2000)]) {
      const before = performance.now();
      expect(parseFilmList(`x${line}x\n`.repeat(40))).toEqual([]);
      expect(performance.now() - before, line.slice(0, 10)).toBeLessThan(500);
    }
  });

  it.each([
    'ftp://a.example/x',
    '/home/film.mkv',
    'root:../x',
    'https://',
    'words',
    'root:a',
  ])('%s is nothing', (line) => {
    expect(parseFilmList(line)).toEqual([]);
  });

  it('as M3U has it', () => {
    const text = `#EXTM3U
#EXTINF:-1 tvg-logo="https://a.example/p.png" group-title="Drama",Heat (1995)
https://a.example/1?token=x|User-Agent=Kodi
#EXTINF:-1,The Proper Web
https://a.example/2.mp4
https://a.example/dir/Show.S02E03.720p.mkv
#EXTINF:-1,From the disk (2001)
root:films/a b.mkv
/home/x.mkv`;
    const found = parseFilmList(text).map(filmOfList);
    expect(found).toMatchObject([
      {
        release: { title: 'Heat', year: 1995 },
        group: 'Drama',
        poster: 'https://a.example/p.png',
        headers: { 'user-agent': 'Kodi' },
        filename: 'Heat (1995)',
      },
      { release: { title: 'The Proper Web', year: null }, filename: '2.mp4' },
      { release: { title: 'Show', episode: { season: 2, numbers: [3] } } },
      { url: 'root:films/a b.mkv', release: { title: 'From the disk', year: 2001 }, filename: 'a b.mkv' },
    ]);
    expect(found).toHaveLength(4);
  });
});

describe('a folder', () => {
  const folders: Readonly<Record<string, readonly string[]>> = {
    '': ['b.mkv', 'b.nfo', 'notes.txt', 'x.sample.mkv', 'Show/', 'sample/', 'lost+found/', 'loop/'],
    Show: ['tvshow.nfo', 'Season 1/'],
    'Show/Season 1': ['01.mkv', '01.nfo'],
    sample: ['no.mkv'],
  };
  const WHOLE = { isCut: false, hasUnreadable: false };
  const entriesOf = (names: readonly string[]) =>
    names.map((name) => ({ name: name.replace('/', ''), isFolder: name.endsWith('/'), size: 1 }));
  const list: ListFolder = async (path) => {
    const real = path.replace(/^(loop\/?)+/, '');
    return { ...WHOLE, entries: entriesOf(folders[real] ?? []), real };
  };
  const walk = (lister: ListFolder, start = '') => walkFolder(lister, start, new AbortController().signal);
  const pathsIn = async (lister: ListFolder) => {
    const { films: found, missed } = await walk(lister);
    return { paths: found.map(({ path }) => path), missed };
  };

  it('is looked through once, with what describes its films', async () => {
    const { films: found, missed } = await walk(list);
    const descriptions = new Map(found.map((film) => [film.path, film.descriptions]));
    expect(descriptions.get('b.mkv')).toEqual(['b.nfo']);
    expect(descriptions.get('Show/Season 1/01.mkv')).toEqual(['Show/Season 1/01.nfo', 'Show/tvshow.nfo']);
    expect([found.length, missed]).toEqual([2, []]);
  });

  it('within another one is described by what lies above', async () => {
    const { films: found } = await walk(list, 'Show/Season 1');
    expect(found.map(({ path, descriptions }) => [path, descriptions])).toEqual([
      ['Show/Season 1/01.mkv', ['Show/Season 1/01.nfo', 'Show/tvshow.nfo', 'tvshow.nfo']],
    ]);
  });

  it('that cannot be read is left out, and said', async () => {
    const lister: ListFolder = async (path) => {
      if (path === 'Show' || path === 'lost+found') throw new Error('EACCES');
      return list(path);
    };
    expect(await pathsIn(lister)).toEqual({ paths: ['b.mkv'], missed: ['Show'] });
    await expect(walk(lister, 'Show')).rejects.toThrow('EACCES');
  });

  it.each([{ isCut: true }, { hasUnreadable: true }])('that is not all there is said: %j', async (more) => {
    const lister: ListFolder = async (path) => ({ ...(await list(path)), ...(path === 'Show' ? more : {}) });
    expect(await pathsIn(lister)).toEqual({ paths: ['b.mkv', 'Show/Season 1/01.mkv'], missed: ['Show'] });
  });

  it.each([
    ['deep', async (path: string) => ['a/', ...(path.endsWith('a/a') ? ['x.mkv'] : [])]],
    [
      'large',
      async (path: string) =>
        path === '' ? ['a/', 'b/'] : Array.from({ length: 50_000 }, (_, i) => `${i}.mkv`),
    ],
    [
      'full of folders',
      async (path: string) => (path === '' ? Array.from({ length: 20_100 }, (_, i) => `${i}/`) : ['1.mkv']),
    ],
  ])('that is too %s is not read to its end, and that is said', async (_, names) => {
    const lister: ListFolder = async (path) => ({
      ...WHOLE,
      entries: entriesOf(await names(path)),
      real: path,
    });
    const { paths, missed } = await pathsIn(lister);
    expect(paths.length).toBeLessThanOrEqual(50_000);
    expect([paths.length > 0, missed.length > 0]).toEqual([true, true]);
  });
});

describe('a catalogue', () => {
  it('has versions of a film and episodes of a series as one, and ids that tell nothing', async () => {
    const items = await catalogOf(
      films(
        'Heat (1995).mkv',
        'uhd/Heat.1995.2160p.mkv',
        'other.mkv',
        'x/other.mkv',
        'Show S01E02.mkv',
        'Show S01E01E02.mkv',
        'Inception {imdb-tt1375666}.mkv',
      ),
    );
    expect(
      items.map(({ title, type, videos }) => [title, type, videos.map((one) => one.films.length)]),
    ).toEqual([
      ['Heat', 'movie', [2]],
      ['Inception', 'movie', [1]],
      ['other', 'movie', [1]],
      ['other', 'movie', [1]],
      ['Show', 'series', [1, 2]],
    ]);
    const ids = items.map(({ id }) => id);
    expect(new Set(ids).size).toBe(5);
    expect(ids[1]).toBe('tt1375666');
    for (const id of ids.filter((_, i) => i !== 1)) expect(id).toMatch(/^sluice:[\w-]{16}$/);
    expect(items[4]?.videos.map(({ id }) => id.slice(-4))).toEqual([':1:1', ':1:2']);
    expect((await catalogOf(films('Heat (1995).mkv')))[0]?.id).toBe(ids[0]);
  });

  it('lets others have their turn while it is made', async () => {
    const many = films(...Array.from({ length: 5000 }, (_, i) => `Film ${i} (2010).mkv`));
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await catalogOf(many);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(5);
  });
});
