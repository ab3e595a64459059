import { beforeEach, describe, expect, test } from 'vitest';
import { openBareAudio } from '../../../parsers/bare-audio/demuxer.ts';
import { readInfoFrame } from '../../../parsers/bare-audio/info-frame.ts';
import { createMpegDecoder } from '../../../src/audio/mpeg-decoder.ts';
import { memorySource } from '../../../src/core/bytes.ts';
import { needsFfmpeg } from '../../helpers/ffmpeg.ts';
import { expectMediaErrors } from '../../helpers/mutations.ts';
import { makeSound, NEVER, read } from '../audio-file/sound-files.ts';

beforeEach(needsFfmpeg);

const mp3 = (...options: string[]) => ['-c:a', 'libmp3lame', ...options, '-id3v2_version', '0', '-f', 'mp3'];

/** The first channel of all frames, each where its time says. */
async function heard(file: Uint8Array, rate: number): Promise<Map<number, number>> {
  const demuxer = await openBareAudio(memorySource(file), NEVER);
  const decoder = await createMpegDecoder();
  const samples = new Map<number, number>();
  const { start, end } = demuxer.payload;
  for await (const batch of demuxer.samples({ start, soft: end, end, tracks: new Set([1]) }, NEVER))
    for (const { data, time, discard = 0 } of batch.samples) {
      const [plane] = decoder.decode(data, 0)?.channels ?? [];
      const kept = (plane?.length ?? 0) - Math.round((discard * rate) / 1e9);
      const at = Math.round((time * rate) / 1e9);
      plane?.subarray(0, kept).forEach((value, i) => {
        samples.set(at + i, value);
      });
    }
  decoder.close();
  return samples;
}

describe.each([
  { name: 'constant', rate: 44_100, channels: 2, options: ['-b:a', '192k'] },
  { name: 'variable', rate: 44_100, channels: 2, options: ['-q:a', '2'] },
  { name: 'MPEG-2, mono', rate: 24_000, channels: 1, options: ['-b:a', '64k'] },
])('$name', ({ rate, channels, options }) => {
  test('sound begins at 0 and ends where it was encoded to', async () => {
    const seconds = 1.2345;
    const file = makeSound({ rate, channels, seconds, output: mp3(...options) });
    const demuxer = await openBareAudio(memorySource(file), NEVER);
    const [track] = demuxer.tracks;
    const delay = track?.kind === 'audio' ? track.codecDelay : 0;
    expect(Math.round((delay * rate) / 1e9)).toBe(1105);
    const { samples } = await read(demuxer);
    expect(samples[0]?.time).toBe(-delay);
    expect((demuxer.duration ?? 0) / 1e9).toBeCloseTo(Math.round(seconds * rate) / rate, 8);
    expect(samples.at(-1)?.discard).toBeGreaterThan(0);
  });

  test('what is heard at a time is what was encoded for it', async () => {
    const file = makeSound({ rate, channels, seconds: 1.2345, output: mp3(...options) });
    const sound = await heard(file, rate);
    const at = (n: number) =>
      0.4 * Math.sin((300 * 2 * Math.PI * n) / rate) * (0.5 + 0.5 * Math.sin((2 * Math.PI * n) / rate));
    const differs = (lag: number) => {
      let sum = 0;
      for (let n = 2000; n < 4000; n++) sum += ((sound.get(n + lag) ?? 0) - at(n)) ** 2;
      return sum;
    };
    const lags = Array.from({ length: 41 }, (_, i) => i - 20);
    const best = lags.reduce((found, lag) => (differs(lag) < differs(found) ? lag : found), 20);
    expect(best).toBe(0);
    expect(Math.max(...sound.keys())).toBe(Math.round(1.2345 * rate) - 1);
  });
});

test('padding counts only where no frame was lost', async () => {
  const file = makeSound({ output: mp3('-b:a', '128k') });
  const whole = await read(await openBareAudio(memorySource(file), NEVER));
  const cut = await read(await openBareAudio(memorySource(file.subarray(0, -1000)), NEVER));
  expect(whole.samples.at(-1)?.discard).toBeGreaterThan(0);
  expect(cut.samples.every(({ discard }) => discard === undefined)).toBe(true);
});

describe('info frames', () => {
  const frame = (at: number, text: string, rest: readonly number[]): Uint8Array => {
    const bytes = new Uint8Array(417);
    bytes.set([0xff, 0xfb, 0x90, 0x00]);
    bytes.set(
      [...text].map((char) => char.charCodeAt(0)),
      at,
    );
    bytes.set(rest, at + text.length);
    return bytes;
  };
  const lame = [...'LAME3.100'].map((char) => char.charCodeAt(0));
  const ROWS = [
    {
      name: 'Xing with everything',
      bytes: frame(36, 'Xing', [
        0,
        0,
        0,
        15,
        0,
        0,
        1,
        2,
        0,
        0,
        9,
        9,
        ...Array<number>(104).fill(7),
        ...lame,
        ...Array<number>(12).fill(0),
        0x24,
        0x05,
        0x67,
      ]),
      info: { frames: 258, delay: 0x240, padding: 0x567, encoder: 'LAME3.100' },
    },
    {
      name: 'Info without a word',
      bytes: frame(36, 'Info', [0, 0, 0, 0]),
      info: { frames: null, delay: null, padding: null, encoder: null },
    },
    {
      name: 'VBRI',
      bytes: frame(36, 'VBRI', [0, 1, 0, 0, 0, 75, 0, 0, 3, 3, 0, 0, 2, 1]),
      info: { frames: 513, delay: null, padding: null, encoder: null },
    },
    { name: 'sound', bytes: frame(40, 'Xing', []), info: null },
    {
      name: 'layer II',
      bytes: Uint8Array.from([0xff, 0xfd, 0x90, 0, ...frame(36, 'Xing', [0, 0, 0, 0]).subarray(4)]),
      info: null,
    },
  ];

  test.each(ROWS)('$name', ({ bytes, info }) => {
    expect(readInfoFrame(bytes)).toEqual(info);
  });

  test('damaged ones', () => {
    for (const { bytes } of ROWS) expectMediaErrors(bytes.subarray(0, 200), readInfoFrame);
  });
});
