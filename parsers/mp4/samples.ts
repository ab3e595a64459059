import type { Sample, SampleBatch, SampleHead, SampleQuery, Source } from '../../src/core/contracts.ts';
import { MediaError } from '../../src/core/errors.ts';
import { NANOSECONDS_PER_SECOND, nanoseconds, rescale } from '../../src/core/time.ts';
import type { Joiner } from '../elementary/joiner.ts';
import { readPieces, type Wanted } from './byte-plan.ts';
import type { Reading } from './readings.ts';
import { decodeDuration, isSync } from './sample-table.ts';
import { firstFrom, type LaidTrack, timeAt, type VirtualLayout } from './virtual-layout.ts';

/** A track of which samples are read. */
export interface SampleTrack {
  readonly laid: LaidTrack;
  /** By description, from 1 on. */
  readonly readings: readonly (Reading | null)[];
}

export interface SampleContext {
  readonly source: Source;
  readonly layout: VirtualLayout;
  readonly tracks: ReadonlyMap<number, SampleTrack>;
  /** Frames as the file has them, nothing joined. */
  readonly isAsStored: boolean;
}

/** A sample to be read: the whole of it, or its beginning where the stretch that is asked for ends within it. */
interface Row extends Wanted {
  readonly track: SampleTrack;
  readonly index: number;
  readonly position: number;
  readonly isWhole: boolean;
}

/** Steps in which reading goes on behind `SampleQuery.soft`. */
const STEP = { first: 64 * 1024, last: 1024 * 1024 };

/** Samples in order of their virtual positions. @throws MediaError of the source */
export async function* readSamples(
  context: SampleContext,
  query: SampleQuery,
  signal: AbortSignal,
): AsyncGenerator<SampleBatch> {
  const takers = new Map<SampleTrack, Taker>();
  const end = Math.min(query.end, context.layout.end);
  let from = query.start;
  let to = Math.min(Math.max(query.soft, query.start), end);
  for (let step = STEP.first; from < end; step = Math.min(step * 2, STEP.last)) {
    const rows = rowsBetween(context, query, {
      from,
      to: query.isCompleting && to >= end ? null : to,
      end: to,
    });
    const last = rows.at(-1);
    for await (const arrived of readPieces(context.source, rows, signal)) {
      const samples: Sample[] = [];
      let next: SampleHead | null = null;
      let skipped = 0;
      for (const { piece, bytes } of arrived) {
        const taker = takers.get(piece.track) ?? takerOf(piece.track, context.isAsStored);
        takers.set(piece.track, taker);
        if (!piece.isWhole) next = taker.head(piece, bytes);
        else if (bytes.length < piece.size) skipped += bytes.length;
        else {
          const taken = taker.add(piece, bytes);
          if (taken) samples.push(...taken);
          else skipped += bytes.length;
        }
      }
      yield { samples, next, skipped };
    }
    if (to >= end) break;
    from = last && !last.isWhole ? last.position : to;
    to = Math.min(to + step, end);
  }
  const rest = [...takers.values()].flatMap((taker) => taker.flush());
  if (rest.length > 0) yield { samples: rest, next: null, skipped: 0 };
}

interface Stretch {
  readonly from: number;
  /** Where reading ends; null: samples that begin before `end` are read whole. */
  readonly to: number | null;
  readonly end: number;
}

/** Samples of the wanted tracks that begin in a stretch, in order of their positions. */
function rowsBetween({ tracks }: SampleContext, query: SampleQuery, { from, to, end }: Stretch): Row[] {
  const rows: Row[] = [];
  for (const id of query.tracks) {
    const track = tracks.get(id);
    if (!track) continue;
    const { laid } = track;
    for (let index = firstFrom(laid, from); index < laid.positions.length; index++) {
      const position = laid.positions[index] ?? 0;
      if (position >= end) break;
      const row = laid.rows[index] ?? 0;
      const size = laid.table.sizes[row] ?? 0;
      const isWhole = to === null || position + size <= to;
      const offset = laid.table.offsets[row] ?? 0;
      rows.push({
        track,
        index,
        position,
        offset,
        isWhole,
        size: isWhole ? size : Math.max(1, to - position),
      });
    }
  }
  return rows.sort((a, b) => a.position - b.position);
}

/** Makes samples of what arrived of one track. */
interface Taker {
  /** Null for what cannot be read. */
  add(row: Row, bytes: Uint8Array): readonly Sample[] | null;
  head(row: Row, bytes: Uint8Array): SampleHead | null;
  flush(): readonly Sample[];
}

function takerOf(track: SampleTrack, isAsStored: boolean): Taker {
  const { laid, readings } = track;
  const { table, plan, id } = laid;
  const readingOf = (row: number) => readings[(table.descriptions?.[row] ?? table.description) - 1] ?? null;
  const main = readings[table.description - 1] ?? null;
  const joiner: Joiner | null = (!isAsStored && main?.setup.joiner?.(timeAt(laid, 0))) || null;
  const durationOf = (row: number) =>
    nanoseconds(rescale(decodeDuration(table, row), plan.mediaTimescale, NANOSECONDS_PER_SECOND));
  return {
    add({ index, position }, bytes) {
      const row = laid.rows[index] ?? 0;
      const reading = readingOf(row);
      const data = isAsStored ? bytes : reading && normalized(reading, bytes);
      if (!data) return null;
      const sample: Sample = {
        trackId: id,
        time: timeAt(laid, index),
        duration: durationOf(row),
        isKey: isSync(table, row),
        position,
        entry: position,
        data,
      };
      return joiner ? joiner.add(sample) : [sample];
    },
    head({ index, position }, bytes) {
      const row = laid.rows[index] ?? 0;
      const reading = readingOf(row);
      if (!reading) return null;
      return {
        trackId: id,
        time: timeAt(laid, index),
        isKey: isSync(table, row),
        position,
        entry: position,
        prefix: reading.setup.isPrefixUsable ? bytes : new Uint8Array(0),
      };
    },
    flush: () => joiner?.flush() ?? [],
  };
}

function normalized({ setup }: Reading, bytes: Uint8Array): Uint8Array | null {
  try {
    return setup.normalize(bytes);
  } catch (error) {
    if (error instanceof MediaError) return null;
    throw error;
  }
}
