import { expect, test } from 'vitest';
import { audioFrameRange } from '../../src/core/audio-frames.ts';
import { nanoseconds } from '../../src/core/time.ts';
import { AAC_FRAME } from '../../src/core/transcoding.ts';
import { needsFfmpeg } from '../helpers/ffmpeg.ts';
import { mapClusters, uintValue } from '../helpers/matroska-edit.ts';
import { ID, simpleBlock } from '../helpers/matroska-writer.ts';
import { someOf } from '../helpers/rows.ts';
import { createTranscoder, openTranscoded } from './transcoded-film.ts';
import { decibels, differenceOf, energyOf, lagAt, type Placed } from './transcoded-measure.ts';
import { decodedFrames, decodeStereo, makeFilm } from './transcoded-signal.ts';

const SECONDS = 20;
const AUDIO = 2;
/** Milliseconds. */
const HOLE = [7000, 9300] as const;

interface Edit {
  /** Milliseconds by which what follows the hole is stamped later. */
  readonly shift: number;
}

/** Without the packets of sound that lie in the hole. */
function withHole(file: Uint8Array, { shift }: Edit): Uint8Array {
  let base = 0;
  return mapClusters(file, ({ id, data, whole }) => {
    if (id === ID.Timestamp) base = uintValue(data);
    if (id !== ID.SimpleBlock || data[0] !== (0x80 | AUDIO)) return whole;
    const relative = new DataView(data.buffer, data.byteOffset).getInt16(1);
    const time = base + relative;
    if (time >= HOLE[0] && time < HOLE[1]) return [];
    const moved = relative + (time < HOLE[0] ? 0 : shift);
    return simpleBlock({ track: AUDIO, time: moved, isKey: true }, data.subarray(4));
  });
}

/** The source as ffmpeg decodes it: stretches without a hole, where their first stamps are. */
function stretches(file: Uint8Array, placeOf: (time: number) => number): Placed[] {
  const planes = decodeStereo(file);
  const runs: { from: number; to: number; position: number; next: number }[] = [];
  let at = 0;
  for (const { time, samples } of decodedFrames(file, 'a:0', 'all')) {
    const position = placeOf(time);
    const run = runs.at(-1);
    if (run && Math.abs(position - run.next) < samples / 2) {
      run.to += samples;
      run.next += samples;
    } else runs.push({ from: at, to: at + samples, position, next: position + samples });
    at += samples;
  }
  return runs.map(({ from, to, position }) => ({
    planes: planes.map((plane) => plane.subarray(from, to)),
    position,
  }));
}

/** Samples of a hole's ends in which AAC may still sound. */
const EDGE = 4 * AAC_FRAME;

interface Row {
  readonly name: string;
  readonly rate: number;
  readonly codec: readonly string[];
  readonly shift: number;
  /** Samples by which lags differ. Behind a splice stamps alone tell the place, and each segment has its own. */
  readonly spread: number;
  /** Decibels of what differs from ffmpeg's decoder; null where its own or places leave more. */
  readonly error: number | null;
}

const DTS = ['dca', '-strict', '-2'];
const MP2 = ['mp2', '-b:a', '256k'];
const ROWS: readonly Row[] = [
  { name: 'AC-3', rate: 48_000, codec: ['ac3', '-b:a', '192k'], shift: 0, spread: 0, error: null },
  { name: 'DTS', rate: 48_000, codec: DTS, shift: 13, spread: 0, error: -100 },
  { name: 'MP2', rate: 44_100, codec: MP2, shift: 5, spread: 1, error: null },
];
const PRECISION = 0.001;
const LIKENESS = 0.94;
const endOf = ({ planes, position }: Placed): number => position + (planes[0]?.length ?? 0);

test.for(someOf(ROWS, 2))('$name, $rate Hz: a hole, and $shift ms more behind it', async (row, context) => {
  needsFfmpeg(context);
  const { name, rate, codec, shift, spread } = row;
  const whole = makeFilm({ rate, channels: 2, seconds: SECONDS, codec, keys: ['-g', '61'] });
  const film = await openTranscoded(withHole(whole, { shift }), createTranscoder());
  const { rendition, file, heard, sent, borders, segments } = film;
  const { clock, boundaries } = { ...rendition.audio, ...rendition.aac };
  const [before, behind, ...more] = stretches(file, (time) => clock.ticksAt(nanoseconds(time)));
  if (!before || !behind || more.length > 0) throw new Error('Two stretches were expected');

  const measured = [before, behind].map((stretch) => {
    const [start, end] = [stretch.position + EDGE, endOf(stretch) - EDGE];
    const places = [start, ...borders, (start + end) >> 1, end].filter((at) => at >= start && at <= end);
    const lags = places.map((at) => lagAt(stretch, { planes: heard, position: 0 }, at));
    const position = stretch.position + (lags[0]?.samples ?? 0);
    const { energy } = differenceOf({ ...stretch, position }, { planes: sent, position: 0 });
    return { lags, error: decibels(energy / energyOf(stretch.planes)) };
  });
  for (const { lags, error } of measured)
    console.info(
      `${name}: lag ${lags.map(({ samples }) => samples).join(' ')}; decoders ${error.toFixed(1)} dB`,
    );
  for (const { lags, error } of measured) {
    expect(Math.min(...lags.map(({ likeness }) => likeness))).toBeGreaterThan(LIKENESS);
    if (row.error !== null) expect(error).toBeLessThan(row.error);
  }
  const [first = [], second = []] = measured.map(({ lags }) => lags.map(({ samples }) => samples));
  expect(first).toEqual(first.map(() => 0));
  expect(Math.max(...second) - Math.min(...second)).toBeLessThanOrEqual(spread);
  expect(Math.max(...second.map(Math.abs))).toBeLessThanOrEqual(shift === 0 ? 0 : PRECISION * rate);

  expect(behind.position - endOf(before)).toBeGreaterThan(2 * rate);
  for (const planes of [heard, sent])
    expect(energyOf(planes.map((plane) => plane.slice(endOf(before) + EDGE, behind.position - EDGE)))).toBe(
      0,
    );
  const frames = segments.flatMap(({ samples }) => samples);
  expect(frames).toHaveLength(audioFrameRange(0, boundaries.at(-1) ?? 0, AAC_FRAME).end);
  expect(frames.map(({ dts }) => dts)).toEqual(frames.map((_, i) => i * AAC_FRAME));
});
