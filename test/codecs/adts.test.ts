import { describe, expect, test } from 'vitest';
import { buildAudioSpecificConfig } from '../../src/codecs/aac.ts';
import { elementsOf } from '../../src/codecs/aac-elements.ts';
import { parseAdtsHeader, toAdts } from '../../src/codecs/adts.ts';
import { concat } from '../../src/core/bytes.ts';
import { encodeMatroska, readMatroska } from '../audio/matroska-packets.ts';
import { needsFfmpeg, run } from '../helpers/ffmpeg.ts';

const LC = 2;
const config = (samplingRate: number, channelConfiguration: number, objectType = LC) =>
  buildAudioSpecificConfig({ objectType, samplingRate, channelConfiguration });

test.each([
  { rate: 48_000, channels: 2, size: 10, expected: 'fff14c80023ffc' },
  { rate: 44_100, channels: 6, size: 0, expected: 'fff1518000fffc' },
  { rate: 96_000, channels: 1, size: 8191 - 7, expected: 'fff14043fffffc' },
  { rate: 7350, channels: 7, size: 1, expected: 'fff171c0011ffc' },
])('$rate Hz, $channels channels, $size bytes', ({ rate, channels, size, expected }) => {
  const adts = toAdts(new Uint8Array(size).fill(7), config(rate, channels));
  expect(Buffer.from(adts.subarray(0, 7)).toString('hex')).toBe(expected);
  expect(adts).toHaveLength(size + 7);
  expect(adts.subarray(7).every((byte) => byte === 7)).toBe(true);
});

/** Two channels of a program config element. */
const IN_BAND = buildAudioSpecificConfig({
  objectType: LC,
  samplingRate: 48_000,
  channelConfiguration: 0,
  elements: elementsOf(2),
});

const bitsOf = (adts: Uint8Array) => [...adts].map((byte) => byte.toString(2).padStart(8, '0')).join('');

test('the fields are where the specification has them', () => {
  const bits = bitsOf(toAdts(new Uint8Array(300), config(32_000, 3)));
  const field = (from: number, length: number) => Number.parseInt(bits.slice(from, from + length), 2);
  expect({
    sync: field(0, 12),
    id: field(12, 1),
    layer: field(13, 2),
    withoutCrc: field(15, 1),
    profile: field(16, 2),
    rate: field(18, 4),
    channels: field(23, 3),
    length: field(30, 13),
    fullness: field(43, 11),
    blocks: field(54, 2),
  }).toEqual({
    sync: 0xfff,
    id: 0,
    layer: 0,
    withoutCrc: 1,
    profile: 1,
    rate: 5,
    channels: 3,
    length: 307,
    fullness: 0x7ff,
    blocks: 0,
  });
});

test.each([
  { what: 'channels in the stream itself', record: IN_BAND, size: 10 },
  { what: 'a rate without a number', record: config(37_800, 2), size: 10 },
  { what: 'a frame of 8 KiB', record: config(48_000, 2), size: 8192 - 7 },
  { what: 'error resilience', record: config(48_000, 2, 17), size: 10 },
  {
    what: '960 samples',
    record: buildAudioSpecificConfig({
      objectType: LC,
      samplingRate: 48_000,
      channelConfiguration: 2,
      frameSize: 960,
    }),
    size: 10,
  },
])('ADTS has no form for $what', ({ record, size }) => {
  expect(() => toAdts(new Uint8Array(size), record)).toThrow(
    expect.objectContaining({ code: 'unsupported' }),
  );
});

test.each(['', '12', 'ffff'])('a broken record: %j', (hex) => {
  expect(() => toAdts(new Uint8Array(10), Buffer.from(hex, 'hex'))).toThrow(
    expect.objectContaining({ name: 'MediaError' }),
  );
});

test.for([
  { rate: 48_000, layout: 'stereo', channels: 2 },
  { rate: 44_100, layout: 'mono', channels: 1 },
  { rate: 48_000, layout: '5.1', channels: 6 },
])('ffprobe reads $layout at $rate Hz as it was', (form, context) => {
  needsFfmpeg(context);
  const { packets, codecPrivate } = readMatroska(encodeMatroska({ ...form, options: ['-c:a', 'aac'] }));
  const stream = concat(packets.map((packet) => toAdts(packet, codecPrivate)));
  const entries = [
    '-show_entries',
    'stream=codec_name,profile,sample_rate,channels:packet=size',
    '-of',
    'json',
  ];
  const { stdout, stderr } = run('ffprobe', [...entries, '-f', 'aac', '-i', '-'], stream);
  const told = JSON.parse(stdout.toString());
  expect(stderr).toBe('');
  expect(told.streams).toEqual([
    { codec_name: 'aac', profile: 'LC', sample_rate: `${form.rate}`, channels: form.channels },
  ]);
  expect(told.packets.map(({ size }: { size: string }) => Number(size))).toEqual(
    packets.map(({ length }) => length + 7),
  );
  const decoded = run('ffmpeg', ['-f', 'aac', '-i', '-', '-f', 'f32le', '-'], stream);
  expect(decoded.stderr).not.toMatch(/error|invalid/i);
  expect(decoded.stdout.length).toBe(packets.length * 1024 * form.channels * 4);
});

describe('parseAdtsHeader', () => {
  test.each([
    { rate: 48_000, channels: 2, size: 10 },
    { rate: 7350, channels: 7, size: 8191 - 7 },
    { rate: 22_050, channels: 1, size: 0 },
  ])('reads what toAdts wrote: $rate Hz, $channels channels, $size bytes', ({ rate, channels, size }) => {
    const adts = toAdts(new Uint8Array(size), config(rate, channels));
    const behind = concat([new Uint8Array(3), adts]);
    const expected = {
      objectType: LC,
      samplingRate: rate,
      channelConfiguration: channels,
      frameBytes: size + 7,
      headerBytes: 7,
      hasCrc: false,
      blocks: 1,
    };
    expect(parseAdtsHeader(adts)).toEqual(expected);
    expect(parseAdtsHeader(behind, 3)).toEqual(expected);
    expect(parseAdtsHeader(behind)).toBeNull();
  });

  test.each([
    { what: 'MPEG-2, an error check', hex: 'fff84c80023ffc', expected: { headerBytes: 9, hasCrc: true } },
    { what: 'four blocks', hex: 'fff14c80023fff', expected: { headerBytes: 7, blocks: 4 } },
    { what: 'four blocks with places', hex: 'fff04c80023fff', expected: { headerBytes: 15, blocks: 4 } },
  ])('$what', ({ hex, expected }) => {
    expect(parseAdtsHeader(Buffer.from(hex, 'hex'))).toMatchObject(expected);
  });

  test.each([
    { what: 'six bytes', hex: 'fff14c80023f' },
    { what: 'no sync word', hex: 'ffe14c80023ffc' },
    { what: 'a layer', hex: 'fff34c80023ffc' },
    { what: 'a rate that is none', hex: 'fff17480023ffc' },
    { what: 'a length below that of the header', hex: 'fff14c8000dffc' },
    { what: 'a length below that of header and error check', hex: 'fff04c8000fffc' },
  ])('null for $what', ({ hex }) => {
    expect(parseAdtsHeader(Buffer.from(hex, 'hex'))).toBeNull();
  });
});
