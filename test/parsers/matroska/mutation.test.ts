import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { openMatroska } from '../../../parsers/matroska/demuxer.ts';
import { MediaError } from '../../../src/core/errors.ts';
import { fixture } from '../../helpers/fixtures.ts';
import * as edit from '../../helpers/matroska-edit.ts';
import * as w from '../../helpers/matroska-writer.ts';
import { someRuns } from '../../helpers/rows.ts';
import { pieceSource, random, readAll, signal } from './reading.ts';

type Random = () => number;
const below = (next: Random, end: number) => Math.floor(next() * end);

/** Half of the places in the structure at both ends, the others anywhere. */
function place(file: Uint8Array, next: Random): number {
  const near = Math.min(file.length, 2000);
  const where = next();
  if (where < 0.35) return below(next, near);
  return where < 0.5 ? file.length - 1 - below(next, near) : below(next, file.length);
}

const WILD = [0x00, 0x01, 0x7f, 0x80, 0xff, 0x1f, 0xa3, 0xec];

const MUTATIONS: readonly ((file: Uint8Array, next: Random) => Uint8Array)[] = [
  function bit(file, next) {
    const at = place(file, next);
    return file.map((byte, i) => (i === at ? byte ^ (1 << below(next, 8)) : byte));
  },
  function byte(file, next) {
    const copy = file.slice();
    copy[place(file, next)] = next() < 0.5 ? below(next, 256) : (WILD[below(next, WILD.length)] ?? 0);
    return copy;
  },
  function run(file, next) {
    const at = place(file, next);
    return file.slice().fill(WILD[below(next, WILD.length)] ?? 0, at, at + 1 + below(next, 8));
  },
  function burst(file, next) {
    const copy = file.slice();
    const at = place(file, next);
    for (let i = at; i < Math.min(file.length, at + 1 + below(next, 64)); i++) copy[i] = below(next, 256);
    return copy;
  },
  function truncate(file, next) {
    return file.slice(0, place(file, next));
  },
  function insert(file, next) {
    const at = place(file, next);
    const added = Uint8Array.from({ length: 1 + below(next, 20) }, () => below(next, 256));
    return w.bytes(file.subarray(0, at), added, file.subarray(at));
  },
  function remove(file, next) {
    const at = place(file, next);
    return w.bytes(file.subarray(0, at), file.subarray(at + 1 + below(next, 40)));
  },
  function repeat(file, next) {
    const at = place(file, next);
    const part = file.subarray(at, at + below(next, 400));
    return w.bytes(file.subarray(0, at), part, part, file.subarray(at));
  },
];

interface Outcome {
  readonly opened: boolean;
  readonly samples: number;
}

/** Opens and reads everything; throws what breaks a promise. */
async function parse(file: Uint8Array): Promise<Outcome> {
  const source = pieceSource(file, () => 16_384);
  const started = performance.now();
  let outcome: Outcome = { opened: false, samples: 0 };
  try {
    const demuxer = await openMatroska(source, signal);
    const { samples, skipped } = await readAll(demuxer);
    outcome = { opened: true, samples: samples.length };
    for (const { time, duration, data } of samples) {
      if (!Number.isSafeInteger(time)) throw new Error(`A sample at ${time}.`);
      if (duration !== null && !(duration >= 0)) throw new Error(`A sample of ${duration}.`);
      if (data.length > file.length + 300) throw new Error(`A sample of ${data.length} bytes.`);
    }
    const payload = samples.reduce((sum, { data }) => sum + data.length, 0);
    if (payload > 4 * file.length + 1000) throw new Error(`${payload} bytes out of ${file.length}.`);
    if (skipped < 0 || skipped > file.length) throw new Error(`${skipped} bytes skipped of ${file.length}.`);
    for (const track of demuxer.tracks)
      for (const point of demuxer.seekPoints(track.id) ?? [])
        if (!Number.isSafeInteger(point.time) || point.position > file.length)
          throw new Error(`A seek point at ${point.time}, ${point.position}.`);
  } catch (error) {
    if (!(error instanceof MediaError)) throw error;
  }
  const read = source.reads.reduce(
    (sum, range) => sum + Math.max(0, Math.min(range.end, file.length) - range.start),
    0,
  );
  if (read > 12 * file.length + 1000) throw new Error(`${read} bytes read of a file of ${file.length}.`);
  if (performance.now() - started > 5000) throw new Error('More than five seconds.');
  return outcome;
}

/** One of everything that is no part of the films: compression, laces, chains, tracks without private data, lists. */
const ODDITIES = w.matroska(
  (at: w.Positions) => w.seekHead({ id: w.ID.Cues, position: at('cues') }),
  w.info({ muxingApp: 'Lavf59.27.100' }),
  w.tracks(
    w.subtitleTrack({ number: 1, codec: 'S_TEXT/UTF8', extra: w.compression(0) }),
    w.videoTrack({ number: 2, codec: 'V_MPEG4/ISO/AVC', width: 64, height: 36 }),
    w.audioTrack({ number: 3, codec: 'A_VORBIS', rate: 48_000, channels: 2 }),
    w.audioTrack({
      number: 4,
      codec: 'A_OPUS',
      rate: 48_000,
      channels: 2,
      extra: w.uint(w.ID.CodecDelay, 6_500_000),
    }),
    w.videoTrack({
      number: 5,
      codec: 'V_MS/VFW/FOURCC',
      width: 64,
      height: 36,
      private: new Uint8Array(48).fill(0x48),
    }),
  ),
  w.element(
    w.ID.Chapters,
    w.element(w.ID.EditionEntry, w.element(w.ID.ChapterAtom, w.uint(w.ID.ChapterTimeStart, 5e9))),
  ),
  w.attachments({ name: 'a.ttf', type: 'font/ttf', data: new Uint8Array(50) }),
  w.tags(w.tag(0, { ARTIST: 'somebody' })),
  ...[0, 500, 1000, 1500].flatMap((time, i) => [
    w.labelled(
      `cluster${i}`,
      w.cluster(
        time,
        w.blockGroup({ track: 1, time: 0, duration: 100 }, new Uint8Array(deflateSync(`Line ${i}`))),
        w.simpleBlock({ track: 2, time: 0, isKey: true }, w.hex('00000001 67640028 00000001 6588')),
        w.simpleBlock(
          { track: 3, time: 0, isKey: true, lacing: 'ebml' },
          new Uint8Array(300),
          w.hex('aa'),
          w.hex('bb'),
        ),
        w.blockGroup({ track: 4, time: 0, lacing: 'xiph', discardPadding: 5 }, w.hex('fc01'), w.hex('fc02')),
        w.simpleBlock({ track: 5, time: 0, isKey: true }, w.hex('cc')),
      ),
    ),
  ]),
  w.labelled('cues', (at: w.Positions) =>
    w.cues(...[0, 1, 2, 3].map((i) => ({ time: i * 500, track: 2, cluster: at(`cluster${i}`) }))),
  ),
);

/** More rounds for one look: SLUICE_MUTATION_ROUNDS=20. */
const ROUNDS = Number(process.env.SLUICE_MUTATION_ROUNDS ?? someRuns(1, 0.3));

const SEEDS = [
  { name: 'oddities', file: ODDITIES, most: 1000 },
  { name: 'audio-only', file: fixture('audio-only'), most: 1000 },
  { name: 'no-audio', file: fixture('no-audio'), most: 1000 },
  {
    name: 'ffmpeg-mux, Cues in front',
    file: edit.moveBefore(fixture('ffmpeg-mux'), w.ID.Cues, w.ID.Cluster),
    most: 700,
  },
  { name: 'no-cues, live', file: edit.asLive(fixture('no-cues')), most: 500 },
];

describe('any change: samples or a MediaError, in bounded time and memory', () => {
  test.each(SEEDS)('$name', { timeout: 120_000 * ROUNDS }, async ({ name, file, most: once }) => {
    const most = once * ROUNDS;
    const whole = await parse(file);
    const failures: unknown[] = [];
    let opened = 0;
    let kept = 0;
    const stackTraceLimit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    for (let i = 0; i < most; i++) {
      const next = random(i * 7919 + 1);
      const mutate = MUTATIONS[i % MUTATIONS.length];
      const mutant = mutate?.(file, next) ?? file;
      try {
        const outcome = await parse(mutant);
        if (outcome.opened) opened++;
        kept += Math.min(1, outcome.samples / whole.samples);
      } catch (error) {
        failures.push({ fixture: name, i, mutation: mutate?.name, error: String(error) });
      }
    }
    Error.stackTraceLimit = stackTraceLimit;
    expect(failures).toEqual([]);
    // Tolerance: most changes cost little, and only those of the first structures cost the file.
    expect(opened / most).toBeGreaterThan(0.7);
    expect(kept / most).toBeGreaterThan(0.5);
  });
});
