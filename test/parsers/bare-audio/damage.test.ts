import { beforeEach, describe, expect, test } from 'vitest';
import { openBareAudio, scoreBareAudio } from '../../../parsers/bare-audio/demuxer.ts';
import { concat, memorySource } from '../../../src/core/bytes.ts';
import { MediaError } from '../../../src/core/errors.ts';
import { needsFfmpeg } from '../../helpers/ffmpeg.ts';
import { clusterStarts, mutantOf } from '../../helpers/mutants.ts';
import { expectSameFromAnywhere, makeSound, NEVER, pieces, read } from '../audio-file/sound-files.ts';

beforeEach(needsFfmpeg);

const open = (file: Uint8Array) => openBareAudio(memorySource(file), NEVER);
const KINDS = [
  { name: 'MP3', output: ['-c:a', 'libmp3lame', '-q:a', '3', '-f', 'mp3'] },
  { name: 'AAC', output: ['-c:a', 'aac', '-f', 'adts'] },
  { name: 'AC-3', output: ['-c:a', 'ac3', '-f', 'ac3'] },
  { name: 'E-AC-3', output: ['-c:a', 'eac3', '-f', 'eac3'] },
  { name: 'DTS', rate: 48_000, output: ['-c:a', 'dca', '-strict', '-2', '-f', 'dts'] },
];

describe.each(KINDS)('$name', (options) => {
  let made: Uint8Array | null = null;
  const file = () => {
    made ??= makeSound({ ...options, seconds: 1 });
    return made;
  };
  const positions = async () => (await read(await open(file()))).samples.map(({ position }) => position);

  test('bytes between frames are passed over and counted; no frame is lost', async () => {
    const whole = await read(await open(file()));
    const at = whole.samples[9]?.position ?? 0;
    const garbage = Uint8Array.from({ length: 1234 }, (_, i) => (i * 37 + (i >> 3)) & 255);
    const damaged = concat([file().subarray(0, at), garbage, file().subarray(at)]);
    const { samples, skipped } = await read(await open(damaged));
    expect(samples.map(({ crc, time }) => ({ crc, time }))).toEqual(
      whole.samples.map(({ crc, time }) => ({ crc, time })),
    );
    expect(skipped).toBe(garbage.length);
    await expectSameFromAnywhere((source) => openBareAudio(source, NEVER), pieces(damaged, 1000));
  });

  test('a hole costs the frames that it reaches', async () => {
    const whole = await read(await open(file()));
    const [from = 0, to = 0] = [8, 10].map((i) => whole.samples[i]?.position);
    const damaged = concat([file().subarray(0, from + 30), file().subarray(to + 30)]);
    const crcs = (await read(await open(damaged))).samples.map(({ crc }) => crc);
    const lost = whole.samples.filter(({ crc }) => !crcs.includes(crc));
    expect(lost.length).toBeLessThanOrEqual(4);
    expect(crcs.at(-1)).toBe(whole.samples.at(-1)?.crc);
  });

  test('a header that is damaged costs its frame, and one more at the most', async () => {
    const whole = await read(await open(file()));
    for (const bit of [0, 9, 20, 30, 37, 41]) {
      const damaged = file().slice();
      const at = (whole.samples[9]?.position ?? 0) + (bit >> 3);
      damaged[at] = (damaged[at] ?? 0) ^ (0x80 >> (bit & 7));
      const { samples } = await read(await open(damaged));
      expect(samples.length).toBeGreaterThanOrEqual(whole.samples.length - 2);
      // A length that is wrong makes bytes wait that are cut off.
      if (bit < 20)
        await expectSameFromAnywhere((source) => openBareAudio(source, NEVER), pieces(damaged, 1000));
    }
  });

  test('a stream that begins in the middle of a frame', async () => {
    const whole = await read(await open(file()));
    const cut = file().subarray((whole.samples[3]?.position ?? 0) + 20);
    expect(scoreBareAudio(cut)).toBe(0.2);
    const { samples, skipped } = await read(await open(cut));
    expect(samples.map(({ crc }) => crc)).toEqual(whole.samples.slice(4).map(({ crc }) => crc));
    expect(skipped).toBeGreaterThan(0);
  });

  test('anything may be damaged: it is read, or refused with a reason', async () => {
    const starts = [...(await positions()), ...clusterStarts(file())];
    for (let seed = 0; seed < 60; seed++) {
      const mutant = mutantOf(file(), seed, starts);
      try {
        scoreBareAudio(mutant);
        const { samples } = await read(await open(mutant));
        const times = samples.map(({ time }) => time);
        expect(times).toEqual([...times].sort((a, b) => a - b));
      } catch (error) {
        expect(error, `seed ${seed}`).toBeInstanceOf(MediaError);
      }
    }
  });
});

describe('what is none', () => {
  test.each([
    { name: 'nothing', bytes: new Uint8Array(0) },
    { name: 'zeros', bytes: new Uint8Array(300_000) },
    { name: 'ones', bytes: new Uint8Array(300_000).fill(255) },
    { name: 'text', bytes: new TextEncoder().encode('This is not sound. '.repeat(9000)) },
    { name: 'noise', bytes: Uint8Array.from({ length: 300_000 }, (_, i) => Math.imul(i, 2654435761) >>> 24) },
  ])('$name', async ({ bytes }) => {
    expect(scoreBareAudio(bytes.subarray(0, 256 * 1024))).toBe(0);
    await expect(open(bytes)).rejects.toMatchObject({ code: 'unsupported' });
  });

  test('free format says so', async () => {
    const frame = new Uint8Array(700).fill(0x55);
    frame.set([0xff, 0xfb, 0x00, 0x00]);
    await expect(open(concat(Array.from({ length: 20 }, () => frame)))).rejects.toThrow(/free format/);
  });

  test('an info frame and nothing behind it', async () => {
    const file = makeSound({
      seconds: 0.2,
      output: ['-c:a', 'libmp3lame', '-id3v2_version', '0', '-f', 'mp3'],
    });
    const { payload } = await open(file);
    await expect(open(file.subarray(0, payload.start))).rejects.toMatchObject({ code: 'truncated' });
  });
});
