import { ByteQueue } from '../../src/core/bytes.ts';
import type { Sample, SampleBatch, SampleHead } from '../../src/core/contracts.ts';
import { MediaError } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { NANOSECONDS_PER_SECOND, type Nanoseconds, nanoseconds, rescale } from '../../src/core/time.ts';
import type { Joiner } from '../elementary/joiner.ts';
import { type BoxHead, MAX_BOX_HEAD, readBoxHead } from './box.ts';
import type { EditPlan } from './edit-list.ts';
import { type FragmentContext, parseMovieFragment } from './fragment.ts';
import { presentedFragmentTime } from './presentation.ts';
import type { Reading } from './readings.ts';
import { compositionTime, decodeDuration, isEmpty, isSync, type SampleTable } from './sample-table.ts';
import { bareBudget, payBack } from './track-run.ts';

/** A track of which samples are wanted. */
export interface FragmentTrack {
  readonly id: number;
  readonly plan: EditPlan;
  /** By description, from 1 on. */
  readonly readings: readonly (Reading | null)[];
}

export interface FragmentReading {
  readonly tracks: ReadonlyMap<number, FragmentTrack>;
  readonly context: Omit<FragmentContext, 'times' | 'budget'>;
  /** Samples that a movie box tells, for a reading that begins behind it. */
  readonly told?: ReadonlyMap<number, SampleTable>;
  /** There is nothing but what the movie box tells: media go on to the end, whatever the size of their box. */
  readonly isTold?: boolean;
  /** Frames as the file has them, nothing joined. */
  readonly isAsStored: boolean;
}

/** Bytes of a sample under way that are told: more than tell what kind of picture it is. */
const PREFIX = 16 * 1024;

/** A sample of which the fragment told. */
interface Row {
  readonly track: FragmentTrack;
  readonly reading: Reading | null;
  readonly time: Nanoseconds;
  readonly duration: Nanoseconds;
  readonly isKey: boolean;
  readonly offset: number;
  readonly size: number;
  /** File offset of the fragment. */
  readonly entry: number;
}

/** `size`, `moof`, the size of `mfhd` and its type: what begins every movie fragment. */
const MOOF = [0x6d, 0x6f, 0x6f, 0x66, 0, 0, 0, 16, 0x6d, 0x66, 0x68, 0x64];

/** Position of the first movie fragment at or after `from`, by its content; null if none. */
export function findFragment(bytes: Uint8Array, from: number): number | null {
  for (let at = bytes.indexOf(0x6d, from + 4); at >= 0; at = bytes.indexOf(0x6d, at + 1))
    if (MOOF.every((byte, i) => bytes[at + i] === byte)) return at - 4;
  return null;
}

/** Where tracks begin, as far as a fragment in their middle knows. */
const ORIGIN = nanoseconds(0);

/** Fragments whose media may lie behind each other: what an earlier one told and did not come is given up. */
const MAX_OPEN_FRAGMENTS = 16;

/** Reads movie fragments and their media data from bytes as they arrive, beginning at any box. */
export class FragmentReader {
  readonly #reading: FragmentReading;
  readonly #queue: ByteQueue;
  readonly #times = new Map<number, number>();
  readonly #joiners = new Map<number, Joiner>();
  readonly #budget = bareBudget();
  /** Where the last fragments lie. */
  readonly #open: number[] = [];
  /** Ascending in offset. */
  #rows: Row[] = [];
  #next = 0;
  /** The media data that are being read end here; -1 between boxes. */
  #dataEnd = -1;
  /** Bytes up to here are passed over. */
  #passTo: number;
  #isLost = false;
  #skipped = 0;

  constructor(position: number, reading: FragmentReading) {
    this.#reading = reading;
    this.#queue = new ByteQueue(position);
    this.#passTo = position;
    for (const [id, table] of reading.told ?? []) this.#take(id, table, position);
    this.#sort();
  }

  push(chunk: Uint8Array): SampleBatch {
    this.#skipped = 0;
    this.#queue.push(chunk);
    const samples: Sample[] = [];
    while (this.#pass() && (this.#dataEnd >= 0 ? this.#data(samples) : this.#box()));
    return { samples, next: this.#head(), skipped: this.#skipped };
  }

  /** Nothing more comes. */
  flush(): SampleBatch {
    const samples = [...this.#joiners.values()].flatMap((joiner) => joiner.flush());
    return { samples, next: null, skipped: 0 };
  }

  /** Everything that lies before was given. */
  get reached(): number {
    return this.#rows[this.#next]?.offset ?? this.#queue.position;
  }

  /** True when nothing is left to be passed over. */
  #pass(): boolean {
    this.#queue.skip(Math.max(0, this.#passTo - this.#queue.position));
    return this.#queue.position >= this.#passTo && this.#queue.length > 0;
  }

  /** The next box; false where it takes more bytes. */
  #box(): boolean {
    if (this.#isLost && !this.#find()) return false;
    const { position } = this.#queue;
    const head = this.#readHead();
    if (head === 'incomplete') return false;
    if (head === 'none') {
      this.#isLost = true;
      this.#skipped++;
      this.#queue.skip(1);
      return true;
    }
    if (head.type === 'mdat') {
      this.#dataEnd = this.#reading.isTold ? Number.POSITIVE_INFINITY : head.end;
      this.#passTo = head.content;
      return true;
    }
    if (head.type !== 'moof') {
      this.#passTo = head.end;
      return true;
    }
    if (this.#queue.length < head.end - position) return false;
    this.#fragment(head, this.#queue.peek(head.end - position).subarray(head.content - position));
    this.#passTo = head.end;
    return true;
  }

  #readHead(): BoxHead | 'incomplete' | 'none' {
    const { position } = this.#queue;
    try {
      const head = readBoxHead(this.#queue.peek(MAX_BOX_HEAD), 0, position);
      if (!head) return 'incomplete';
      const isLarge = head.type === 'moof' && head.end - head.start > LIMITS.metadata;
      return isLarge || !/^[\x20-\x7e]{4}$/.test(head.type) ? 'none' : head;
    } catch (error) {
      if (error instanceof MediaError) return 'none';
      throw error;
    }
  }

  /** Behind damage reading goes on at the next fragment. */
  #find(): boolean {
    const bytes = this.#queue.peek(this.#queue.length);
    const found = findFragment(bytes, 0);
    const passed = found ?? Math.max(0, bytes.length - MOOF.length - 4);
    this.#skipped += passed;
    this.#queue.skip(passed);
    this.#passTo = this.#queue.position;
    this.#isLost = found === null;
    return found !== null;
  }

  #fragment(head: BoxHead, bytes: Uint8Array): void {
    const context = { ...this.#reading.context, times: this.#times, budget: this.#budget };
    payBack(this.#budget, head.end - (this.#open.at(-1) ?? head.start));
    this.#open.push(head.start);
    if (this.#open.length > MAX_OPEN_FRAGMENTS) this.#open.shift();
    const [oldest = 0] = this.#open;
    this.#rows = this.#rows.slice(this.#next).filter(({ entry }) => entry >= oldest);
    this.#next = 0;
    try {
      const { tracks } = parseMovieFragment({ ...head, bytes }, context);
      for (const { trackId, samples } of tracks) {
        this.#times.set(trackId, samples.end);
        this.#take(trackId, samples, head.start);
      }
      this.#sort();
    } catch (error) {
      if (!(error instanceof MediaError)) throw error;
      this.#skipped += head.end - head.start;
    }
  }

  #take(trackId: number, table: SampleTable, entry: number): void {
    const track = this.#reading.tracks.get(trackId);
    if (!track) return;
    for (let i = 0; i < table.count; i++) {
      if (isEmpty(table, i)) continue;
      const ticks = decodeDuration(table, i);
      const time = presentedFragmentTime(track.plan, compositionTime(table, i), ticks);
      if (time === null) continue;
      const duration = rescale(ticks, track.plan.mediaTimescale, NANOSECONDS_PER_SECOND);
      this.#rows.push({
        track,
        reading: track.readings[(table.descriptions?.[i] ?? table.description) - 1] ?? null,
        time,
        duration: nanoseconds(duration),
        isKey: isSync(table, i),
        offset: table.offsets[i] ?? 0,
        size: table.sizes[i] ?? 0,
        entry,
      });
    }
  }

  #sort(): void {
    this.#rows.sort((a, b) => a.offset - b.offset);
  }

  /** Samples of the media data; false where it takes more bytes. */
  #data(samples: Sample[]): boolean {
    for (let row = this.#rows[this.#next]; row; row = this.#rows[this.#next]) {
      if (row.offset + row.size > this.#dataEnd) break;
      this.#queue.skip(Math.max(0, row.offset - this.#queue.position));
      const isBehind = row.offset < this.#queue.position;
      if (!isBehind && this.#queue.length < row.offset - this.#queue.position + row.size) return false;
      this.#next++;
      if (isBehind) this.#skipped += row.size;
      else samples.push(...this.#sample(row, this.#queue.peek(row.size)));
    }
    this.#passTo = this.#dataEnd;
    this.#dataEnd = -1;
    return true;
  }

  #sample(row: Row, bytes: Uint8Array): readonly Sample[] {
    const { track, reading } = row;
    const facts = { trackId: track.id, time: row.time, duration: row.duration, isKey: row.isKey };
    const place = { position: row.offset, entry: row.entry };
    if (this.#reading.isAsStored) return [{ ...facts, ...place, data: bytes }];
    if (!reading) {
      this.#skipped += row.size;
      return [];
    }
    try {
      const sample = { ...facts, ...place, data: reading.setup.normalize(bytes) };
      const joiner = this.#joinerOf(track, reading);
      return joiner ? joiner.add(sample) : [sample];
    } catch (error) {
      if (!(error instanceof MediaError)) throw error;
      this.#skipped += row.size;
      return [];
    }
  }

  #joinerOf({ id }: FragmentTrack, { setup }: Reading): Joiner | null {
    if (!setup.joiner) return null;
    const joiner = this.#joiners.get(id) ?? setup.joiner(ORIGIN);
    this.#joiners.set(id, joiner);
    return joiner;
  }

  /** The sample that the arrived bytes end in. */
  #head(): SampleHead | null {
    const row = this.#rows[this.#next];
    if (!row || this.#dataEnd < 0 || row.offset !== this.#queue.position) return null;
    const { track, time, isKey, offset, entry, reading } = row;
    const isUsable = reading?.setup.isPrefixUsable === true;
    const prefix = isUsable ? this.#queue.peek(PREFIX) : new Uint8Array(0);
    return { trackId: track.id, time, isKey, position: offset, entry, prefix };
  }
}
