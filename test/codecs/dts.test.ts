import { describe, expect, test } from 'vitest';
import { parseDtsHeader } from '../../src/codecs/dts.ts';
import { bytesOf } from '../helpers/hex.ts';
import { expectMediaErrors } from '../helpers/mutations.ts';

const row = (header: string, sampleRate: number, channels: number, samples = 512) => ({
  header,
  sampleRate,
  channels,
  samples,
});

/** Beginnings of frames of `ffmpeg -f lavfi -i sine=r=… -ac … -c:a dca -strict -2 out.mkv`. */
const ENCODED = [
  row('7ffe8001fc3c75b036c001380001ef836fff', 48_000, 1),
  row('7ffe8001fc3c75b0b6c001380003ef7fe006', 48_000, 2),
  row('7ffe8001fc3c75b236c001380007ef7bdfff', 48_000, 4),
  row('7ffe8001fc3c75b276c001380009ef7bdeff', 48_000, 5),
  row('7ffe8001fc3c75b276c005380009ef7bdeff', 48_000, 6),
  row('7ffe8001fc3ec1b086c001380003ef7fe006', 8000, 2),
  row('7ffe8001fc3d60f08ac001380003ef7fe006', 16_000, 2),
  row('7ffe8001fc3cfff09ec001380003ef7fe006', 22_050, 2),
  row('7ffe8001fc3cb0708ec001380003ef7fe006', 32_000, 2),
  row('7ffe8001fc3c7ff0a2c001380003ef7fe006', 44_100, 2),
];

/** The second one in the other forms that TS 102 114 has for a core: low byte first, words of 14 bits. */
const REPACKED = [
  row('fe7f01803cfcb075c0b6380103007fef06e0', 48_000, 2),
  row('1fffe80007f0fc75ec2dec0004e00003fbdffe00', 48_000, 2),
  row('ff1f00e8f00775fc2dec00ece0040300dffb00fe', 48_000, 2),
];

/** By hand. */
const frame = ({ nblks = 15, fsize = 1000, amode = 2, sfreq = 13, lff = 0 }) => {
  const fields: readonly (readonly [number, number])[] = [
    [0x7ffe, 16],
    [0x8001, 16],
    [0b1_11111_0, 7],
    [nblks, 7],
    [fsize, 14],
    [amode, 6],
    [sfreq, 4],
    [0, 15],
    [lff, 2],
    [0, 41],
  ];
  const bits = fields.map(([value, size]) => value.toString(2).padStart(size, '0')).join('');
  return Uint8Array.from(bits.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2));
};

const fails = (code: string) => expect.objectContaining({ code });

describe('core headers', () => {
  test.each([...ENCODED, ...REPACKED])('$header', ({ header, ...expected }) => {
    expect(parseDtsHeader(bytesOf(header))).toEqual(expected);
    expectMediaErrors(bytesOf(header), parseDtsHeader);
  });

  test.each([
    { name: 'longest', fields: { nblks: 127 }, expected: [48_000, 2, 4096] },
    { name: 'shortest', fields: { nblks: 5, fsize: 95 }, expected: [48_000, 2, 192] },
    { name: '12 kHz', fields: { sfreq: 11 }, expected: [12_000, 2, 512] },
    { name: '11.025 kHz', fields: { sfreq: 6 }, expected: [11_025, 2, 512] },
    { name: '24 kHz', fields: { sfreq: 12 }, expected: [24_000, 2, 512] },
    { name: 'low frequencies by 128', fields: { lff: 1 }, expected: [48_000, 3, 512] },
    { name: 'low frequencies by 64', fields: { lff: 2 }, expected: [48_000, 3, 512] },
    { name: 'eight channels', fields: { amode: 15, lff: 2 }, expected: [48_000, 9, 512] },
  ])('$name', ({ fields, expected }) => {
    const { sampleRate, channels, samples } = parseDtsHeader(frame(fields));
    expect([sampleRate, channels, samples]).toEqual(expected);
  });

  test('channels by AMODE', () => {
    const counts = Array.from({ length: 16 }, (_, amode) => parseDtsHeader(frame({ amode })).channels);
    expect(counts).toEqual([1, 2, 2, 2, 2, 3, 3, 4, 4, 5, 6, 6, 6, 7, 8, 8]);
  });

  test.each([
    ['nothing', new Uint8Array(0), 'corrupt'],
    ['another sync', bytesOf('0b77000000000000000000000000'), 'corrupt'],
    ['cut off', frame({}).subarray(0, 10), 'corrupt'],
    ['too few blocks', frame({ nblks: 4 }), 'corrupt'],
    ['too few bytes', frame({ fsize: 94 }), 'corrupt'],
    ['SFREQ 0', frame({ sfreq: 0 }), 'corrupt'],
    ['SFREQ 15', frame({ sfreq: 15 }), 'corrupt'],
    ['LFF 3', frame({ lff: 3 }), 'corrupt'],
    ['channels of its own', frame({ amode: 16 }), 'unsupported'],
    ['an extension substream alone', bytesOf('6458202500000000'), 'unsupported'],
  ])('refused: %s', (_, bytes, code) => {
    expect(() => parseDtsHeader(bytes)).toThrow(fails(code));
  });
});
