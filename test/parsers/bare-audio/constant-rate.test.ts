import { beforeEach, describe, expect, test } from 'vitest';
import { openBareAudio } from '../../../parsers/bare-audio/demuxer.ts';
import { concat, memorySource } from '../../../src/core/bytes.ts';
import type { Source } from '../../../src/core/contracts.ts';
import { needsFfmpeg } from '../../helpers/ffmpeg.ts';
import { loopedSource, makeSound, NEVER, read, type SoundOptions } from '../audio-file/sound-files.ts';

beforeEach(needsFfmpeg);

const open = (source: Source) => openBareAudio(source, NEVER);
const MEGABYTE = 1024 * 1024;
const BARE = ['-write_xing', '0', '-id3v2_version', '0', '-f', 'mp3'];

/** A file of some size that ffmpeg's one is repeated to: all frames of it are whole. */
const repeated = (file: Uint8Array, size: number) =>
  loopedSource(new Uint8Array(0), file, Math.floor(size / file.length) * file.length);

/** A second and a half: frames of 44.1 kHz with and without padding come out even. */
interface Row extends SoundOptions {
  readonly name: string;
  readonly frame: number;
}

const CONSTANT: readonly Row[] = [
  {
    name: 'MP3 at 48 kHz',
    rate: 48_000,
    output: ['-c:a', 'libmp3lame', '-b:a', '320k', ...BARE],
    frame: 1152,
  },
  { name: 'AC-3', rate: 48_000, channels: 6, output: ['-c:a', 'ac3', '-f', 'ac3'], frame: 1536 },
  { name: 'E-AC-3', rate: 48_000, output: ['-c:a', 'eac3', '-f', 'eac3'], frame: 1536 },
  { name: 'DTS', rate: 48_000, output: ['-c:a', 'dca', '-strict', '-2', '-f', 'dts'], frame: 512 },
  { name: 'MP2', rate: 48_000, output: ['-c:a', 'mp2', '-b:a', '384k', '-f', 'mp2'], frame: 1152 },
];

describe.each(CONSTANT)('$name of 200 MB', ({ frame, rate = 0, ...row }) => {
  test('opens with two ends and eight places, and counts frames by their places', async () => {
    const file = makeSound({ ...row, rate });
    const { samples: small } = await read(await open(memorySource(file)));
    const source = repeated(file, 200 * MEGABYTE);
    const demuxer = await open(source);
    expect(source.reads.length).toBeLessThanOrEqual(10);
    expect(source.reads.reduce((sum, { start, end }) => sum + end - start, 0)).toBeLessThan(1.5 * MEGABYTE);
    const rounds = (source.size ?? 0) / file.length;
    const seconds = (rounds * small.length * frame) / rate;
    expect((demuxer.duration ?? 0) / 1e9).toBeCloseTo(seconds, 6);
    const points = demuxer.seekPoints(1) ?? [];
    expect(points.length).toBeGreaterThan(seconds / 3);
    for (const at of [0, 1, 777, points.length - 1]) {
      const point = points.at(at);
      const { samples, skipped } = await read(demuxer, {
        start: point?.position ?? 0,
        end: (point?.position ?? 0) + 40_000,
      });
      expect(skipped).toBe(0);
      expect(samples[0]?.time).toBe(point?.time);
      const index = Math.round(((point?.time ?? 0) * rate) / 1e9 / frame);
      expect(samples.slice(0, 5).map(({ crc }) => crc)).toEqual(
        Array.from({ length: Math.min(5, samples.length) }, (_, i) => small[(index + i) % small.length]?.crc),
      );
    }
  });
});

describe.each([
  { name: 'MP3', seconds: 54, output: ['-c:a', 'libmp3lame', '-b:a', '320k', ...BARE], frame: 1152 },
  { name: 'AC-3', seconds: 28, output: ['-c:a', 'ac3', '-b:a', '640k', '-f', 'ac3'], frame: 1536 },
])('frames of $name with and without a slot more', ({ frame, ...options }) => {
  test('lie where their mean wants them', async () => {
    const file = makeSound(options);
    expect(file.length).toBeGreaterThan(2 * MEGABYTE);
    const source = loopedSource(file, file, file.length);
    const demuxer = await open(source);
    expect(source.reads.length).toBe(10);
    const { samples } = await read(demuxer);
    expect(new Set(samples.map(({ size }) => size)).size).toBe(2);
    samples.forEach(({ time }, i) => {
      expect(Math.abs(time - (i * frame * 1e9) / 44_100)).toBeLessThanOrEqual(1);
    });
    for (const point of demuxer.seekPoints(1) ?? []) {
      const found = await read(demuxer, { start: point.position, end: point.position + 8000 });
      expect(found.skipped).toBe(0);
      expect(found.samples[0]?.time).toBe(point.time);
    }
  });
});

describe('changing bit rate', () => {
  const VARIABLE = ['-c:a', 'libmp3lame', '-q:a', '4', ...BARE];

  test('is read once from its first to its last byte', async () => {
    const file = makeSound({ output: VARIABLE });
    const { samples } = await read(await open(memorySource(file)));
    const source = repeated(file, 6 * MEGABYTE);
    const demuxer = await open(source);
    const bytes = source.reads.reduce((sum, { start, end }) => sum + end - start, 0);
    expect(bytes).toBeLessThan((source.size ?? 0) + 600_000);
    const rounds = (source.size ?? 0) / file.length;
    expect((demuxer.duration ?? 0) / 1e9).toBeCloseTo((rounds * samples.length * 1152) / 44_100, 6);
    expect(demuxer.statistics.get(1)?.frames).toBe(rounds * samples.length);
    const [, , point] = demuxer.seekPoints(1) ?? [];
    expect((await read(demuxer, { start: point?.position ?? 0 })).samples[0]?.time).toBe(point?.time);
  });

  test('of a large file is served in order', async () => {
    const source = repeated(makeSound({ output: VARIABLE }), 130 * MEGABYTE);
    await expect(open(source)).rejects.toMatchObject({ code: 'unsupported', inOrderOnly: true });
    const demuxer = await openBareAudio(source, NEVER, { access: 'in order' });
    expect(demuxer.seekPoints(1)).toBeNull();
    expect((await read(demuxer, { end: 20_000 })).samples.length).toBeGreaterThan(10);
  });

  test.each([1, 3, 6])('is met in any of the places between the ends: %i', async (ninth) => {
    const constant = makeSound({ rate: 48_000, output: ['-c:a', 'libmp3lame', '-b:a', '320k', ...BARE] });
    const frame = constant.subarray(0, 960);
    const other = makeSound({ rate: 48_000, output: ['-c:a', 'libmp3lame', '-b:a', '256k', ...BARE] });
    const side = (count: number) => Array.from({ length: count }, () => constant);
    const file = concat([...side(ninth * 8), other, frame, ...side((9 - ninth) * 8)]);
    expect(file.length).toBeGreaterThan(2 * MEGABYTE);
    const demuxer = await open(memorySource(file));
    const { samples } = await read(demuxer);
    samples.forEach(({ time }, i) => {
      expect(Math.abs(time - (i * 1152 * 1e9) / 48_000)).toBeLessThanOrEqual(1);
    });
  });
});

test('a source of unknown size is served in order', async () => {
  await expect(open({ ...memorySource(new Uint8Array(9)), size: null })).rejects.toMatchObject({
    inOrderOnly: true,
  });
});
