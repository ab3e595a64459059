import type { ByteRange, SampleBatch, SampleQuery, Source } from '../../src/core/contracts.ts';
import { arrivals } from '../audio-file/arrivals.ts';
import { OggReader, type OggStreams } from './ogg-reader.ts';
import { MAX_PAGE_BYTES, type Page } from './page.ts';
import { PageWalker } from './page-walker.ts';
import { beginningState, type OggPlace, stateAnywhere } from './places.ts';

/** A file that is ready to be read from anywhere. */
export interface OpenedOgg {
  readonly source: Source;
  readonly streams: OggStreams;
  readonly payload: ByteRange;
  /** Ascending; null where nobody has looked for them. */
  readonly places: readonly OggPlace[] | null;
  /** Bytes without use before and behind the payload. */
  readonly left: number;
}

/** Samples that begin on pages from `query.start` on; times are those of reading from the first page. */
export async function* readSamples(
  opened: OpenedOgg,
  query: SampleQuery,
  signal: AbortSignal,
): AsyncGenerator<SampleBatch> {
  const { source, payload, left } = opened;
  const end = Math.min(query.end, payload.end);
  const reading = new Reading(opened, { ...query, end });
  const start = reading.reached;
  if (left > 0 && query.start <= payload.start) yield { samples: [], next: null, skipped: left };
  let reached = start;
  for await (const chunk of arrivals(source, { start, soft: query.soft, end }, signal)) {
    reached += chunk.length;
    yield reading.push(chunk);
  }
  if (end === payload.end || reached < end) yield reading.flush();
  else if (query.isCompleting) yield* complete(opened, { reading, end }, signal);
}

/** What the rest of a packet may take, and pages of other streams between. */
const REACH = 8 * 1024 * 1024;

/** Packets that begin before the end of a query and end behind it. */
async function* complete(
  { source, payload }: OpenedOgg,
  { reading, end }: { readonly reading: Reading; readonly end: number },
  signal: AbortSignal,
): AsyncGenerator<SampleBatch> {
  const stop = Math.min(payload.end, end + REACH);
  if (reading.isOver) return;
  for await (const chunk of arrivals(source, { start: end, soft: end + MAX_PAGE_BYTES, end: stop }, signal)) {
    yield reading.push(chunk);
    if (reading.isOver) return;
  }
  if (stop === payload.end) yield reading.flush();
}

type Stretch = Pick<SampleQuery, 'start' | 'end' | 'tracks'>;

class Reading {
  readonly #stretch: Stretch;
  readonly #walker: PageWalker;
  readonly #reader: OggReader;

  constructor(opened: OpenedOgg, stretch: Stretch) {
    const { position, state, isForeign } = entryOf(opened, stretch.start);
    this.#stretch = stretch;
    this.#walker = new PageWalker({ position, isForeign });
    this.#reader = new OggReader(opened.streams, state);
  }

  /** Every page that begins before it was read. */
  get reached(): number {
    return this.#walker.reached;
  }

  /** No packet that began before the end of the stretch is missing. */
  get isOver(): boolean {
    const { end } = this.#stretch;
    return this.reached >= end && (this.#reader.open ?? end) >= end;
  }

  push(chunk: Uint8Array): SampleBatch {
    return this.#batch(this.#walker.push(chunk));
  }

  flush(): SampleBatch {
    const { samples, skipped } = this.#batch(this.#walker.flush());
    this.#reader.finish();
    return { samples, next: null, skipped: skipped + this.#reader.takeSkipped() };
  }

  #batch(pages: readonly Page[]): SampleBatch {
    const { start, end, tracks } = this.#stretch;
    const samples = pages
      .flatMap((page) => this.#reader.push(page).samples)
      .filter(({ position, trackId }) => position >= start && position < end && tracks.has(trackId));
    return { samples, next: null, skipped: this.#walker.takeSkipped() + this.#reader.takeSkipped() };
  }
}

interface Entry extends OggPlace {
  /** It may lie within a page. */
  readonly isForeign: boolean;
}

/** Where reading must begin to meet all that begins from a position on, at the times that it has. */
function entryOf({ streams, payload, places }: OpenedOgg, start: number): Entry {
  const first = { position: payload.start, state: beginningState(streams), isForeign: false };
  if (start <= payload.start) return first;
  if (!places) return { position: start, state: stateAnywhere(streams), isForeign: true };
  let [low, high] = [0, places.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((places[middle]?.position ?? 0) <= start) low = middle;
    else high = middle;
  }
  const place = places[low];
  return place ? { ...place, isForeign: false } : first;
}
