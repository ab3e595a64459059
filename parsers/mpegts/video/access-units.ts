import { nextStartCode } from '../../../src/codecs/nal.ts';
import type { NalRules } from './nal-rules.ts';

/** Where a PES packet began: its stamps and place, and the first byte of its payload in the elementary stream. */
export interface Mark<Place> {
  readonly at: number;
  readonly place: Place;
}

/** An access unit as the elementary stream has it. Views that hold only while it is taken: they are written over. */
export interface AccessUnit<Place> {
  /** Annex B, from its first start code to the next access unit. */
  readonly bytes: Uint8Array;
  /** NAL units without start codes and the zeros that trail them: views of `bytes`. */
  readonly nals: readonly Uint8Array[];
  /** Of the PES packet in which it begins. */
  readonly place: Place;
  /** Of the PES packet whose stamps are meant for it, if they are not an earlier one's: most often the same. */
  readonly stamped: Place;
  /** An earlier access unit began in the same PES packet: the stamps are not its own. */
  readonly isFollower: boolean;
}

/** Bytes of a NAL unit behind its start code that tell whether it begins an access unit. */
const HEAD = 40;
/** The shortest start code. */
const CODE = 3;
const FIRST_CAPACITY = 256 * 1024;
/** NAL units told apart in an access unit: what a stream of nothing but start codes may cost. H.265 allows 600 slices. */
const MAX_NALS = 8192;

/**
 * Cuts an elementary stream of NAL units into access units, however PES packets cut it: ITU-T H.264, 7.4.1.2.3; ITU-T
 * H.265, 7.4.2.4.4. Holds the access unit under way. One that began before the first byte is passed over.
 */
export class AccessUnitSplitter<Place, Taken> {
  readonly #rules: NalRules;
  readonly #take: (unit: AccessUnit<Place>) => Taken | null;
  #bytes = new Uint8Array(FIRST_CAPACITY);
  #length = 0;
  /** Bytes before it have been searched for start codes. */
  #searched = 0;
  #marks: Mark<Place>[] = [];
  /** Of the access unit under way: its first byte and its start codes' last zeros; -1 before the first. */
  #start = -1;
  #codes: number[] = [];
  #usedMark: Mark<Place> | null = null;

  /**
   * @param rules of the codec, with a memory of their own
   * @param take makes of each access unit what is given; null to pass it over
   */
  constructor(rules: NalRules, take: (unit: AccessUnit<Place>) => Taken | null) {
    this.#rules = rules;
    this.#take = take;
  }

  /** Bytes held. */
  get length(): number {
    return this.#length;
  }

  /** Where the access unit under way began, or what may hold its beginning; null when nothing is held. */
  get pending(): Place | null {
    if (this.#length === 0) return null;
    return this.#markOf(this.#start < 0 ? 0 : (this.#codes[0] ?? 0))?.place ?? null;
  }

  /** The next bytes begin a PES packet. Gives what is complete: what was appended is searched now, all at once. */
  mark(place: Place): Taken[] {
    const units = this.#search(HEAD);
    this.#marks.push({ at: this.#length, place });
    return units;
  }

  /** Gives what is complete by now. */
  advance(): Taken[] {
    return this.#search(HEAD);
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    const size = end - start;
    if (this.#length + size > this.#bytes.length) this.#grow(this.#length + size);
    if (size < 32) for (let i = 0; i < size; i++) this.#bytes[this.#length + i] = bytes[start + i] ?? 0;
    else this.#bytes.set(bytes.subarray(start, end), this.#length);
    this.#length += size;
  }

  /** Nothing more comes: gives the rest. */
  flush(): Taken[] {
    const units = this.#search(0);
    const last = this.#cut(this.#length);
    this.#drop(this.#length);
    return last === null ? units : [...units, last];
  }

  /** Drops the access unit under way; the next one is found by its beginning. */
  lose(): void {
    this.#drop(this.#length);
    this.#rules.reset();
  }

  /** @param head bytes that must have arrived behind a start code to judge it */
  #search(head: number): Taken[] {
    const units: Taken[] = [];
    const bytes = this.#bytes;
    const length = this.#length;
    let at = this.#searched;
    for (;;) {
      at = nextStartCode(bytes, at, length);
      if (at + CODE + Math.max(1, head) > length) break;
      const nal = bytes.subarray(at + CODE, Math.min(length, at + CODE + HEAD));
      if (this.#rules.begins(nal, this.#start < 0)) {
        const hasZero = at > 0 && bytes[at - 1] === 0;
        const first = hasZero && (this.#rules.ownsZero || this.#start < 0) ? at - 1 : at;
        const unit = this.#cut(first);
        if (unit !== null) units.push(unit);
        this.#start = first;
        this.#codes = [];
      }
      if (this.#start >= 0 && this.#codes.length < MAX_NALS) this.#codes.push(at);
      at += CODE;
    }
    this.#searched = Math.max(this.#searched, Math.min(at, length - CODE + 1));
    this.#drop(this.#start < 0 ? Math.max(0, this.#searched - 1) : this.#start);
    return units;
  }

  /** The access unit under way up to `end`; null without one. */
  #cut(end: number): Taken | null {
    const [first] = this.#codes;
    if (this.#start < 0 || first === undefined || end <= first) return null;
    const mark = this.#markOf(first);
    if (!mark) return null;
    const bytes = this.#bytes.subarray(this.#start, end);
    const nals = this.#codes.map((code, i) => {
      const from = code + CODE - this.#start;
      let to = (this.#codes[i + 1] ?? end) - this.#start;
      while (to > from && bytes[to - 1] === 0) to--;
      return bytes.subarray(from, to);
    });
    const stamped = this.#markOf(this.#stampedCode(first, nals)) ?? mark;
    const isFollower = stamped === this.#usedMark;
    this.#usedMark = stamped;
    return this.#take({
      bytes,
      nals: nals.filter(({ length }) => length > 0),
      place: mark.place,
      stamped: stamped.place,
      isFollower,
    });
  }

  /** The start code that must lie in a PES packet for its stamps to be meant. */
  #stampedCode(first: number, nals: readonly Uint8Array[]): number {
    const { isStamped } = this.#rules;
    if (!isStamped) return first;
    return this.#codes[nals.findIndex(isStamped)] ?? first;
  }

  #markOf(at: number): Mark<Place> | undefined {
    return this.#marks.findLast((mark) => mark.at <= at);
  }

  /** Forgets what lies before `end`. */
  #drop(end: number): void {
    if (end <= 0) return;
    if (end >= this.#length) {
      this.#start = -1;
      this.#codes = [];
    }
    this.#bytes.copyWithin(0, end, this.#length);
    this.#length -= end;
    this.#searched = Math.max(0, this.#searched - end);
    if (this.#start >= 0) this.#start -= end;
    this.#codes = this.#codes.map((code) => code - end);
    const keep = this.#marks.findLastIndex((mark) => mark.at <= end);
    for (const mark of this.#marks.splice(0, Math.max(0, keep)))
      if (mark === this.#usedMark) this.#usedMark = null;
    this.#marks = this.#marks.map((mark) => {
      const moved = { ...mark, at: mark.at - end };
      if (mark === this.#usedMark) this.#usedMark = moved;
      return moved;
    });
  }

  #grow(size: number): void {
    const bytes = new Uint8Array(Math.max(size, this.#bytes.length * 2));
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
  }
}
