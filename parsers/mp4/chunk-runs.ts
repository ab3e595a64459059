import { corrupt } from '../../src/core/errors.ts';
import { type Entries, type SampleTables, tableEntries } from './table-entries.ts';

/** Where the samples of a track lie: ISO/IEC 14496-12, 8.7.4 and 8.7.5. */
export interface Chunks {
  readonly runs: ChunkRuns;
  /** Samples that the chunks hold as told; may be absurd. */
  readonly capacity: number;
  /** File offset of a chunk. */
  readonly offset: (chunk: number) => number;
  /** 32-bit offsets fall as if they had gone over 4 GB; what they mean is not guessed. */
  readonly mayHaveWrapped: () => boolean;
}

/** Runs of chunks that hold equally many samples of one description: in columns, since there may be one for each chunk. */
export interface ChunkRuns {
  readonly count: number;
  /** Zero-based chunk behind each run, where the next one begins. */
  readonly ends: Uint32Array;
  /** Samples in each chunk of a run. */
  readonly samples: Uint32Array;
  /** One-based entry of `stsd`. */
  readonly descriptions: Uint16Array;
}

/**
 * @throws MediaError `corrupt` for chunks out of order, an offset beyond 2^53, or tables that do not fit their boxes
 */
export function readChunks(tables: SampleTables): Chunks {
  const isLong = tables.co64 !== null;
  const offsets = isLong ? tableEntries(tables.co64, 'co64', 8) : tableEntries(tables.stco, 'stco', 4);
  const { count, view } = offsets;
  const runs = readRuns(tableEntries(tables.stsc, 'stsc', 12), count);
  return {
    runs,
    capacity: capacityOf(runs),
    offset: isLong ? (chunk) => longOffset(view, chunk * 8) : (chunk) => view.getUint32(chunk * 4),
    mayHaveWrapped: () => !isLong && fallsFar(offsets),
  };
}

function longOffset(view: DataView, at: number): number {
  const offset = view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4);
  if (offset > Number.MAX_SAFE_INTEGER) throw corrupt(`A chunk at byte ${offset}`);
  return offset;
}

/** The first entry holds from the first chunk on, whatever it says; one that repeats a chunk replaces that before it. */
function readRuns({ count, view }: Entries, chunks: number): ChunkRuns {
  const ends = new Uint32Array(count);
  const samples = new Uint32Array(count);
  const descriptions = new Uint16Array(count);
  let end = 0;
  for (let i = 0; i < count; i++) {
    const at = i * 12;
    const next = i + 1 < count ? view.getUint32(at + 12) : chunks + 1;
    const description = view.getUint32(at + 8);
    if (i + 1 < count && next < view.getUint32(at))
      throw corrupt(`stsc: an entry for chunk ${next} follows one for chunk ${view.getUint32(at)}`);
    if (description > MAX_DESCRIPTION) throw corrupt(`stsc names sample description ${description}`);
    end = Math.min(Math.max(next - 1, end), chunks);
    ends[i] = end;
    samples[i] = view.getUint32(at + 4);
    descriptions[i] = description || 1;
  }
  return { count, ends, samples, descriptions };
}

/** `stsd` of a file has a handful of entries; the index is held in two bytes. */
const MAX_DESCRIPTION = 0xffff;

function capacityOf({ count, ends, samples }: ChunkRuns): number {
  let capacity = 0;
  let first = 0;
  for (let run = 0; run < count; run++) {
    const end = ends[run] ?? first;
    capacity += (end - first) * (samples[run] ?? 0);
    first = end;
  }
  return capacity;
}

function fallsFar({ count, view }: Entries): boolean {
  for (let i = 1; i < count; i++)
    if (view.getUint32((i - 1) * 4) - view.getUint32(i * 4) > WRAPPED_BY) return true;
  return false;
}

/** Half of what 32 bits hold: chunks of a track that lie out of order do not jump that far back. */
const WRAPPED_BY = 2 ** 31;
