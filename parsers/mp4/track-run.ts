import type { ByteCursor } from '../../src/core/bytes.ts';
import { corrupt, MediaError } from '../../src/core/errors.ts';
import type { SampleTable } from './sample-table.ts';

/** What holds for samples that do not tell it themselves: `trex` and `tfhd`, ISO/IEC 14496-12, 8.8.3 and 8.8.7. */
export interface SampleDefaults {
  /** One-based entry of `stsd`. */
  readonly description: number;
  /** In the media timescale. */
  readonly duration: number;
  readonly size: number;
  readonly flags: number;
}

/** One `trun`: its head is read, its samples are not. ISO/IEC 14496-12, 8.8.8. */
export interface TrackRun {
  readonly flags: number;
  readonly count: number;
  /** From the base of the track fragment; null: behind the run before. */
  readonly dataOffset: number | null;
  readonly firstSampleFlags: number | null;
  /** Fields of the samples. */
  readonly view: DataView;
}

const FLAG = {
  dataOffset: 0x1,
  firstSampleFlags: 0x4,
  duration: 0x100,
  size: 0x200,
  flags: 0x400,
  compositionOffset: 0x800,
} as const;

const FIELDS = [FLAG.duration, FLAG.size, FLAG.flags, FLAG.compositionOffset] as const;

/**
 * Samples in the runs of one fragment that have no fields of their own, and so take no bytes: 2 hours of AC-3 frames.
 * PCM is joined first.
 */
const MAX_BARE_SAMPLES = 250_000;
/** Bytes of the file that such a sample takes: no frame of constant size is smaller, and so it pays for its row. */
const BARE_SAMPLE_BYTES = 8;

/** How many more samples without fields may be told: what was told is paid back by the bytes of the file. */
export interface BareBudget {
  left: number;
}

export const bareBudget = (): BareBudget => ({ left: MAX_BARE_SAMPLES });

/** @param bytes of the file that were read since */
export function payBack(budget: BareBudget, bytes: number): void {
  budget.left = Math.min(MAX_BARE_SAMPLES, budget.left + bytes / BARE_SAMPLE_BYTES);
}

/** @throws MediaError `truncated` for fewer bytes than its samples take */
export function readTrackRun(cursor: ByteCursor): TrackRun {
  const flags = cursor.u32() & 0xffffff;
  const count = cursor.u32();
  const dataOffset = flags & FLAG.dataOffset ? cursor.u32() | 0 : null;
  const firstSampleFlags = flags & FLAG.firstSampleFlags ? cursor.u32() : null;
  const fields = cursor.bytes(count * entryBytes(flags));
  const view = new DataView(fields.buffer, fields.byteOffset, fields.byteLength);
  return { flags, count, dataOffset, firstSampleFlags, view };
}

const entryBytes = (flags: number): number => FIELDS.reduce((sum, bit) => sum + (flags & bit ? 4 : 0), 0);

const isBare = ({ flags, count }: TrackRun): boolean => count > 0 && entryBytes(flags) === 0;

export interface RunContext {
  readonly defaults: SampleDefaults;
  /** Decode time of the first sample. */
  readonly time: number;
  /** File offset that data offsets count from. */
  readonly base: number;
  /** Samples without fields of their own are joined up to this many ticks: PCM. 0: never. */
  readonly joinTicks: number;
  readonly budget: BareBudget;
}

/** The samples of all runs of one track fragment, and the file offset behind the last. */
export interface RunSamples {
  readonly table: SampleTable;
  readonly dataEnd: number;
}

/**
 * @throws MediaError `limit` for more samples without fields than any fragment has, `corrupt` for offsets and times that
 * no file has
 */
export function samplesOfRuns(runs: readonly TrackRun[], context: RunContext): RunSamples {
  const pieces = runs.map((run) => (isBare(run) ? piecesOf(run, context) : null));
  const count = runs.reduce((sum, run, i) => sum + (pieces[i]?.rows ?? run.count), 0);
  const filling = newFilling(count, runs, context);
  for (const [i, run] of runs.entries()) {
    if (run.dataOffset !== null) filling.offset = context.base + run.dataOffset;
    const pieced = pieces[i];
    if (pieced) fillPieces(filling, run, pieced);
    else fillRun(filling, run, context.defaults);
    if (filling.offset < 0 || !Number.isSafeInteger(filling.offset) || !Number.isSafeInteger(filling.time))
      throw corrupt(`A run of samples ends at byte ${filling.offset}, time ${filling.time}`);
  }
  return { table: tableOf(filling, context), dataEnd: filling.offset };
}

/** A run whose samples are all alike but for the flags of the first. */
interface Pieces extends SampleDefaults {
  readonly rows: number;
  /** Samples of each but the last. */
  readonly samples: number;
}

function piecesOf(run: TrackRun, { defaults, joinTicks, budget }: RunContext): Pieces {
  const { duration, size } = defaults;
  const joined = duration > 0 && size > 0 ? Math.min(joinTicks / duration, LARGEST_PIECE / size) : 1;
  const samples = Math.max(1, Math.floor(joined));
  const rows = Math.ceil(run.count / samples);
  budget.left -= rows;
  if (budget.left < 0) throw new MediaError('limit', `A fragment of more than ${MAX_BARE_SAMPLES} samples`);
  return { ...defaults, rows, samples };
}

/** A quarter of a second of 16 channels at 192 kHz with 32 bits is 3 MB. */
const LARGEST_PIECE = 4 * 1024 * 1024;

interface Filling {
  readonly times: Float64Array;
  readonly sizes: Uint32Array;
  readonly offsets: Float64Array;
  readonly compositionOffsets: Int32Array | null;
  readonly sync: Uint8Array;
  at: number;
  syncs: number;
  time: number;
  offset: number;
}

const newFilling = (count: number, runs: readonly TrackRun[], { time, base }: RunContext): Filling => ({
  times: new Float64Array(count),
  sizes: new Uint32Array(count),
  offsets: new Float64Array(count),
  compositionOffsets: runs.some(({ flags }) => flags & FLAG.compositionOffset) ? new Int32Array(count) : null,
  sync: new Uint8Array(Math.ceil(count / 8)),
  at: 0,
  syncs: 0,
  time,
  offset: base,
});

/** Composition offsets are read as signed: version 0 holds negative ones, too. */
function fillRun(filling: Filling, run: TrackRun, defaults: SampleDefaults): void {
  const { flags, view, count } = run;
  let at = 0;
  const field = () => {
    at += 4;
    return view.getUint32(at - 4);
  };
  for (let i = 0; i < count; i++) {
    const duration = flags & FLAG.duration ? field() : defaults.duration;
    const size = flags & FLAG.size ? field() : defaults.size;
    const own = flags & FLAG.flags ? field() : null;
    if (filling.compositionOffsets && flags & FLAG.compositionOffset)
      filling.compositionOffsets[filling.at] = field() | 0;
    const first = i === 0 ? run.firstSampleFlags : null;
    append(filling, size, isSyncFlags(own ?? first ?? defaults.flags));
    filling.time += duration;
  }
}

function fillPieces(filling: Filling, run: TrackRun, pieces: Pieces): void {
  for (let i = 0; i < pieces.rows; i++) {
    const samples = Math.min(pieces.samples, run.count - i * pieces.samples);
    const first = i === 0 ? run.firstSampleFlags : null;
    append(filling, samples * pieces.size, isSyncFlags(first ?? pieces.flags));
    filling.time += samples * pieces.duration;
  }
}

function append(filling: Filling, size: number, isSync: boolean): void {
  const { at, sync } = filling;
  filling.times[at] = filling.time;
  filling.sizes[at] = size;
  filling.offsets[at] = filling.offset;
  if (isSync) {
    sync[at >> 3] = (sync[at >> 3] ?? 0) | (1 << (at & 7));
    filling.syncs++;
  }
  filling.at++;
  filling.offset += size;
}

/** Neither called non-sync nor dependent on others: some writers tell only one of both. ISO/IEC 14496-12, 8.8.3.1. */
const isSyncFlags = (flags: number): boolean => (flags & 0x10000) === 0 && ((flags >>> 24) & 3) !== 1;

function tableOf(filling: Filling, { defaults }: RunContext): SampleTable {
  const { times, sizes, offsets, compositionOffsets, at: count } = filling;
  return {
    count,
    times,
    end: filling.time,
    compositionOffsets,
    sizes,
    offsets,
    sync: filling.syncs === count ? null : filling.sync,
    description: defaults.description,
    descriptions: null,
    missing: 0,
    remarks: [],
  };
}
