import type { SampleBatch, SampleQuery, Source } from '../../src/core/contracts.ts';
import type { PacketFraming } from './framing.ts';
import { MAX_HOLD, type StreamReading } from './pes-stream.ts';
import { followTables, movedStreams, type ProgramStream } from './program.ts';
import { type ReaderContext, TransportReader } from './reader.ts';
import { Resumption } from './resumption.ts';
import type { Scanned } from './scan.ts';
import { JumpFinder, StampMap } from './stamps.ts';
import { timesElementary } from './times.ts';
import { type Description, reading } from './tracks.ts';

/** What is known of the stream. */
export interface Opened {
  readonly source: Source;
  readonly framing: PacketFraming;
  readonly streams: readonly ProgramStream[];
  readonly program: number;
  readonly descriptions: readonly Description[];
  readonly end: number;
}

export interface Sampling {
  readonly signal: AbortSignal;
  /** Null where stamps are followed as they come. */
  readonly scanned: Scanned | null;
  readonly isAsStored: boolean;
}

/** Steps in which reading goes on behind `SampleQuery.soft`. */
const STEP = { first: 64 * 1024, last: 1024 * 1024 };

export async function* readSamples(
  opened: Opened,
  query: SampleQuery,
  sampling: Sampling,
): AsyncGenerator<SampleBatch> {
  const { source, end } = opened;
  const { signal } = sampling;
  const readers = readersOf(opened, query, sampling);
  let reader = readers.begin(query.start);
  let from = query.start;
  let to = Math.min(Math.max(query.soft, query.start), query.end);
  for (let step = STEP.first; from < query.end; step = Math.min(step * 2, STEP.last)) {
    let reached = from;
    for await (const chunk of source.read({ start: from, end: to }, signal)) {
      if (source.seams?.includes(reached)) {
        yield readers.cut(reader);
        reader = readers.begin(reached);
      }
      reached += chunk.length;
      yield readers.give(reader.push(chunk));
    }
    if (reached < to) break;
    from = to;
    to = Math.min(to + step, query.end);
  }
  if (query.end >= end) yield readers.give(reader.flush());
  else if (query.isCompleting) yield* complete(opened, query.end, { reader, signal });
}

/** What began before a place and is not whole there: reads on until it is, or keeps nothing back any longer. */
async function* complete(
  { source, end }: Opened,
  place: number,
  { reader, signal }: { readonly reader: TransportReader; readonly signal: AbortSignal },
): AsyncGenerator<SampleBatch> {
  const range = { start: place, end: Math.min(end, place + MAX_HOLD) };
  let isOver = reader.reached >= place;
  if (!isOver)
    for await (const chunk of source.read(range, signal)) {
      yield before(reader.push(chunk), place);
      isOver = reader.reached >= place;
      if (isOver) break;
    }
  if (!isOver) yield before(reader.flush(), place);
}

const before = ({ samples, skipped }: SampleBatch, place: number): SampleBatch => ({
  samples: samples.filter(({ position }) => position < place),
  next: null,
  skipped,
});

interface Readers {
  /** A reader from a place on that knows nothing of what came before but its clock. */
  begin(position: number): TransportReader;
  /** What is left of a reader behind which the stream is cut. */
  cut(reader: TransportReader): SampleBatch;
  /** What of a batch is wanted. */
  give(batch: SampleBatch): SampleBatch;
}

function readersOf(opened: Opened, query: SampleQuery, { scanned, isAsStored }: Sampling): Readers {
  const { framing, descriptions, program, source } = opened;
  const current = scanned?.maps.findLast(({ position }) => position < query.start)?.streams ?? opened.streams;
  const moved = movedStreams(opened.streams, current);
  const map = scanned?.stamps ?? new StampMap();
  const finder = scanned ? null : new JumpFinder(map);
  const readings = () =>
    descriptions.flatMap((description): StreamReading[] => {
      const { pid } = description.stream;
      const isTimed = query.timesOf?.has(pid) === true;
      const own = query.tracks.has(pid) ? reading(description, isAsStored) : null;
      const stream = { trackId: pid, pid: moved.get(pid) ?? pid };
      if (own && isTimed) return [{ ...stream, elementary: timesElementary(), joiner: null }];
      return own ? [{ ...stream, ...own }] : [];
    });
  const context = (): ReaderContext => ({
    framing,
    streams: readings(),
    ticksOf: (pid, stamp, position) => map.ticksOf(pid, stamp, position),
    ...(finder ? { see: (pid, stamp, at) => finder.see(pid, stamp, at) } : {}),
    tables: followTables(program, current),
  });
  const pictures = opened.streams.filter(({ kind }) => kind === 'video').map(({ pid }) => pid);
  const resumption = source.seams ? new Resumption(new Set(pictures)) : null;
  return {
    begin: (position) => new TransportReader(position, context()),
    cut(reader) {
      const last = reader.flush();
      finder?.cut();
      return resumption?.cut(last) ?? last;
    },
    give: (batch) => resumption?.give(batch) ?? batch,
  };
}
