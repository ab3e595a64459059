import { describe, expect, test } from 'vitest';
import { MediaError } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { LiveBudget } from '../../src/pipeline/live/budget.ts';
import { LiveStream } from '../../src/pipeline/live/live-stream.ts';
import { fixture, packetTable } from '../helpers/fixtures.ts';
import { cutAt } from '../helpers/matroska-edit.ts';
import { bytes } from '../helpers/matroska-writer.ts';
import { patternBytes } from '../helpers/upstream.ts';
import { type EndlessOptions, endlessFilm, LIVE_HEAD, secondOf } from './endless-film.ts';
import { wholeSegment } from './live-input.ts';
import { bytesOfRendition, counted, inChunks, OPTIONS, readFile, readLive } from './live-serve.ts';
import { readSegment } from './mp4-reader.ts';
import { NEVER } from './serve.ts';

const film = (options: EndlessOptions): Uint8Array => bytes([...endlessFilm(options)]);

/** Seconds of each segment. */
const lengths = (read: Awaited<ReturnType<typeof readFile>>): number[] =>
  read.segments.map(({ start, end }) => (end - start) / read.title.timeline.timescale);

const pictures = (read: Awaited<ReturnType<typeof readFile>>) =>
  bytesOfRendition(read, 'v0').flatMap((segment) => readSegment(segment).samples);

describe('what ends early', () => {
  test.each([0.3, 0.6, 0.97])('after %f of its bytes: what came whole is served', async (part) => {
    const read = await readFile(cutAt(fixture('bframes-aac'), part));
    expect(read.error).toBeNull();
    const table = packetTable('bframes-aac').filter(({ stream }) => stream === 0);
    const samples = pictures(read);
    expect(samples.map(({ crc32 }) => crc32)).toEqual(
      table.slice(0, samples.length).map(({ crc32 }) => crc32),
    );
    expect(samples.length / table.length).toBeGreaterThan(part - 0.15);
  });

  test('by an error: what came is served, and the reason told', async () => {
    const input = counted(function* () {
      yield* endlessFilm({ seconds: 11, pictureBytes: 5000 });
      throw new MediaError('upstream', 'The line was cut');
    });
    const read = await readLive(input);
    expect(read.error).toMatchObject({ code: 'upstream', message: 'The line was cut' });
    expect(pictures(read)).toHaveLength(11 * 25);
    const live = await LiveStream.open(
      { sequence: input, options: OPTIONS, budget: new LiveBudget() },
      { onIdle: () => undefined },
      NEVER,
    );
    expect((await wholeSegment(live, 'v0', read.segments.length - 1, NEVER)).length).toBeGreaterThan(0);
    await expect.poll(() => live.progress()).toMatchObject({ isEnded: true, failure: 'The line was cut' });
    live.close();
    expect(input.state.running).toBe(0);
  });

  test('by an error before the first packet: the error itself', async () => {
    const input = counted(function* () {
      yield LIVE_HEAD.subarray(0, 100);
      throw new MediaError('upstream', 'The line was cut');
    });
    await expect(readLive(input)).rejects.toMatchObject({ code: 'upstream' });
    expect(input.state.running).toBe(0);
  });
});

describe('what is nothing to play', () => {
  test.each([
    { name: 'nothing', file: new Uint8Array(0), code: 'truncated' },
    { name: 'noise', file: patternBytes(500_000), code: 'unsupported' },
    {
      name: 'a PNG',
      file: bytes(Uint8Array.of(0x89, 0x50, 0x4e, 0x47), new Uint8Array(1000)),
      code: 'unsupported',
    },
    { name: 'tracks without packets', file: LIVE_HEAD, code: 'truncated' },
  ])('$name: $code', async ({ file, code }) => {
    const input = counted(() => inChunks(file, 1000));
    await expect(readLive(input)).rejects.toMatchObject({ code });
    expect(input.state.running).toBe(0);
  });
});

describe('damage', () => {
  const whole = [LIVE_HEAD, ...Array.from({ length: 20 }, (_, second) => secondOf(second))];

  test.each([1, 60_000])('noise of %i bytes between clusters is passed over', async (length) => {
    const file = bytes(whole.map((part, i) => (i === 8 ? [patternBytes(length), part] : part)));
    const read = await readFile(file);
    expect(read.error).toBeNull();
    expect(read.title.ledger.total().skippedBytes).toBeGreaterThan(0);
    expect(pictures(read).length).toBeGreaterThanOrEqual(19 * 25);
  });

  test('a cluster that is noise costs itself', async () => {
    const file = bytes(whole.map((part, i) => (i === 8 ? patternBytes(part.length) : part)));
    const read = await readFile(file);
    expect(pictures(read)).toHaveLength(19 * 25);
    expect(lengths(read).reduce((sum, length) => sum + length, 0)).toBeCloseTo(20, 1);
  });
});

describe('stamps that cannot be meant', () => {
  const DAY = 24 * 3600 * 1000;

  test.each([
    { name: 'a cluster ten days ahead', stampOf: (n: number) => n * 1000 + (n === 8 ? 10 * DAY : 0) },
    {
      name: 'a cluster ten minutes back',
      stampOf: (n: number) => 3_600_000 + n * 1000 - (n === 8 ? 600_000 : 0),
    },
  ])('$name costs at most itself', async ({ stampOf }) => {
    const read = await readFile(film({ seconds: 20, stampOf }));
    expect(read.error).toBeNull();
    expect(Math.max(...lengths(read))).toBeLessThan(17);
    expect(pictures(read).length).toBeGreaterThanOrEqual(19 * 25);
    expect(lengths(read).reduce((sum, length) => sum + length, 0)).toBeCloseTo(20, 1);
  });
});

describe('stamps that jump for good', () => {
  test.each([
    { name: 'a hundred seconds ahead', stampOf: (n: number) => n * 1000 + (n > 8 ? 100_000 : 0) },
    { name: 'back to zero again and again', stampOf: (n: number) => (n % 30) * 1000 },
    { name: 'for five clusters', stampOf: (n: number) => n * 1000 + (n >= 8 && n < 13 ? 300_000 : 0) },
    { name: 'behind the first cluster', stampOf: (n: number) => (n === 0 ? 864_000_000 : n * 1000) },
  ])('$name: all of it goes on where it was', async ({ stampOf }) => {
    const read = await readFile(film({ seconds: 60, stampOf }));
    expect(read.error).toBeNull();
    expect(Math.max(...lengths(read))).toBeLessThan(17);
    expect(pictures(read).length).toBeGreaterThanOrEqual(60 * 25 - 4);
    expect(lengths(read).reduce((sum, length) => sum + length, 0)).toBeCloseTo(60, 0);
  });

  test('a cluster five minutes ahead costs itself', async () => {
    const read = await readFile(film({ seconds: 60, stampOf: (n) => n * 1000 + (n === 8 ? 300_000 : 0) }));
    expect(read.error).toBeNull();
    expect(pictures(read)).toHaveLength(59 * 25);
    expect(read.title.ledger.total().skippedBytes).toBeGreaterThan(25 * 200);
    expect(lengths(read).reduce((sum, length) => sum + length, 0)).toBeCloseTo(60, 1);
  });
});

test('pictures that end while the sound goes on: memory is bounded', async () => {
  const input = counted(() => endlessFilm({ picturesEnd: 5, seconds: 3600 }));
  const read = await readLive(input);
  const held = Math.max(...read.segments.map(({ size }) => size));
  expect(held).toBeLessThan(LIMITS.liveWaiting + 1_000_000);
});
