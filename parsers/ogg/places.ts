import type { ByteRange, Source } from '../../src/core/contracts.ts';
import { NANOSECONDS_PER_SECOND, type Nanoseconds } from '../../src/core/time.ts';
import { POINT_DISTANCE } from '../audio-file/seek-points.ts';
import { timeOfSamples } from '../audio-file/sound-track.ts';
import { OggReader, type OggStreams, type ReaderState } from './ogg-reader.ts';
import type { Page } from './page.ts';
import { PageWalker } from './page-walker.ts';
import { beginningClock, clockAnywhere } from './sound-clock.ts';

/** A page with which reading can begin, and all it takes for that. */
export interface OggPlace {
  readonly position: number;
  readonly state: ReaderState;
}

/** The sounds before their first packet. */
export const beginningState = ({ sounds }: OggStreams): ReaderState =>
  sounds.map(({ serial, format }) => ({ serial, clock: beginningClock(format.delay), before: null }));

/** The sounds at a page of which nothing is known: those of the first link are expected. */
export const stateAnywhere = ({ sounds }: OggStreams): ReaderState =>
  sounds.map(({ serial, format }) => ({ serial, clock: clockAnywhere(format.delay), before: null }));

/** What reading a file from its first to its last page told. */
export interface CountedPages {
  /** About every second one, ascending; the first of sound among them. */
  readonly places: readonly OggPlace[];
  /** Of each sound. */
  readonly sounds: readonly CountedSound[];
  /** Where the last page of sound ends. */
  readonly end: number;
  /** Bytes behind it that are no page of these sounds, and are told nowhere else. */
  readonly rest: number;
}

export interface CountedSound {
  /** When its first packet is heard; null without one. */
  readonly first: Nanoseconds | null;
  /** When it ends, in samples; not finite without a packet. */
  readonly end: number;
  readonly bytes: number;
  readonly frames: number;
}

/** Places of a title that may be days long. */
const MAX_PLACES = 20_000;

/** Reads all pages. @param range of those of sound */
export async function countPages(
  source: Source,
  { streams, range }: { readonly streams: OggStreams; readonly range: ByteRange },
  signal: AbortSignal,
): Promise<CountedPages> {
  const walker = new PageWalker({ position: range.start, isForeign: false });
  const counting = new Counting(streams, range.start);
  const add = (pages: readonly Page[]) => {
    for (const page of pages) counting.push(page);
  };
  for await (const chunk of source.read(range, signal)) add(walker.push(chunk));
  add(walker.flush());
  return counting.result(walker.reached);
}

class Counting {
  readonly #reader: OggReader;
  readonly #rates: readonly number[];
  readonly #counts: ReadonlyMap<number, Count>;
  #places: OggPlace[];
  /** Nanoseconds between places. */
  #distance = POINT_DISTANCE * NANOSECONDS_PER_SECOND;
  /** When the next one is wanted. */
  #due = Number.NEGATIVE_INFINITY;
  #end: number;
  /** Bytes of pages behind it that are told elsewhere. */
  #passed = 0;

  constructor(streams: OggStreams, start: number) {
    const { sounds } = streams;
    const state = beginningState(streams);
    this.#reader = new OggReader(streams, state);
    this.#rates = sounds.map(({ format }) => format.sampleRate);
    this.#counts = new Map(sounds.map(({ id }) => [id, { first: null, bytes: 0, frames: 0 }]));
    this.#places = [{ position: start, state }];
    this.#end = start;
  }

  push(page: Page): void {
    const { samples, isSound } = this.#reader.push(page);
    for (const { trackId, data, time } of samples) {
      const count = this.#counts.get(trackId);
      if (!count) continue;
      count.first ??= time;
      count.bytes += data.length;
      count.frames++;
    }
    const [{ time } = { time: this.#due }] = samples;
    const entry = isSound && time >= this.#due ? this.#reader.entry : null;
    if (entry) this.#add({ position: page.position, state: entry });
    const isTold = this.#reader.takeSkipped() > 0;
    if (isSound) {
      this.#end = page.position + page.size;
      this.#passed = 0;
    } else if (!isTold) this.#passed += page.size;
  }

  /** @param stop where the file ends */
  result(stop: number): CountedPages {
    const ends = this.#reader.ends;
    const sounds = [...this.#counts.values()].map((count, i) => ({ ...count, end: ends[i] ?? 0 }));
    return { places: this.#places, sounds, end: this.#end, rest: stop - this.#end - this.#passed };
  }

  /** Where there are too many, every second one goes. */
  #add(place: OggPlace): void {
    const times = place.state.flatMap(({ clock }, i) =>
      clock.next === null ? [] : timeOfSamples(clock.next, this.#rates[i] ?? 1),
    );
    const time = Math.max(...times);
    // The first one is that of the beginning.
    if (time >= this.#due && Number.isFinite(this.#due)) this.#places.push(place);
    if (time >= this.#due) this.#due = time + this.#distance;
    if (this.#places.length < MAX_PLACES) return;
    this.#places = this.#places.filter((_, i) => i % 2 === 0);
    this.#distance *= 2;
  }
}

interface Count {
  first: Nanoseconds | null;
  bytes: number;
  frames: number;
}
