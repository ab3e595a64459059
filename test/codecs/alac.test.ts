import { describe, expect, test } from 'vitest';
import { alacRecord, readAlacCookie, silentAlacFrame } from '../../src/codecs/alac.ts';
import { bytesOf, hexOf } from '../helpers/hex.ts';
import { expectMediaErrors } from '../helpers/mutations.ts';

/** The alac box behind version and flags of `ffmpeg -f lavfi -i aevalsrc=… -c:a alac … out.mp4`. */
const ENCODED = [
  { record: '00001000 00 18 280a0e 01 0000 00003004 0002ee00 00001f40', channels: 1, rate: 8000 },
  { record: '00001000 00 18 280a0e 02 0000 00006004 00232800 0000bb80', channels: 2, rate: 48_000 },
  { record: '00001000 00 18 280a0e 02 0000 00006004 00204cc0 0000ac44', channels: 2, rate: 44_100 },
  { record: '00001000 00 18 280a0e 06 0000 00012004 00d2f000 00017700', channels: 6, rate: 96_000 },
  { record: '00001000 00 18 280a0e 08 0000 00018004 008ca000 0000bb80', channels: 8, rate: 48_000 },
];

const STEREO = '00001000 00 10 280a0e 02 00ff 00000000 00000000 0000ac44';
const FORMAT_ATOM = '0000000c 66726d61 616c6163';
const CONFIG_ATOM = '00000024 616c6163 00000000';
const LAYOUT_ATOM = '00000018 6368616e 00000000 00650002 00000000 00000000';

describe('magic cookie', () => {
  test.each(ENCODED)('$channels channels, $rate Hz', ({ record, channels, rate }) => {
    const cookie = readAlacCookie(bytesOf(record));
    expect(cookie).toMatchObject({ frameLength: 4096, bitDepth: 24, channels, sampleRate: rate });
    expect(cookie).toMatchObject({ historyMultiplier: 40, initialHistory: 10, riceLimit: 14 });
    expect(hexOf(alacRecord(cookie))).toBe(record.replaceAll(' ', ''));
    expectMediaErrors(bytesOf(record), readAlacCookie);
  });

  test.each([
    ['bare', STEREO],
    ['with a channel layout behind', STEREO + LAYOUT_ATOM],
    ['in a configuration atom', CONFIG_ATOM + STEREO],
    ['in both atoms', FORMAT_ATOM + CONFIG_ATOM + STEREO + LAYOUT_ATOM],
  ])('%s', (_, bytes) => {
    expect(hexOf(alacRecord(readAlacCookie(bytesOf(bytes))))).toBe(STEREO.replaceAll(' ', ''));
    expectMediaErrors(bytesOf(bytes), readAlacCookie);
  });

  test.each([
    ['no samples in a frame', STEREO.replace('00001000', '00000000'), 'corrupt'],
    ['frames beyond all measure', STEREO.replace('00001000', '00010001'), 'corrupt'],
    ['17 bits', STEREO.replace(' 10 ', ' 11 '), 'corrupt'],
    ['no channels', STEREO.replace(' 02 ', ' 00 '), 'corrupt'],
    ['nine channels', STEREO.replace(' 02 ', ' 09 '), 'corrupt'],
    ['no rate', STEREO.replace('0000ac44', '00000000'), 'corrupt'],
    ['an early end', STEREO.slice(0, -2), 'truncated'],
  ])('refused: %s', (_, bytes, code) => {
    expect(() => readAlacCookie(bytesOf(bytes))).toThrow(expect.objectContaining({ code }));
  });
});

describe('silent frames', () => {
  const record = bytesOf(STEREO);

  test('are small', () => {
    expect(silentAlacFrame(record, 4096)?.length).toBeLessThan(20);
  });

  test('partial ones carry their length in 32 bits behind 23 of the header', () => {
    const frame = silentAlacFrame(record, 1000) ?? new Uint8Array();
    // CPE 0, 12 unused bits, partial, no shift, no escape; 1000.
    const head = `001 0000 000000000000 1 00 0 ${(1000).toString(2).padStart(32, '0')}`.replaceAll(' ', '');
    const bits = [...frame].map((byte) => byte.toString(2).padStart(8, '0')).join('');
    expect(bits.slice(0, head.length)).toBe(head);
  });

  test.each([0, -1, 4097])('none of %d samples where frames have 4096', (samples) => {
    expect(silentAlacFrame(record, samples)).toBeNull();
  });

  test('none for a coder without remainders', () => {
    expect(silentAlacFrame(bytesOf(STEREO.replace('280a0e', '280a00')), 4096)).toBeNull();
  });
});
