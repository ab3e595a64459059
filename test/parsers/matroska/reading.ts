import { openMatroska } from '../../../parsers/matroska/demuxer.ts';
import { memorySource } from '../../../src/core/bytes.ts';
import type { Demuxer, Sample, SampleBatch, SampleHead, Source } from '../../../src/core/contracts.ts';

export const signal = new AbortController().signal;

/** Numbers in [0, 1) that the seed decides: mulberry32. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Bytes in pieces of the lengths that `step` gives, each in a buffer of its own; the ranges asked for are kept. */
export function pieceSource(file: Uint8Array, step: () => number): Source & { readonly reads: Range[] } {
  const reads: Range[] = [];
  return {
    size: file.length,
    reads,
    async *read(range) {
      reads.push({ ...range });
      const end = Math.min(range.end, file.length);
      for (let at = range.start; at < end; ) {
        const next = Math.min(end, at + Math.max(1, step()));
        yield file.slice(at, next);
        at = next;
      }
    },
  };
}

export interface Read {
  readonly samples: readonly Sample[];
  readonly heads: readonly SampleHead[];
  readonly skipped: number;
}

export const gather = (batches: readonly SampleBatch[]): Read => ({
  samples: batches.flatMap((batch) => batch.samples),
  heads: batches.flatMap((batch) => (batch.next ? [batch.next] : [])),
  skipped: batches.reduce((sum, batch) => sum + batch.skipped, 0),
});

/** Samples of all tracks from the first cluster to the end. */
export async function readAll(demuxer: Demuxer, hopsFrom?: number): Promise<Read> {
  const { start, end } = demuxer.payload;
  const tracks = new Set(demuxer.tracks.map((track) => track.id));
  const query = { start, soft: end, end, tracks, ...(hopsFrom === undefined ? {} : { hopsFrom }) };
  const batches: SampleBatch[] = [];
  for await (const batch of demuxer.samples(query, signal)) batches.push(batch);
  return gather(batches);
}

export async function readFile(file: Uint8Array): Promise<Read & { readonly demuxer: Demuxer }> {
  const demuxer = await openMatroska(memorySource(file), signal);
  return { ...(await readAll(demuxer)), demuxer };
}
