import { describe, expect, test } from 'vitest';
import { readFront } from '../../../parsers/audio-file/front-tags.ts';
import { id3Bytes, parseId3 } from '../../../parsers/audio-file/id3.ts';
import { readTail } from '../../../parsers/audio-file/tail-tags.ts';
import { containerInfo } from '../../../parsers/audio-file/told.ts';
import { concat, memorySource } from '../../../src/core/bytes.ts';
import { expectMediaErrors } from '../../helpers/mutations.ts';
import { NEVER, pieces } from './sound-files.ts';

const latin = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));
const syncsafe = (size: number): Uint8Array =>
  Uint8Array.of((size >> 21) & 127, (size >> 14) & 127, (size >> 7) & 127, size & 127);
const plain = (size: number): Uint8Array =>
  Uint8Array.of(size >> 24, (size >> 16) & 255, (size >> 8) & 255, size & 255);

interface TagOptions {
  readonly version?: 2 | 3 | 4;
  readonly flags?: number;
  readonly footer?: boolean;
}

function tag(
  frames: readonly Uint8Array[],
  { version = 4, flags = 0, footer = false }: TagOptions = {},
): Uint8Array {
  const body = concat(frames);
  const head = concat([Uint8Array.of(version, 0, flags | (footer ? 0x10 : 0)), syncsafe(body.length)]);
  return concat([latin('ID3'), head, body, ...(footer ? [latin('3DI'), head] : [])]);
}

const frame4 = (id: string, data: Uint8Array, flags = 0): Uint8Array =>
  concat([latin(id), syncsafe(data.length), Uint8Array.of(0, flags), data]);
const frame3 = (id: string, data: Uint8Array): Uint8Array =>
  concat([latin(id), plain(data.length), Uint8Array.of(0, 0), data]);
const frame2 = (id: string, data: Uint8Array): Uint8Array =>
  concat([latin(id), plain(data.length).subarray(1), data]);
const utf16 = (text: string): Uint8Array =>
  concat([
    Uint8Array.of(1, 0xff, 0xfe),
    new Uint8Array(Uint16Array.from(text, (c) => c.charCodeAt(0)).buffer),
  ]);
const utf8 = (text: string): Uint8Array => concat([Uint8Array.of(3), new TextEncoder().encode(text)]);

const stamp = concat([
  latin('com.apple.streaming.transportStreamTimestamp\0'),
  Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 5),
]);

describe('ID3v2', () => {
  const ROWS = [
    {
      name: 'version 2.4, UTF-8, several values, a stamp',
      bytes: tag([
        frame4('TIT2', utf8('Überraschung')),
        frame4('TPE1', utf8('A\0B\0')),
        frame4('PRIV', stamp),
      ]),
      told: { title: 'Überraschung', tags: [{ name: 'ARTIST', value: 'A, B' }] },
      timestamp: 2 ** 32 + 5,
    },
    {
      name: 'version 2.3, UTF-16, an extended header',
      bytes: tag(
        [plain(6), new Uint8Array(6), frame3('TIT2', utf16('Tag ☀')), frame3('TSSE', latin('\0LAME'))],
        { version: 3, flags: 0x40 },
      ),
      told: { title: 'Tag ☀', writingApp: 'LAME' },
      timestamp: null,
    },
    {
      name: 'version 2.2 with a picture',
      bytes: tag([frame2('TT2', latin('\0Old')), frame2('PIC', latin('\0JPG\x03Front\0data'))], {
        version: 2,
      }),
      told: { title: 'Old', pictures: [{ name: 'Front', type: 'image/jpeg', bytes: 4 }] },
      timestamp: null,
    },
    {
      name: 'a picture whose name is in UTF-16',
      bytes: tag([
        frame4(
          'APIC',
          concat([latin('\x01image/png\0\x03'), Uint8Array.of(0xff, 0xfe, 65, 0, 0, 0), latin('data!')]),
        ),
      ]),
      told: { title: null, pictures: [{ name: 'A', type: 'image/png', bytes: 5 }] },
      timestamp: null,
    },
    {
      name: 'unsynchronised frames with a length, encrypted and compressed ones',
      bytes: tag([
        frame4('TIT2', concat([syncsafe(4), Uint8Array.of(0, 0x41, 0xff, 0, 0x42)]), 0x03),
        frame4('TALB', latin('\0secret'), 0x04),
        frame4('TCON', latin('\0zip'), 0x08),
      ]),
      told: { title: 'AÿB', tags: [] },
      timestamp: null,
    },
    {
      name: 'an unsynchronised tag of version 2.3',
      bytes: tag([frame3('TIT2', Uint8Array.of(0, 0xff, 0, 0x41)).map((byte, i) => (i === 7 ? 3 : byte))], {
        version: 3,
        flags: 0x80,
      }),
      told: { title: 'ÿA' },
      timestamp: null,
    },
    {
      name: 'nothing in it',
      bytes: tag([new Uint8Array(30)]),
      told: { title: null, tags: [], isWhole: true },
      timestamp: null,
    },
    {
      name: 'a version that nobody knows',
      bytes: Uint8Array.of(0x49, 0x44, 0x33, 9, 0, 0, 0, 0, 0, 2, 1, 2),
      told: { title: null },
      timestamp: null,
    },
  ];

  test.each(ROWS)('$name', ({ bytes, told, timestamp }) => {
    expect(id3Bytes(bytes)).toBe(bytes.length);
    expect(parseId3(bytes)).toMatchObject({ told, timestamp });
  });

  test.each(ROWS)('$name, damaged', ({ bytes }) => expectMediaErrors(bytes, parseId3));

  test('a picture that was not read whole', () => {
    const whole = tag([
      frame4('TIT2', utf8('T')),
      frame4('APIC', concat([latin('\0image/png\0\x03\0'), new Uint8Array(9000)])),
    ]);
    const { told } = parseId3(whole.subarray(0, 200));
    expect(told).toMatchObject({ title: 'T', isWhole: false, pictures: [{ name: 'cover', bytes: 9000 }] });
    expect(containerInfo([told])).toMatchObject({
      hasAllAttachments: false,
      attachments: [{ name: 'cover' }],
    });
  });

  test.each([
    { name: 'another name', bytes: latin('ID4\x04\0\0\0\0\0\x05') },
    { name: 'a size that is not syncsafe', bytes: latin('ID3\x04\0\0\0\0\x80\x05') },
    { name: 'too short', bytes: latin('ID3\x04\0\0\0\0\0') },
  ])('is none: $name', ({ bytes }) => expect(id3Bytes(bytes)).toBeNull());
});

describe('in front of sound', () => {
  const sound = new Uint8Array(1000).fill(7);

  test('several, with and without a footer', async () => {
    const file = concat([
      tag([frame4('TIT2', utf8('First'))], { footer: true }),
      tag([frame4('PRIV', stamp)]),
      sound,
    ]);
    const front = await readFront(memorySource(file), NEVER);
    expect(front).toMatchObject({ position: file.length - sound.length, timestamp: 2 ** 32 + 5 });
    expect(front.told.map(({ title }) => title)).toEqual(['First', null]);
    expect(front.bytes).toEqual(sound);
  });

  test('ten megabytes cost a request and not their bytes', async () => {
    const picture = frame4('APIC', concat([latin('\0image/png\0\x03\0'), new Uint8Array(10_000_000)]));
    const file = concat([tag([frame4('TIT2', utf8('T')), picture]), sound]);
    const source = pieces(file, 65_536);
    const front = await readFront(source, NEVER);
    expect(front).toMatchObject({ position: file.length - sound.length, bytes: sound });
    expect(front.told[0]).toMatchObject({ title: 'T', pictures: [{ bytes: 10_000_000 }] });
    expect(source.reads).toHaveLength(2);
    expect(source.reads.reduce((sum, { start, end }) => sum + end - start, 0)).toBeLessThan(600_000);
  });

  test('more than anybody writes', async () => {
    const file = concat(Array.from({ length: 20 }, () => tag([])));
    await expect(readFront(memorySource(file), NEVER)).rejects.toMatchObject({ code: 'unsupported' });
  });
});

describe('behind sound', () => {
  const sound = new Uint8Array(1000).fill(7);
  const id3v1 = (): Uint8Array => {
    const bytes = new Uint8Array(128);
    bytes.set(latin('TAG'));
    bytes.set(latin('Title'), 3);
    bytes.set(latin('Artist'), 33);
    return bytes;
  };
  const ape = (items: number, hasHeader: boolean): Uint8Array => {
    const footer = new Uint8Array(32);
    footer.set(latin('APETAGEX'));
    new DataView(footer.buffer).setUint32(12, items + 32, true);
    if (hasHeader) footer[23] = 0x80;
    return concat([...(hasHeader ? [footer] : []), new Uint8Array(items), footer]);
  };
  const lyrics = latin('LYRICSBEGININD0000210000028LYRICS200');

  test.each([
    { name: 'ID3v1', tags: [id3v1()] },
    { name: 'ID3v1 with its extension', tags: [concat([latin('TAG+'), new Uint8Array(223)]), id3v1()] },
    { name: 'APE with a header', tags: [ape(77, true)] },
    { name: 'APE without one, then ID3v1', tags: [ape(77, false), id3v1()] },
    { name: 'APE larger than what is read at once', tags: [ape(200_000, true), id3v1()] },
    {
      name: 'Lyrics3, then ID3v1',
      tags: [latin('LYRICSBEGININD0000200'), latin('000021LYRICS200'), id3v1()],
    },
    { name: 'Lyrics3 of the first version', tags: [latin('LYRICSBEGIN la la LYRICSEND'), id3v1()] },
    { name: 'ID3v2.4', tags: [tag([frame4('TIT2', utf8('T'))], { footer: true })] },
    { name: 'all of them', tags: [tag([], { footer: true }), ape(9, true), id3v1()] },
  ])('$name', async ({ tags }) => {
    const file = concat([sound, ...tags]);
    const tail = await readTail(memorySource(file), { start: 0, end: file.length }, NEVER);
    expect(tail.end).toBe(sound.length);
    expect(tail.bytes).toEqual(sound.subarray(tail.position));
    const isTold = tags.some((bytes) => bytes.length === 128);
    expect(tail.told?.title ?? null).toBe(isTold ? 'Title' : null);
  });

  test.each([
    {
      name: 'a size beyond the beginning',
      tags: [ape(10, false).map((byte, i) => (i === 10 + 14 ? 9 : byte))],
    },
    { name: 'digits that are none', tags: [latin('LYRICSBEGIN00002xLYRICS200')] },
    { name: 'sound', tags: [lyrics.subarray(0, 20)] },
  ])('is none: $name', async ({ tags }) => {
    const file = concat([sound, ...tags]);
    expect((await readTail(memorySource(file), { start: 0, end: file.length }, NEVER)).end).toBe(file.length);
  });
});
