import { describe, expect, it, test } from 'vitest';
import {
  ascii,
  box,
  fourcc,
  full,
  mvhd,
  type Part,
  parse,
  serialize,
  u8,
  u16,
  u32,
  u64,
  zeros,
} from './movie-writer.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);

describe('what a movie says of itself', () => {
  test('chapters of Nero, in milliseconds', () => {
    const chapter = (start: number, title: string) =>
      serialize(u64(start), u8(bytesOf(title).length), bytesOf(title));
    const list = [chapter(0, 'Vorspann'), chapter(12_345_678, 'Dämmerung')];
    const chapters = (chpl: Part) => parse(mvhd(), box('udta', chpl)).chapters;
    const expected = [
      { edition: 0, title: 'Vorspann', language: 'und', start: 0, end: null },
      { edition: 0, title: 'Dämmerung', language: 'und', start: 1235, end: null },
    ];
    expect(chapters(full('chpl', 1, u32(0), u8(2), ...list))).toEqual(expected);
    expect(chapters(full('chpl', 0, u8(2), ...list))).toEqual(expected);
    // More are announced than there are.
    expect(chapters(full('chpl', 1, u32(0), u8(9), ...list))).toEqual(expected);
  });

  const data = (type: number, value: Part) => box('data', u32(type, 0), value);
  const ilst = (...items: readonly Part[]) => box('ilst', ...items);
  const hdlr = full('hdlr', 0, u32(0), fourcc('mdir'), zeros(13));
  const nam = box('\xa9nam', data(1, bytesOf('Ein Titel')));

  it.each([
    { name: 'iTunes', udta: box('udta', full('meta', 0, hdlr, ilst(nam))), title: 'Ein Titel' },
    {
      name: 'a meta box without version',
      udta: box('udta', box('meta', hdlr, ilst(nam))),
      title: 'Ein Titel',
    },
    {
      name: 'UTF-16',
      udta: box('udta', full('meta', 0, hdlr, ilst(box('\xa9nam', data(2, u16(0xc4, 0x6e)))))),
      title: 'Än',
    },
    {
      name: "QuickTime's international text",
      udta: box('udta', box('\xa9nam', u16(4, 0), ascii('Film')), u32(0)),
      title: 'Film',
    },
    { name: 'in Latin-1', udta: box('udta', box('\xa9nam', u16(3, 0), ascii('\xc4rz'))), title: 'Ärz' },
    { name: '3GPP', udta: box('udta', full('titl', 0, u16(0x55c4), bytesOf('Häuser\0'))), title: 'Häuser' },
    { name: 'none', udta: box('udta', zeros(4)), title: null },
  ])('title: $name', ({ udta, title }) => {
    expect(parse(mvhd(), udta).title).toBe(title);
  });

  test('covers, other texts, and keys with names', () => {
    const keys = full(
      'keys',
      0,
      u32(2),
      ...['com.apple.quicktime.title', 'com.apple.quicktime.make'].map((key) =>
        serialize(u32(8 + key.length), ascii('mdta'), ascii(key)),
      ),
    );
    const movie = parse(
      mvhd(),
      box(
        'udta',
        full(
          'meta',
          0,
          hdlr,
          ilst(
            box('\xa9ART', data(1, bytesOf('Jemand'))),
            box('covr', data(13, zeros(70)), data(0, Uint8Array.of(0x89, 0x50, 0x4e))),
            box('trkn', data(0, zeros(8))),
          ),
        ),
      ),
      box(
        'meta',
        hdlr,
        keys,
        ilst(
          box('\0\0\0\x01', data(1, bytesOf('Aus Schlüsseln'))),
          box('\0\0\0\x02', data(1, bytesOf('Kamera'))),
        ),
      ),
    );
    expect(movie.title).toBe('Aus Schlüsseln');
    expect(movie.tags).toEqual([
      { name: 'ARTIST', value: 'Jemand' },
      { name: 'MAKE', value: 'Kamera' },
    ]);
    expect(movie.attachments).toEqual([
      { name: 'cover.jpg', type: 'image/jpeg', bytes: 70 },
      { name: 'cover', type: 'image/png', bytes: 3 },
    ]);
  });
});
