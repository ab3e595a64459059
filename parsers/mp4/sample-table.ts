import { type Chunks, readChunks } from './chunk-runs.ts';
import { readCompositionOffsets, readDecodeTimes, type TableRemark } from './sample-times.ts';
import {
  checkSampleCount,
  readSampleSizes,
  type SampleSizes,
  type SampleTables,
  type TableBytes,
  type TableLimits,
  tableEntries,
} from './table-entries.ts';

/** The samples of a track in decode order, in columns: 24 bytes a sample. */
export interface SampleTable {
  readonly count: number;
  /** Decode times in the media timescale; they never run backwards. */
  readonly times: Float64Array;
  /** Where the last sample ends, in the same units. */
  readonly end: number;
  /** Composition minus decode time; null where all are zero. */
  readonly compositionOffsets: Int32Array | null;
  readonly sizes: Uint32Array;
  /** File offset of each sample. */
  readonly offsets: Float64Array;
  /** A bit for each sample, lowest first; null where decoding may begin at every one. See `isSync`. */
  readonly sync: Uint8Array | null;
  /** One-based entry of `stsd` that all samples use, or the first one does. */
  readonly description: number;
  /** That of each sample; null where all use the same. */
  readonly descriptions: Uint16Array | null;
  /** Samples that lie beyond the end of the file or nowhere: left out at the end, empty in between. */
  readonly missing: number;
  readonly remarks: readonly TableRemark[];
}

export const isSync = ({ sync }: SampleTable, sample: number): boolean =>
  sync === null || (((sync[sample >> 3] ?? 0) >> (sample & 7)) & 1) === 1;

/** A sample without bytes makes no packet; the one before it lasts until the one behind it. */
export const isEmpty = ({ sizes }: SampleTable, sample: number): boolean => sizes[sample] === 0;

/** Composition time in the media timescale: before the edit list. */
export const compositionTime = (
  { times, compositionOffsets }: Pick<SampleTable, 'times' | 'compositionOffsets'>,
  sample: number,
): number => (times[sample] ?? 0) + (compositionOffsets?.[sample] ?? 0);

/** Frames of sound are heard in the order they are decoded in: offsets by which they would not be are left out. */
export function inDecodeOrder(table: SampleTable): SampleTable {
  if (!table.compositionOffsets) return table;
  for (let i = 1; i < table.count; i++)
    if (compositionTime(table, i) <= compositionTime(table, i - 1))
      return { ...table, compositionOffsets: null };
  return table;
}

/** How long a sample lasts in decode order: to the next one. */
export const decodeDuration = ({ times, end, count }: SampleTable, sample: number): number =>
  (sample + 1 < count ? (times[sample + 1] ?? end) : end) - (times[sample] ?? 0);

/**
 * The samples of one track: ISO/IEC 14496-12, 8.6 and 8.7. No `stss`: all are sync; an empty one: none is.
 * @throws MediaError `corrupt` for tables that contradict themselves or do not fit their boxes, `limit` for more samples
 * than may be held
 */
export function readSampleTable(tables: SampleTables, limits: TableLimits): SampleTable {
  const sizes = readSampleSizes(tables);
  const chunks = readChunks(tables);
  const placed = Math.min(sizes.count, chunks.capacity);
  const count = Math.min(placed, mostInFile(sizes, limits));
  checkSampleCount(count, limits);
  const { remarks, ...decoding } = readDecodeTimes(tables.stts, count);
  const { reach, ...places } = placeSamples(sizes, chunks, count);
  const isFromZero = countsFromZero(tables.stss);
  const fileEnd = limits.fileEnd ?? Number.POSITIVE_INFINITY;
  const table = {
    count,
    ...decoding,
    compositionOffsets: readCompositionOffsets(tables.ctts, count),
    ...places,
    sync: readSync(tables.stss, count, isFromZero ? 0 : 1),
    ...readDescriptions(chunks, count),
    missing: sizes.count - count,
    remarks: [
      ...remarks,
      ...remarkIf('sync-from-zero', isFromZero),
      ...remarkIf('samples-without-place', placed < sizes.count),
      ...remarkIf('offsets-wrapped', fileEnd >= 2 ** 32 && chunks.mayHaveWrapped()),
    ],
  };
  return reach > fileEnd ? cutAtFileEnd(table, fileEnd) : table;
}

const remarkIf = (remark: TableRemark, applies: boolean): TableRemark[] => (applies ? [remark] : []);

/** A constant size takes no bytes in the table, but its samples do in the file. */
const mostInFile = ({ constant }: SampleSizes, { fileEnd }: TableLimits): number =>
  constant === null || fileEnd === null ? Number.POSITIVE_INFINITY : Math.floor(fileEnd / constant);

/** Sizes and file offsets, and the end of the chunk that lies farthest. */
function placeSamples(read: SampleSizes, { runs, offset }: Chunks, count: number) {
  const sizes = sizeColumn(read, count);
  const offsets = new Float64Array(count);
  let sample = 0;
  let chunk = 0;
  let reach = 0;
  for (let run = 0; run < runs.count; run++) {
    const inChunk = runs.samples[run] ?? 0;
    for (const runEnd = runs.ends[run] ?? 0; chunk < runEnd && sample < count; chunk++) {
      let at = offset(chunk);
      for (const end = Math.min(sample + inChunk, count); sample < end; sample++) {
        offsets[sample] = at;
        at += sizes[sample] ?? 0;
      }
      if (at > reach) reach = at;
    }
  }
  return { sizes, offsets, reach };
}

function sizeColumn({ constant, bits, view }: SampleSizes, count: number): Uint32Array {
  const sizes = new Uint32Array(count);
  if (constant !== null) return sizes.fill(constant);
  if (bits === 32) for (let i = 0; i < count; i++) sizes[i] = view.getUint32(i * 4);
  else if (bits === 16) for (let i = 0; i < count; i++) sizes[i] = view.getUint16(i * 2);
  else if (bits === 8) for (let i = 0; i < count; i++) sizes[i] = view.getUint8(i);
  else for (let i = 0; i < count; i++) sizes[i] = (view.getUint8(i >> 1) >> (i & 1 ? 0 : 4)) & 15;
  return sizes;
}

/** Numbers of samples begin with 1; a table that begins with 0 counts from there. */
function countsFromZero(stss: TableBytes | null): boolean {
  const { count, view } = tableEntries(stss, 'stss', 4);
  return count > 0 && view.getUint32(0) === 0;
}

function readSync(stss: TableBytes | null, count: number, first: number): Uint8Array | null {
  if (!stss) return null;
  const entries = tableEntries(stss, 'stss', 4);
  const sync = new Uint8Array(Math.ceil(count / 8));
  for (let i = 0; i < entries.count; i++) {
    const sample = entries.view.getUint32(i * 4) - first;
    if (sample >= 0 && sample < count) sync[sample >> 3] = (sync[sample >> 3] ?? 0) | (1 << (sample & 7));
  }
  return sync;
}

function readDescriptions({ runs }: Chunks, count: number) {
  const description = runs.descriptions[0] ?? 1;
  if (runs.descriptions.every((other) => other === description)) return { description, descriptions: null };
  const descriptions = new Uint16Array(count);
  let sample = 0;
  let chunk = 0;
  for (let run = 0; run < runs.count && sample < count; run++) {
    const runEnd = runs.ends[run] ?? chunk;
    const end = Math.min(sample + (runEnd - chunk) * (runs.samples[run] ?? 0), count);
    descriptions.fill(runs.descriptions[run] ?? 1, sample, end);
    sample = end;
    chunk = runEnd;
  }
  return { description: descriptions[0] ?? 1, descriptions };
}

/**
 * A file that was cut off: what lies beyond its end is left out, or empty where something behind it is there.
 * Changes the sizes of `table`.
 */
export function cutAtFileEnd(table: SampleTable, fileEnd: number): SampleTable {
  const { offsets, sizes } = table;
  let count = table.count;
  const isBeyond = (i: number) => (sizes[i] ?? 0) > 0 && (offsets[i] ?? 0) + (sizes[i] ?? 0) > fileEnd;
  let beyond = 0;
  for (let i = 0; i < count; i++) if (isBeyond(i)) beyond++;
  if (beyond === 0) return table;
  while (count > 0 && (isBeyond(count - 1) || sizes[count - 1] === 0)) count--;
  for (let i = 0; i < count; i++) if (isBeyond(i)) sizes[i] = 0;
  return { ...firstSamples(table, count), missing: table.missing + beyond };
}

/** Views of the columns. */
function firstSamples(table: SampleTable, count: number): SampleTable {
  return {
    ...table,
    count,
    times: table.times.subarray(0, count),
    end: table.times[count] ?? table.end,
    compositionOffsets: table.compositionOffsets?.subarray(0, count) ?? null,
    sizes: table.sizes.subarray(0, count),
    offsets: table.offsets.subarray(0, count),
    sync: table.sync?.subarray(0, Math.ceil(count / 8)) ?? null,
    descriptions: table.descriptions?.subarray(0, count) ?? null,
  };
}
