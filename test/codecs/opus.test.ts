import { describe, expect, test } from 'vitest';
import {
  dOpsRecord,
  opusPacketSamples,
  parseDops,
  parseOpusHead,
  silentOpusPacket,
} from '../../src/codecs/opus.ts';
import { bytesOf, hexOf } from '../helpers/hex.ts';
import { expectMediaErrors } from '../helpers/mutations.ts';

const MAGIC = '4f70757348656164';

/** Identification headers, and dOps of `ffmpeg -f lavfi -i aevalsrc=… -c:a libopus … out.mp4` with the same values. */
const HEADS = [
  { name: 'mono', head: '01 01 3801 80bb0000 0000 00', dOps: '000101380000bb80000000' },
  { name: 'stereo, frames of 2.5 ms', head: '01 02 7800 80bb0000 0000 00', dOps: '000200780000bb80000000' },
  { name: 'stereo of 24 kHz', head: '01 02 3801 c05d0000 0000 00', dOps: '0002013800005dc0000000' },
  { name: 'mono of 16 kHz', head: '01 01 3801 803e0000 0000 00', dOps: '0001013800003e80000000' },
  { name: '3.0', head: '01 03 3801 80bb0000 0000 01 0201 000201', dOps: '000301380000bb800000010201000201' },
  {
    name: '5.1',
    head: '01 06 3801 80bb0000 0000 01 0402 000401020305',
    dOps: '000601380000bb800000010402000401020305',
  },
  {
    name: '7.1',
    head: '01 08 3801 80bb0000 0000 01 0503 0006010203040507',
    dOps: '000801380000bb8000000105030006010203040507',
  },
  {
    name: 'family 255',
    head: '01 06 3801 80bb0000 0000 ff 0600 000102030405',
    dOps: '000601380000bb800000ff0600000102030405',
  },
  // By hand: a gain of -1.5 dB; a channel that no stream feeds.
  { name: 'gain', head: '01 02 3801 80bb0000 80fe 00', dOps: '000201380000bb80fe8000' },
  {
    name: 'a mute channel',
    head: '01 02 0000 00000000 0000 ff 0100 00ff',
    dOps: '0002000000000000 0000 ff 0100 00ff',
  },
];

describe('identification header and dOps', () => {
  test.each(HEADS)('$name', ({ head, dOps }) => {
    const bytes = bytesOf(MAGIC + head);
    expect(hexOf(dOpsRecord(parseOpusHead(bytes)))).toBe(dOps.replaceAll(' ', ''));
    expect(parseDops(bytesOf(dOps))).toEqual(parseOpusHead(bytes));
    expectMediaErrors(bytes, (mutant) => silentOpusPacket(parseOpusHead(mutant), 960));
    expectMediaErrors(bytesOf(dOps), (mutant) => silentOpusPacket(parseDops(mutant), 5760));
  });

  test('fields', () => {
    expect(parseOpusHead(bytesOf(`${MAGIC}01 02 3801 44ac0000 80fe 00`))).toEqual({
      channels: 2,
      preSkip: 312,
      inputSampleRate: 44_100,
      gain: -384,
      mappingFamily: 0,
      mapping: null,
    });
  });

  test.each([
    ['another magic', '4f70757354616773 01 02 3801 80bb0000 0000 00', 'corrupt'],
    ['a version that is not compatible', `${MAGIC}10 02 3801 80bb0000 0000 00`, 'corrupt'],
    ['no channels', `${MAGIC}01 00 3801 80bb0000 0000 00`, 'corrupt'],
    ['three channels of family 0', `${MAGIC}01 03 3801 80bb0000 0000 00`, 'corrupt'],
    ['no streams', `${MAGIC}01 02 3801 80bb0000 0000 01 0000 ffff`, 'corrupt'],
    ['more coupled streams than streams', `${MAGIC}01 02 3801 80bb0000 0000 01 0102 0001`, 'corrupt'],
    ['a channel of no stream', `${MAGIC}01 02 3801 80bb0000 0000 01 0101 0002`, 'corrupt'],
    ['a demixing matrix', `${MAGIC}01 04 3801 80bb0000 0000 03 0202 00010203`, 'unsupported'],
    ['an early end', `${MAGIC}01 06 3801 80bb0000 0000 01 0402 0004010203`, 'truncated'],
  ])('refused: %s', (_, head, code) => {
    expect(() => parseOpusHead(bytesOf(head))).toThrow(expect.objectContaining({ code }));
  });
});

/** Milliseconds by configuration number: RFC 6716, Table 2. */
const SILK = [10, 20, 40, 60];
const CELT = [2.5, 5, 10, 20];
const FRAME_MS = [...SILK, ...SILK, ...SILK, 10, 20, 10, 20, ...CELT, ...CELT, ...CELT, ...CELT];

describe('how long a packet lasts', () => {
  test.each(FRAME_MS.map((ms, configuration) => ({ configuration, ms })))('configuration $configuration', ({
    configuration,
    ms,
  }) => {
    const toc = configuration * 8;
    const samples = ms * 48;
    expect(opusPacketSamples(Uint8Array.of(toc))).toBe(samples);
    expect(opusPacketSamples(Uint8Array.of(toc + 4))).toBe(samples);
    expect(opusPacketSamples(Uint8Array.of(toc + 1))).toBe(2 * samples);
    expect(opusPacketSamples(Uint8Array.of(toc + 2))).toBe(2 * samples);
    expect(opusPacketSamples(Uint8Array.of(toc + 3, 2))).toBe(2 * samples);
    expect(opusPacketSamples(Uint8Array.of(toc + 3, 0xc0 + 120 / Math.max(ms, 2.5)))).toBe(5760);
  });

  /** First bytes of packets of libopus, and the frame_duration that it was asked for. */
  test.each([
    ['f8b4f0', 20],
    ['e47a54', 2.5],
    ['ff83fe', 60],
    ['dc7c9e', 20],
    ['bafc04', 40],
    ['ff06ed', 120],
  ])('%s of an encoder: %d ms', (packet, ms) => {
    expect(opusPacketSamples(bytesOf(packet))).toBe(ms * 48);
  });

  test.each([
    ['nothing', ''],
    ['no frames', 'fb00'],
    ['an early end', 'fb'],
    ['more than 120 ms', 'fb07'],
  ])('none: %s', (_, packet) => {
    expect(opusPacketSamples(bytesOf(packet))).toBeNull();
  });
});

const headOf = (dOps: string) => parseDops(bytesOf(dOps));
const MONO = headOf('00 01 0138 0000bb80 0000 00');
const STEREO = headOf('00 02 0138 0000bb80 0000 00');
const SURROUND = headOf('00 06 0138 0000bb80 0000 01 0402 000401020305');

describe('packets of silence', () => {
  test.each([
    { name: '20 ms, mono', head: MONO, samples: 960, packet: 'f8 fffe' },
    { name: '20 ms, stereo', head: STEREO, samples: 960, packet: 'fc fffe' },
    { name: '2.5 ms', head: STEREO, samples: 120, packet: 'e4 fffe' },
    { name: '60 ms in three frames', head: STEREO, samples: 2880, packet: 'ff 03 fffe fffe fffe' },
    { name: '7.5 ms', head: MONO, samples: 360, packet: 'e3 03 fffe fffe fffe' },
    {
      name: 'four streams, all but the last with their lengths',
      head: SURROUND,
      samples: 960,
      packet: 'fc02fffe fc02fffe f802fffe f8fffe',
    },
    {
      name: 'streams of two frames',
      head: SURROUND,
      samples: 1920,
      packet: 'ff0202fffefffe ff0202fffefffe fb0202fffefffe fb02fffefffe',
    },
  ])('$name', ({ head, samples, packet }) => {
    expect(hexOf(silentOpusPacket(head, samples) ?? new Uint8Array())).toBe(packet.replaceAll(' ', ''));
  });

  test('every multiple of 2.5 ms up to 120 ms, and nothing else', () => {
    for (let samples = -120; samples <= 6000; samples += 60) {
      const packet = silentOpusPacket(STEREO, samples);
      const isPossible = samples > 0 && samples <= 5760 && samples % 120 === 0;
      expect(packet === null ? null : opusPacketSamples(packet)).toBe(isPossible ? samples : null);
    }
    expect(silentOpusPacket(STEREO, 960.5)).toBeNull();
  });
});
