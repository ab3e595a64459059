import { describe, expect, test } from 'vitest';
import {
  dfLaRecord,
  flacFrameSamples,
  readDfLaStreamInfo,
  readFlacPrivate,
  silentFlacFrame,
} from '../../src/codecs/flac.ts';
import { bytesOf, hexOf } from '../helpers/hex.ts';
import { expectMediaErrors } from '../helpers/mutations.ts';

const MD5 = '00'.repeat(16);

/** dfLa behind version and flags of `ffmpeg -f lavfi -i aevalsrc=… -c:a flac … out.mp4`; ffmpeg writes no MD5 there. */
const ENCODED = [
  {
    record: '80000022 0240 0240 000000 0006d6 01f40170 00000000',
    block: 576,
    rate: 8000,
    channels: 1,
    bits: 24,
  },
  {
    record: '80000022 1200 1200 000000 006e5a 0bb80370 00000000',
    block: 4608,
    rate: 48_000,
    channels: 2,
    bits: 24,
  },
  {
    record: '80000022 1000 1000 000000 00621a 0ac44370 00000000',
    block: 4096,
    rate: 44_100,
    channels: 2,
    bits: 24,
  },
  {
    record: '80000022 2000 2000 000000 02402a 17700b70 00000000',
    block: 8192,
    rate: 96_000,
    channels: 6,
    bits: 24,
  },
  {
    record: '80000022 00c0 00c0 000000 001232 2ee00f70 00000000',
    block: 192,
    rate: 192_000,
    channels: 8,
    bits: 24,
  },
  {
    record: '80000022 03e8 03e8 000000 001807 05622370 00000000',
    block: 1000,
    rate: 22_050,
    channels: 2,
    bits: 24,
  },
  {
    record: '80000022 012c 012c 000000 000aaa 093a8570 00000000',
    block: 300,
    rate: 37_800,
    channels: 3,
    bits: 24,
  },
];

/** 16 bits, variable blocks: by hand from RFC 9639, 8.2. */
const VARIABLE = `80000022 0010 1200 00000e 001234 0ac442f0 00000001 ${'ab'.repeat(16)}`;

describe('STREAMINFO', () => {
  test.each(ENCODED)('$rate Hz, $channels channels, blocks of $block', ({ record, block, ...rest }) => {
    const bytes = bytesOf(record + MD5);
    expect(readDfLaStreamInfo(bytes)).toEqual({
      minBlockSize: block,
      maxBlockSize: block,
      sampleRate: rest.rate,
      channels: rest.channels,
      bitsPerSample: rest.bits,
    });
    expect(hexOf(dfLaRecord(readFlacPrivate(bytes)))).toBe(hexOf(bytes));
    expectMediaErrors(bytes, (mutant) => silentFlacFrame(mutant, block));
  });

  const record = bytesOf(VARIABLE);
  const info = hexOf(record).slice(8);
  test.each([
    { name: 'a file up to its first frame', bytes: `664c6143${hexOf(record)}` },
    { name: 'with other blocks behind', bytes: `664c6143 00000022 ${info} 84000004 00000000` },
    { name: 'one block without the magic', bytes: VARIABLE },
    { name: 'bare', bytes: info },
    { name: 'longer than known', bytes: `664c6143 80000024 ${info} 0000` },
  ])('private data: $name', ({ bytes }) => {
    const header = readFlacPrivate(bytesOf(bytes));
    expect(header.streamInfo).toEqual({
      ...{ minBlockSize: 16, maxBlockSize: 4608, sampleRate: 44_100, channels: 2, bitsPerSample: 16 },
    });
    expect(hexOf(dfLaRecord(header))).toBe(hexOf(record));
    expectMediaErrors(bytesOf(bytes), readFlacPrivate);
  });

  test.each([
    ['another block first', `664c6143 84000022 ${info}`, 'corrupt'],
    ['a short block', `664c6143 80000021 ${info}`, 'corrupt'],
    ['an early end', `664c6143 80000022 ${info.slice(2)}`, 'truncated'],
    ['no rate', info.replace('0ac442f0', '000002f0'), 'corrupt'],
    ['blocks below 16', info.replace('0010', '000f'), 'corrupt'],
    ['a maximum below the minimum', info.replace('00101200', '12000010'), 'corrupt'],
    ['three bits', info.replace('0ac442f0', '0ac44220'), 'corrupt'],
  ])('refused: %s', (_, bytes, code) => {
    expect(() => readFlacPrivate(bytesOf(bytes))).toThrow(expect.objectContaining({ code }));
  });
});

describe('samples of a frame', () => {
  /** First bytes of packets of ffmpeg's encoder, and the -frame_size that it was asked for. */
  test.each([
    ['fff8240c009e4e00', 576],
    ['fff85a1c00824c00', 4608],
    ['fff8c91c01914c1f', 4096],
    ['fff8db5c01be4c1c', 8192],
    ['fff81c7c01c0f64e', 192],
    ['fff8761c0103e781', 1000],
    ['fff8861c01504ee1', 256],
    ['fff87e2c01012b0e', 300],
  ])('%s: %d', (frame, samples) => {
    expect(flacFrameSamples(bytesOf(frame))).toBe(samples);
  });

  /** By code: RFC 9639, 9.1.1. */
  const CODES = [
    null,
    192,
    576,
    1152,
    2304,
    4608,
    0x56,
    0x5679,
    256,
    512,
    1024,
    2048,
    4096,
    8192,
    16_384,
    32_768,
  ];
  test.each(CODES.map((samples, code) => ({ code, samples })))('code $code', ({ code, samples }) => {
    const frame = (number: string) => bytesOf(`fff9 ${code.toString(16)}0 00 ${number}`);
    // The number is coded in 1 to 7 bytes, then stands 0x5678; of one byte 0x55 + 1.
    const size = code === 6 ? '5500' : '5678';
    for (const number of ['05', 'c285', 'e08085', 'f0808085', 'f880808085', 'fc8080808085', 'fe808080808085'])
      expect(flacFrameSamples(frame(number + size))).toBe(samples);
  });

  test.each([
    ['nothing', ''],
    ['no sync code', 'fff0c91c0091'],
    ['a size that is cut off', 'fff8701c0056'],
  ])('none: %s', (_, frame) => {
    expect(flacFrameSamples(bytesOf(frame))).toBeNull();
  });
});

describe('silent frames', () => {
  const record = bytesOf(VARIABLE);

  test.each([16, 576, 1000, 4608])('last what they shall: %d', (samples) => {
    const frame = silentFlacFrame(record, samples) ?? new Uint8Array();
    expect(flacFrameSamples(frame)).toBe(samples);
  });

  test.each([0, -1, 4609])('none of %d samples where blocks have 16 to 4608', (samples) => {
    expect(silentFlacFrame(record, samples)).toBeNull();
  });
});
