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
  ])('%s', (line, title, url) => {
    expect(parseFilmList(`\uFEFF# a list\r\n\r\n${line}\r\n`)).toEqual([
      { url, headers: {}, title, group: '', poster: '' },
    ]);
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
https://a.example/dir/Show.S02E03.720p.mkv`;
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
    ]);
  });
});

describe('a folder', () => {
  const folders: Readonly<Record<string, readonly string[]>> = {
    '': ['b.mkv', 'b.nfo', 'notes.txt', 'x.sample.mkv', 'Show/', 'sample/', 'loop/'],
    Show: ['tvshow.nfo', 'Season 1/'],
    'Show/Season 1': ['01.mkv', '01.nfo'],
    sample: ['no.mkv'],
  };
  const list: ListFolder = async (path) => ({
    entries: (folders[path.replace(/^(loop\/?)+/, '')] ?? []).map((name) => ({
      name: name.replace('/', ''),
      isFolder: name.endsWith('/'),
      size: 1,
    })),
  });

  it('is looked through, with what describes its films, and a loop ends', async () => {
    const found = await walkFolder(list, new AbortController().signal);
    const descriptions = new Map(found.map((film) => [film.path, film.descriptions]));
    expect(descriptions.get('b.mkv')).toEqual(['b.nfo']);
    expect(descriptions.get('Show/Season 1/01.mkv')).toEqual(['Show/Season 1/01.nfo', 'Show/tvshow.nfo']);
    expect(found.length).toBeLessThan(60);
    expect(found.map(({ path }) => path).filter((path) => /sample|txt/.test(path))).toEqual([]);
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
});
