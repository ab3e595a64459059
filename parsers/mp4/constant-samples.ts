import { corrupt } from '../../src/core/errors.ts';
import { type Chunks, readChunks } from './chunk-runs.ts';
import type { SampleTable } from './sample-table.ts';
import {
  checkSampleCount,
  readSampleSizes,
  type SampleTables,
  type TableBytes,
  type TableLimits,
  tableEntries,
} from './table-entries.ts';

/** A quarter of a second: small beside a segment, and 3 h of sound are 43 200 of them. */
const LONGEST_PIECE = 0.25;

/** A quarter of a second of 16 channels at 192 kHz with 32 bits is 3 MB. */
const LARGEST_PIECE = 4 * 1024 * 1024;

export interface ConstantLimits extends TableLimits {
  /** Of the media. */
  readonly timescale: number;
  /**
   * Bytes of one moment of sound as the sample entry tells it, which QuickTime's `stsz` often does not; null to believe
   * `stsz`. Used where a sample lasts one tick: longer ones are packets of several moments.
   */
  readonly sampleSize: number | null;
}

/**
 * PCM, whose samples are single moments of sound: pieces of chunks, at most 0.25 s each, instead of a row for each of
 * 500 million. Null where sizes or deltas differ: such a track is read with `readSampleTable`.
 * `missing` counts single samples. Where chunks lack in the middle, times jump.
 * @throws MediaError `corrupt`, `limit` as `readSampleTable`
 */
export function joinConstant(tables: SampleTables, limits: ConstantLimits): SampleTable | null {
  const sizes = readSampleSizes(tables);
  const delta = constantDelta(tables.stts);
  const size = (sizes.constant && delta === 1 && limits.sampleSize) || sizes.constant;
  if (size === null || delta === null) return null;
  const chunks = readChunks(tables);
  const total = Math.min(sizes.count, chunks.capacity);
  if (!Number.isSafeInteger(total * delta)) throw corrupt(`${total} samples of ${delta} ticks each`);
  const longest = Math.max(
    1,
    Math.floor(Math.min((limits.timescale * LONGEST_PIECE) / delta, LARGEST_PIECE / size)),
  );
  const stretches = () => stretchesOf(chunks, { total, size, fileEnd: limits.fileEnd });
  let rows = 0;
  let there = 0;
  for (const { samples } of stretches()) {
    rows += Math.ceil(samples / longest);
    there += samples;
  }
  checkSampleCount(rows, limits);
  const table = fill(stretches(), { rows, longest, size, delta });
  return {
    ...table,
    ...FACTS_OF_PCM,
    description: chunks.runs.descriptions[0] ?? 1,
    missing: sizes.count - there,
  };
}

const FACTS_OF_PCM = { compositionOffsets: null, sync: null, descriptions: null, remarks: [] } as const;

/** The one delta of all samples; null where there are several, or none. */
function constantDelta(stts: TableBytes | null): number | null {
  const { count, view } = tableEntries(stts, 'stts', 8);
  let delta: number | null = null;
  for (let i = 0; i < count; i++) {
    if (view.getUint32(i * 8) === 0) continue;
    if (delta !== null && delta !== view.getUint32(i * 8 + 4)) return null;
    delta = view.getUint32(i * 8 + 4);
  }
  return delta || null;
}

interface Stretch {
  /** Number of its first sample. */
  readonly first: number;
  readonly samples: number;
  readonly offset: number;
}

interface Told {
  readonly total: number;
  readonly size: number;
  readonly fileEnd: number | null;
}

/** What of each chunk lies in the file. */
function* stretchesOf({ runs, offset }: Chunks, { total, size, fileEnd }: Told): Generator<Stretch> {
  let first = 0;
  let chunk = 0;
  for (let run = 0; run < runs.count; run++)
    for (const runEnd = runs.ends[run] ?? 0; chunk < runEnd && first < total; chunk++) {
      const at = offset(chunk);
      const told = Math.min(runs.samples[run] ?? 0, total - first);
      const room = fileEnd === null ? told : Math.max(0, Math.floor((fileEnd - at) / size));
      yield { first, samples: Math.min(told, room), offset: at };
      first += told;
    }
}

interface Shape {
  readonly rows: number;
  /** Samples of the longest piece. */
  readonly longest: number;
  readonly size: number;
  readonly delta: number;
}

function fill(stretches: Iterable<Stretch>, { rows, longest, size, delta }: Shape) {
  const times = new Float64Array(rows);
  const sizes = new Uint32Array(rows);
  const offsets = new Float64Array(rows);
  let row = 0;
  let end = 0;
  for (const { first, samples, offset } of stretches)
    for (let at = 0; at < samples; at += longest) {
      const piece = Math.min(longest, samples - at);
      times[row] = (first + at) * delta;
      sizes[row] = piece * size;
      offsets[row++] = offset + at * size;
      end = (first + at + piece) * delta;
    }
  return { count: rows, times, end, sizes, offsets };
}
