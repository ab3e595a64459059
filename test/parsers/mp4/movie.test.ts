import { describe, expect, it, test } from 'vitest';
import { parseMovie } from '../../../parsers/mp4/movie.ts';
import { tracksOf } from '../../../parsers/mp4/tracks.ts';
import { MediaError } from '../../../src/core/errors.ts';
import { expectMediaErrors } from '../../helpers/mutations.ts';
import {
  ascii,
  BASE,
  box,
  esds,
  fourcc,
  full,
  mvhd,
  type Part,
  parse,
  serialize,
  sound,
  type Turn,
  trak,
  u8,
  u16,
  u32,
  u64,
  zeros,
} from './movie-writer.ts';

const only = (...content: readonly Part[]) => {
  const { tracks } = parse(...content);
  expect(tracks).toHaveLength(1);
  const [track] = tracks;
  if (!track) throw new Error('no track');
  return track;
};
const bytesOf = (text: string) => new TextEncoder().encode(text);

describe('the movie', () => {
  it.each([
    { name: 'version 0', header: mvhd({ timescale: 600, duration: 1200 }), expected: [600, 1200] },
    {
      name: 'version 1, 64 bits',
      header: full('mvhd', 1, u64(0), u64(0), u32(90_000), u64(2 ** 33), zeros(80)),
      expected: [90_000, 2 ** 33],
    },
    {
      name: 'a duration of all ones is unknown',
      header: mvhd({ duration: 0xffffffff }),
      expected: [600, null],
    },
    { name: 'as is 0', header: mvhd({ duration: 0 }), expected: [600, null] },
    { name: 'no header at all', header: box('free'), expected: [0, null] },
  ])('$name', ({ header, expected }) => {
    const { timescale, duration } = parse(header);
    expect([timescale, duration]).toEqual(expected);
  });

  test('fragments: defaults by track, and the duration of mehd', () => {
    const movie = parse(
      mvhd({ duration: 0 }),
      trak({ id: 7 }),
      box(
        'mvex',
        full('mehd', 1, u64(5000)),
        full('trex', 0, u32(7, 1, 1024, 99, 0x10000)),
        full('trex', 0, u32(8, 1, 1, 1, 1)),
      ),
    );
    expect(movie.isFragmented).toBe(true);
    expect(movie.duration).toBe(5000);
    expect([...movie.extends]).toEqual([[7, { description: 1, duration: 1024, size: 99, flags: 0x10000 }]]);
    expect(movie.tracks[0]).toMatchObject({ hasSampleTables: false, sampleCount: 0 });
  });

  test('a compressed movie is refused with a reason', () => {
    const read = () => parse(box('cmov', box('dcom', ascii('zlib')), box('cmvd', zeros(40))));
    expect(read).toThrow(MediaError);
    expect(read).toThrow(/compressed/);
  });
});

describe('a track', () => {
  const packed = (code: string) =>
    [...code].reduce((value, char) => value * 32 + char.charCodeAt(0) - 0x60, 0);

  it.each([
    { language: packed('ger'), expected: 'de' },
    { language: packed('deu'), expected: 'de' },
    { language: packed('eng'), expected: 'en' },
    { language: packed('und'), expected: 'und' },
    { language: packed('yue'), expected: 'yue' },
    { language: 0x7fff, expected: 'und' },
    // ISO letters that are none.
    { language: 0x7fe0, expected: 'und' },
    // Macintosh: English, Russian, simplified Chinese, Vietnamese, Esperanto, Welsh, Greenlandic; then one that has none.
    { language: 0, expected: 'en' },
    { language: 32, expected: 'ru' },
    { language: 33, expected: 'zh-Hans' },
    { language: 80, expected: 'vi' },
    { language: 94, expected: 'eo' },
    { language: 128, expected: 'cy' },
    { language: 149, expected: 'kl' },
    { language: 300, expected: 'und' },
    { language: packed('eng'), elng: 'pt-BR', expected: 'pt-BR' },
    { language: packed('por'), elng: '', expected: 'pt' },
    { language: packed('por'), elng: 'no language!', expected: 'pt' },
  ])('language $language $elng is $expected', ({ language, elng, expected }) => {
    expect(only(mvhd(), trak({ language, ...(elng === undefined ? {} : { elng }) })).language).toBe(expected);
  });

  const turns: readonly { name: string; turn: Turn; movie?: Turn; expected: number }[] = [
    { name: 'identity', turn: [1, 0, 0, 1], expected: 0 },
    { name: 'a phone held upright', turn: [0, 1, -1, 0], expected: 90 },
    { name: 'upside down', turn: [-1, 0, 0, -1], expected: 180 },
    { name: 'counter-clockwise', turn: [0, -1, 1, 0], expected: 270 },
    { name: 'scaled', turn: [0, 0.5, -0.5, 0], expected: 90 },
    { name: 'mirrored from left to right', turn: [-1, 0, 0, 1], expected: 0 },
    { name: 'mirrored from top to bottom', turn: [1, 0, 0, -1], expected: 180 },
    { name: 'on its side and mirrored', turn: [0, 1, 1, 0], expected: 90 },
    { name: 'nothing but zeros', turn: [0, 0, 0, 0], expected: 0 },
    { name: 'turned by the movie', turn: [1, 0, 0, 1], movie: [0, 1, -1, 0], expected: 90 },
    { name: 'turned by both', turn: [0, 1, -1, 0], movie: [0, 1, -1, 0], expected: 180 },
  ];
  it.each(turns)('rotation: $name', ({ turn, movie = [1, 0, 0, 1], expected }) => {
    expect(only(mvhd({ turn: movie }), trak({ turn })).rotation).toBe(expected);
  });

  const elst = (part: Part) => trak({ extra: [box('edts', part)] });
  it.each([
    {
      name: 'version 0',
      list: full('elst', 0, u32(2, 300, 0xffffffff, 0x10000, 900, 2048, 0x10000)),
      expected: [
        { duration: 300, mediaTime: -1, rate: 1 },
        { duration: 900, mediaTime: 2048, rate: 1 },
      ],
    },
    {
      name: 'version 1',
      list: full(
        'elst',
        1,
        u32(2),
        u64(300),
        u32(0xffffffff, 0xffffffff, 0x10000),
        u64(2 ** 33),
        u64(2 ** 34),
        u32(0x8000),
      ),
      expected: [
        { duration: 300, mediaTime: -1, rate: 1 },
        { duration: 2 ** 33, mediaTime: 2 ** 34, rate: 0.5 },
      ],
    },
    {
      name: 'more announced than there are',
      list: full('elst', 0, u32(0x10000000, 300, 0, 0)),
      expected: [{ duration: 300, mediaTime: 0, rate: 0 }],
    },
    { name: 'cut off', list: full('elst', 0), expected: [] },
  ])('edits: $name', ({ list, expected }) => {
    expect(only(mvhd(), elst(list)).edits).toEqual(expected);
  });

  test('more edits than any film has', () => {
    const list = full('elst', 0, u32(70_000), zeros(70_000 * 12));
    expect(only(mvhd(), elst(list))).toMatchObject({ edits: [], unreadable: expect.stringMatching(/edits/) });
  });

  it.each([
    { name: 'a name that says nothing', hdlr: ascii('VideoHandler\0'), expected: null },
    { name: 'Core Media', hdlr: ascii('\x10Core Media Audio'), expected: null },
    { name: 'one that says something', hdlr: ascii('Surround 5.1\0'), expected: 'Surround 5.1' },
    { name: 'with its length in front', hdlr: ascii('\x06Stereo'), expected: 'Stereo' },
    {
      name: 'a letter that could be a length',
      hdlr: ascii('/mnt/film.h264 and more so that it is long enough\0'),
      expected: '/mnt/film.h264 and more so that it is long enough',
    },
    { name: 'empty', hdlr: new Uint8Array(0), expected: null },
    {
      name: 'user data win',
      hdlr: ascii('Stereo\0'),
      udta: box('name', bytesOf('Kommentar')),
      expected: 'Kommentar',
    },
  ])('name: $name', ({ hdlr, udta, expected }) => {
    const extra = udta ? [box('udta', udta)] : [];
    expect(only(mvhd(), trak({ name: hdlr, extra })).name).toBe(expected);
  });

  test('fields of its header, and references', () => {
    const track = only(
      mvhd(),
      trak({
        id: 3,
        flags: 6,
        size: [1024, 576.5],
        alternateGroup: 2,
        timescale: 25_000,
        extra: [box('tref', box('chap', u32(4, 5)), box('sync', u32(6)))],
      }),
    );
    expect(track).toMatchObject({
      id: 3,
      isEnabled: false,
      width: 1024,
      height: 576.5,
      alternateGroup: 2,
      timescale: 25_000,
      mediaDuration: 4000,
      handler: 'vide',
    });
    expect([...track.references]).toEqual([
      ['chap', [4, 5]],
      ['sync', [6]],
    ]);
  });

  test('tables are views of the file', () => {
    const stsz = full('stsz', 0, u32(0, 2, 10, 20));
    const others = [
      full('stts', 0, u32(1, 2, 512)),
      full('stsc', 0, u32(1, 1, 2, 1)),
      full('stco', 0, u32(1, 48)),
    ];
    const content = serialize(mvhd(), trak({ tables: [...others, stsz] }));
    const [track] = parseMovie(content, BASE).tracks;
    expect(track).toMatchObject({ hasSampleTables: true, sampleCount: 2, firstDescription: 1 });
    const table = track?.tables.stsz;
    const at = (table?.base ?? 0) - BASE;
    expect(content.subarray(at, at + 20)).toEqual(serialize(stsz).subarray(8));
    expect(table?.bytes).toEqual(serialize(stsz).subarray(8));
    expect(track?.tables.co64).toBeNull();
  });

  test('numbers that come twice, or are none, are replaced', () => {
    const ids = [2, 0, 2, 1].map((id) => trak({ id }));
    expect(parse(mvhd(), ...ids).tracks.map(({ id }) => id)).toEqual([2, 3, 4, 1]);
  });

  test('what is broken does not take the others along', () => {
    const good = trak({ id: 2, handler: 'soun', entries: [sound('mp4a', {}, esds(0x40, u8(0x11, 0x90)))] });
    const movie = parse(mvhd(), box('trak', box('mdia')), trak({ id: 3 }), good);
    expect(tracksOf(movie).map(({ kind, unreadable }) => [kind, unreadable])).toEqual([
      ['other', 'The track has no mdhd'],
      ['video', 'stsd without an entry'],
      ['audio', null],
    ]);
  });

  test('media in another file', () => {
    const out = full('alis', 0, zeros(200));
    const own = fullBoxOf('url ', 1);
    const entry = sound('mp4a', {}, esds(0x40, u8(0x11, 0x90)));
    const reason = (dref: readonly Part[]) =>
      tracksOf(parse(mvhd(), trak({ handler: 'soun', entries: [entry], dref })))[0]?.unreadable;
    expect(reason([out])).toMatch(/another file/);
    expect(reason([own, out])).toBeNull();
  });

  const fullBoxOf = (type: string, flags: number) => box(type, u32(flags));

  test('too many tracks', () => {
    const many = Array.from({ length: 300 }, (_, i) => trak({ id: i + 1 }));
    expect(() => parse(mvhd(), ...many)).toThrow(/256 tracks/);
  });
});

test('any byte changed: it returns or throws MediaError', () => {
  const boxes = [
    full('mvhd', 0, u32(0, 0, 600, 1200)),
    trak({
      entries: [box('mp4s', zeros(6), u16(1))],
      extra: [box('edts', full('elst', 0, u32(1, 300, 5, 0x10000))), box('tref', box('chap', u32(2)))],
      tables: [full('stsz', 0, u32(0, 1, 9)), full('sgpd', 1, fourcc('roll'))],
      dref: [box('url ', u32(0), ascii('a.mov'))],
      elng: 'de',
    }),
    box('mvex', full('mehd', 0, u32(5)), full('trex', 0, u32(1, 1, 1, 1, 1))),
  ];
  expectMediaErrors(serialize(...boxes), (bytes) => tracksOf(parseMovie(bytes, BASE)));
  const value = (type: string, text: string) => box(type, box('data', u32(1, 0), ascii(text)));
  const hdlr = full('hdlr', 0, u32(0), fourcc('mdir'), zeros(13));
  const chpl = full('chpl', 1, u32(0), u8(1), u64(5), u8(1), ascii('a'));
  const keys = full('keys', 0, u32(1, 9), ascii('mdtax'));
  const udta = box(
    'udta',
    chpl,
    full('meta', 0, hdlr, keys, box('ilst', value('\0\0\0\x01', 'T'), value('covr', ''))),
  );
  expectMediaErrors(serialize(udta), (bytes) => parseMovie(bytes, BASE));
});
