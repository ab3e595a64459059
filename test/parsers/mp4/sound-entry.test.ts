import { describe, expect, it, test } from 'vitest';
import { bytesOf } from '../../helpers/hex.ts';
import {
  ascii,
  box,
  esds,
  fourcc,
  full,
  movieOf,
  type Part,
  serialize,
  sound,
  u8,
  u16,
  u32,
  u64,
  zeros,
} from './movie-writer.ts';

import { AAC_LC, f64, linear, ofEntry, quicktime, trackOf } from './sound-writer.ts';

describe('AAC', () => {
  it.each([
    { name: 'ISO', entry: sound('mp4a', {}, esds(0x40, AAC_LC)) },
    {
      name: 'QuickTime, version 1',
      entry: quicktime(
        'mp4a',
        {},
        box('wave', box('frma', fourcc('mp4a')), box('mp4a', u32(0)), esds(0x40, AAC_LC), zeros(8)),
      ),
    },
    { name: 'QuickTime, version 1, without wave', entry: quicktime('mp4a', {}, esds(0x40, AAC_LC)) },
    {
      name: 'QuickTime, version 2',
      entry: linear('mp4a', { flags: 0, bits: 0, packetBytes: 0, rate: 48_000 }, esds(0x40, AAC_LC)),
    },
    {
      name: 'ISO, version 1',
      entry: sound('mp4a', { version: 1 }, full('srat', 0, u32(48_000)), esds(0x40, AAC_LC)),
      stsdVersion: 1,
    },
    {
      name: 'a type that says nothing, with frma',
      entry: quicktime('what', {}, box('wave', box('frma', fourcc('mp4a')), esds(0x40, AAC_LC))),
    },
    { name: 'junk behind its boxes', entry: sound('mp4a', {}, esds(0x40, AAC_LC), bytesOf('0000000300')) },
  ])('$name', ({ entry, stsdVersion }) => {
    expect(trackOf(entry, stsdVersion)).toMatchObject({
      configs: [{ codec: 'aac', record: AAC_LC }],
      sampleRate: 48_000,
      channels: 2,
      frameSize: 1024,
      unreadable: null,
    });
  });

  it.each([
    {
      name: 'SBR that only the rate tells',
      objectType: 0x40,
      specific: '1310',
      rate: 48_000,
      record: '2b118800',
      output: 48_000,
      frameSize: 2048,
    },
    {
      name: 'MPEG-2 AAC without a configuration',
      objectType: 0x67,
      specific: null,
      rate: 44_100,
      record: '1210',
      output: 44_100,
      frameSize: 1024,
    },
    {
      name: 'frames of 960',
      objectType: 0x40,
      specific: '1194',
      rate: 48_000,
      record: '1194',
      output: 48_000,
      frameSize: 960,
    },
  ])('$name', ({ objectType, specific, rate, record, output, frameSize }) => {
    const entry = sound('mp4a', { rate }, esds(objectType, specific === null ? null : bytesOf(specific)));
    expect(trackOf(entry)).toMatchObject({
      configs: [{ codec: 'aac', record: bytesOf(record) }],
      sampleRate: output,
      frameSize,
    });
  });

  it.each([
    { name: 'no configuration', specific: null, reason: /without a configuration/ },
    { name: 'no AAC: ALS', specific: bytesOf('f8861000'), reason: /object type 36/ },
  ])('$name', ({ specific, reason }) => {
    expect(trackOf(sound('mp4a', {}, esds(0x40, specific)))).toMatchObject({
      configs: [],
      sourceCodec: 'mp4a.40',
      unreadable: expect.stringMatching(reason),
    });
  });

  test('no descriptor at all: a codec without a name', () => {
    expect(trackOf(sound('mp4a'))).toMatchObject({ configs: [], decodeOnly: null, unreadable: null });
  });
});

describe('codecs with a box of their own', () => {
  const alac = bytesOf('00001000 00 10 28 0a 0e 02 00ff 00004004 00177000 0000bb80');
  const streamInfo = bytesOf(`10001000 000000 000000 0bb802f0 00000000 ${'00'.repeat(16)}`);
  const dfLa = serialize(u8(0x80, 0, 0, 34), streamInfo);

  it.each<{ name: string; entry: Part; expected: Record<string, unknown> }>([
    {
      name: 'Opus, with its delay and pre-roll',
      entry: sound('Opus', { rate: 48_000 }, box('dOps', u8(0, 2), u16(312), u32(44_100), u16(0), u8(0))),
      expected: {
        configs: [{ codec: 'opus' }],
        channels: 2,
        codecDelay: 6_500_000,
        seekPreRoll: 80_000_000,
        frameSize: null,
      },
    },
    {
      name: 'FLAC of a rate that the entry cannot hold',
      entry: sound('fLaC', { rate: 0 }, full('dfLa', 0, dfLa)),
      expected: {
        configs: [{ codec: 'flac', record: dfLa }],
        sampleRate: 48_000,
        channels: 2,
        frameSize: 4096,
      },
    },
    {
      name: 'ALAC',
      entry: sound('alac', { channels: 1 }, full('alac', 0, alac)),
      expected: { configs: [{ codec: 'alac', record: alac }], channels: 2, frameSize: 4096 },
    },
    {
      name: 'ALAC of QuickTime',
      entry: quicktime('alac', {}, box('wave', box('frma', fourcc('alac')), full('alac', 0, alac), zeros(8))),
      expected: { configs: [{ codec: 'alac', record: alac }] },
    },
    {
      name: 'AC-3, 5.1',
      entry: sound('ac-3', {}, box('dac3', bytesOf('103dc0'))),
      expected: {
        configs: [{ codec: 'ac3', record: bytesOf('103dc0') }],
        channels: 6,
        sampleRate: 48_000,
        frameSize: 1536,
      },
    },
    {
      name: 'AC-3 in mp4a',
      entry: sound('mp4a', {}, esds(0xa5, null), box('dac3', bytesOf('103dc0'))),
      expected: { configs: [{ codec: 'ac3' }], sourceCodec: 'mp4a.a5 (ac3)' },
    },
    {
      name: 'E-AC-3: frames tell their length',
      entry: sound('ec-3', {}, box('dec3', bytesOf('0c00200f00'))),
      expected: { configs: [{ codec: 'eac3' }], channels: 6, sampleRate: 48_000, frameSize: null },
    },
    {
      name: 'Vorbis, its headers behind lengths',
      entry: sound(
        'mp4a',
        {},
        esds(0xdd, serialize(...vorbisHeaders().flatMap((header) => [u16(header.length), header]))),
      ),
      expected: {
        decodeOnly: expect.objectContaining({ codec: 'vorbis', record: lacedVorbis() }),
        sampleRate: 44_100,
        channels: 2,
        frameStep: 64,
      },
    },
    {
      name: 'Vorbis in Xiph lacing',
      entry: sound('mp4a', {}, esds(0xdd, lacedVorbis())),
      expected: {
        decodeOnly: expect.objectContaining({ codec: 'vorbis', record: lacedVorbis() }),
        configs: [],
      },
    },
  ])('$name', ({ entry, expected }) => {
    expect(trackOf(entry)).toMatchObject({ ...expected, unreadable: null });
  });

  it.each([
    { type: 'fLaC', child: full('dfLa', 0, zeros(8)) },
    { type: 'Opus', child: box('dOps', u8(1)) },
    { type: 'alac', child: full('alac', 0, zeros(24)) },
  ])('a broken box: $type', ({ type, child }) => {
    expect(trackOf(sound(type, {}, child))).toMatchObject({ configs: [], unreadable: expect.any(String) });
  });
});

/** Headers with one mode, of 256 and 2048 samples; the comments are longer than one byte can tell. */
function vorbisHeaders(): Uint8Array[] {
  const named = (type: number, ...rest: readonly Part[]) => serialize(u8(type), ascii('vorbis'), ...rest);
  const identification = named(1, u32(0), u8(2), bytesOf('44ac0000'), zeros(12), u8(0xb8, 1));
  // From its end: framing, mapping 0, transform 0, window 0, block flag 1, and one mode (six bits of 0).
  const setup = named(5, zeros(4), u8(0x40, 0, 0, 0, 0, 0x80));
  return [identification, named(3, zeros(300)), setup];
}

function lacedVorbis(): Uint8Array {
  const [first, second, third] = vorbisHeaders().map((header) => header);
  return serialize(
    u8(2, first?.length ?? 0, 255, (second?.length ?? 0) - 255),
    first ?? zeros(0),
    second ?? zeros(0),
    third ?? zeros(0),
  );
}

describe('codecs that only frames tell', () => {
  const mp3 = bytesOf('fffb9064');
  const mp2 = bytesOf('fffda404');

  it.each([
    {
      name: '.mp3',
      entry: sound('.mp3'),
      frame: mp3,
      expected: { configs: [{ codec: 'mp3', record: mp3 }], frameSize: 1152, sampleRate: 44_100 },
    },
    {
      name: 'ms 0x0055',
      entry: quicktime('ms\0\x55', {}),
      frame: mp3,
      expected: { configs: [{ codec: 'mp3' }] },
    },
    {
      name: 'MPEG-1 audio in mp4a',
      entry: sound('mp4a', {}, esds(0x6b, null)),
      frame: mp3,
      expected: { configs: [{ codec: 'mp3' }] },
    },
    {
      name: 'layer II, whatever the entry says',
      entry: sound('mp4a', {}, esds(0x69, null)),
      frame: mp2,
      expected: { configs: [], decodeOnly: { codec: 'mp2', record: mp2 } },
    },
    {
      name: 'AC-3 without dac3',
      entry: sound('ac-3'),
      frame: bytesOf('0b770000 14 40 2f84'),
      expected: { configs: [{ codec: 'ac3' }], frameSize: 1536 },
    },
    {
      name: 'DTS',
      entry: sound('dtsc'),
      frame: bytesOf('7ffe8001fc3c75b276c005380009ef7bdeff'),
      expected: { decodeOnly: { codec: 'dts' }, sampleRate: 48_000, channels: 6, frameSize: 512 },
    },
  ])('$name', ({ entry, frame, expected }) => {
    const { track, complete } = ofEntry(entry);
    expect(track).toMatchObject({ configs: [], decodeOnly: null, unreadable: null });
    expect(complete?.(bytesOf('00112233'))).toBeNull();
    expect(complete?.(frame)?.track).toMatchObject(expected);
  });

  test('what cannot be decoded is told by its first frame', () => {
    const express = ofEntry(sound('dtse')).complete?.(bytesOf('64582025 00000000'));
    expect(express?.track.unreadable).toMatch(/without a core/);
    expect(express?.complete).toBeNull();
  });

  test('a dac3 that is none', () => {
    const { track, complete } = ofEntry(sound('ac-3', {}, box('dac3', bytesOf('ffffff'))));
    expect(track).toMatchObject({ configs: [], unreadable: null });
    expect(complete).not.toBeNull();
  });
});

test('what QuickTime says of packets, and the size of version 2', () => {
  const [first] = movieOf('soun', quicktime('ima4', { more: u32(64, 34, 68, 2) })).tracks;
  expect(first?.descriptions[0]).toMatchObject({
    entry: { packing: { samplesPerPacket: 64, bytesPerPacket: 34, bytesPerFrame: 68, bytesPerSample: 2 } },
  });
  // Its own size says that boxes begin eight bytes later.
  const longer = serialize(u32(80), f64(48_000), u32(2, 0x7f000000, 0, 0, 0, 1024), u64(0));
  const entry = sound('mp4a', { version: 2, more: longer }, esds(0x40, AAC_LC));
  expect(trackOf(entry)).toMatchObject({ configs: [{ codec: 'aac' }], sampleRate: 48_000 });
});
