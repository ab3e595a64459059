import { describe, expect, test } from 'vitest';
import { ac3FrameBytes, dac3Record, parseAc3Frame, parseDac3 } from '../../src/codecs/ac3.ts';
import { silentAc3Frame } from '../../src/codecs/ac3-silence.ts';
import { BitWriter } from '../../src/core/bits.ts';
import { bytesOf, hexOf } from '../helpers/hex.ts';
import { expectMediaErrors } from '../helpers/mutations.ts';

/**
 * Beginnings of frames, and the dac3 that ffmpeg 5.1 writes for them: `ffmpeg -f lavfi -i aevalsrc=… -c:a ac3
 * -b:a … out.mp4`. Frame sizes are those of its packets.
 */
const ENCODED = [
  { name: 'mono 32k', head: '0b77ee4a00402f842b01', dac3: '100800', rate: 48_000, channels: 1, size: 128 },
  { name: 'stereo 192k', head: '0b773b43144043e106f4', dac3: '101140', rate: 48_000, channels: 2, size: 768 },
  { name: '44.1 kHz', head: '0b773c6c504043e106f2', dac3: '501100', rate: 44_100, channels: 2, size: 556 },
  { name: 'a word more', head: '0b7782be514043e106f2', dac3: '501100', rate: 44_100, channels: 2, size: 558 },
  { name: '32 kHz', head: '0b772821a44043e106bf', dac3: '901240', rate: 32_000, channels: 2, size: 3840 },
  { name: '3.0', head: '0b773e7318406be103bf', dac3: '101980', rate: 48_000, channels: 3, size: 1024 },
  { name: '2/1', head: '0b77483e18408be103bf', dac3: '102180', rate: 48_000, channels: 3, size: 1024 },
  { name: '3/1', head: '0b77773a1a40aaf8407b', dac3: '1029a0', rate: 48_000, channels: 4, size: 1280 },
  { name: '2/2', head: '0b77db9b1a40cbe101ef', dac3: '1031a0', rate: 48_000, channels: 4, size: 1280 },
  { name: '5.0', head: '0b770c0e1c40eaf8403e', dac3: '1039c0', rate: 48_000, channels: 5, size: 1536 },
  { name: '5.1', head: '0b77b1b61e40ebf8403e', dac3: '103de0', rate: 48_000, channels: 6, size: 1792 },
  { name: '5.1 640k', head: '0b7720a66440ebf8403e', dac3: '503e40', rate: 44_100, channels: 6, size: 2786 },
  { name: '2.1', head: '0b7749848c4047e106f1', dac3: '9014c0', rate: 32_000, channels: 3, size: 576 },
];

/** Made by hand: fscod 0, frmsizecod 20 (192 kbit/s), then bsid, bsmod, acmod 2 and its dsurmod. */
const BY_HAND = [
  { name: 'dual mono', head: '0b770000 14 40 0000', dac3: '100140', rate: 48_000, channels: 2, size: 768 },
  { name: 'half rate', head: '0b770000 14 48 4000', dac3: '121140', rate: 24_000, channels: 2, size: 768 },
  { name: 'quarter rate', head: '0b770000 14 50 4000', dac3: '141140', rate: 12_000, channels: 2, size: 768 },
  { name: 'bsid 6', head: '0b770000 14 30 4000', dac3: '0c1140', rate: 48_000, channels: 2, size: 768 },
  { name: 'bsmod 5', head: '0b770000 14 45 4000', dac3: '115140', rate: 48_000, channels: 2, size: 768 },
];

describe('AC-3 frames', () => {
  test.each([...ENCODED, ...BY_HAND])('$name', ({ head, dac3, rate, channels, size }) => {
    const frame = bytesOf(head);
    const expected = { sampleRate: rate, channels, frameBytes: size, samples: 1536 };
    expect(parseAc3Frame(frame)).toMatchObject(expected);
    expect(hexOf(dac3Record(frame))).toBe(dac3);
    const { fscod, bsid, bsmod, acmod, lfeon, frmsizecod } = parseAc3Frame(frame);
    expect(parseDac3(bytesOf(dac3))).toEqual({
      ...{ fscod, bsid, bsmod, acmod, lfeon },
      bitRateCode: frmsizecod >> 1,
    });
    expectMediaErrors(frame, dac3Record);
    expectMediaErrors(bytesOf(dac3), silentAc3Frame);
  });

  test.each([
    ['another syncword', '0b78 0000 14 40 4000'],
    ['fscod 3', '0b77 0000 d4 40 4000'],
    ['frmsizecod 38', '0b77 0000 26 40 4000'],
    ['bsid 11', '0b77 0000 14 58 4000'],
    ['an early end', '0b77 0000 14 40'],
  ])('none: %s', (_, hex) => {
    expect(() => parseAc3Frame(bytesOf(hex))).toThrow(expect.objectContaining({ code: 'corrupt' }));
  });

  test.each([
    ['bit_rate_code 19', '101260'],
    ['fscod 3', 'd01140'],
    ['bsid 16', '201140'],
    ['an early end', '1011'],
  ])('no dac3: %s', (_, hex) => {
    expect(() => parseDac3(bytesOf(hex))).toThrow(expect.objectContaining({ code: 'corrupt' }));
  });

  /** Words of 16 bits: Table 4.13. */
  test.each([
    { code: 0, words: [64, 69, 96] },
    { code: 1, words: [64, 70, 96] },
    { code: 16, words: [256, 278, 384] },
    { code: 17, words: [256, 279, 384] },
    { code: 30, words: [896, 975, 1344] },
    { code: 37, words: [1280, 1394, 1920] },
  ])('frmsizecod $code', ({ code, words }) => {
    expect([0, 1, 2].map((fscod) => ac3FrameBytes(fscod, code))).toEqual(words.map((count) => count * 2));
  });
});

/** The check of x^16 + x^15 + x^2 + 1 by long division, bit by bit. */
function remainder(bytes: Uint8Array): number {
  let register = 0;
  for (const byte of bytes)
    for (let bit = 7; bit >= 0; bit--) {
      register = register * 2 + ((byte >> bit) & 1);
      if (register >= 0x10000) register ^= 0x18005;
    }
  return register;
}

/** First 5/8 of the frame and the whole, both behind the syncword: 6.10.1. */
const checks = (frame: Uint8Array): number[] => {
  const words = frame.length / 2;
  const border = 2 * (Math.floor(words / 2) + Math.floor(words / 8));
  return [remainder(frame.subarray(2, border)), remainder(frame.subarray(2))];
};

/** `ffmpeg -f lavfi -i 'aevalsrc=0.3*sin(400*2*PI*t):s=48000:d=0.1' -c:a ac3 -b:a 32k -f ac3 -`, its first frame. */
const FFMPEG_FRAME = `
  0b77ee4a00402f842b0153f6875dfbe32fe82c10d6dfd874dfbe91f7dcfadece8d66d78b991b4b895b2d71c48ab229519576
  0013213232a2881015877f9c1f3eaefa1be7cfabbe7cf9f3ea6f9f3e7c02d018400656ff55c9004b540556870b26a920014d
  bfe3abd337d494030cfbe6435c71de808052733c3c9ac0cb1800daf0
`;

describe('silent frames', () => {
  test('ffmpeg computes both checks as this test does', () => {
    expect(checks(bytesOf(FFMPEG_FRAME.replaceAll('\n', '')))).toEqual([0, 0]);
  });

  const layouts = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((acmod) => [0, 1].map((lfe) => ({ acmod, lfe })));
  test.each(layouts)('acmod $acmod, lfeon $lfe', ({ acmod, lfe }) => {
    for (let fscod = 0; fscod < 3; fscod++)
      for (let code = 0; code < 19; code++) {
        const head = new BitWriter().u(fscod, 2).u(8, 5).u(2, 3).u(acmod, 3);
        const record = head.u(lfe, 1).u(code, 5).u(0, 5).bytes();
        const frame = silentAc3Frame(record);
        expect(frame.length).toBe(ac3FrameBytes(fscod, code * 2));
        expect(hexOf(dac3Record(frame))).toBe(hexOf(record));
        expect(checks(frame)).toEqual([0, 0]);
        // A second syncword at the end would be met first by who searches backwards.
        expect(hexOf(frame.subarray(-2))).not.toBe('0b77');
      }
  });
});
