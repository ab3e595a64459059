import { equalBytes } from '../../src/core/bytes.ts';
import type { Sample } from '../../src/core/contracts.ts';
import { orNull } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import type { Page } from './page.ts';
import { joinedClock } from './sound-clock.ts';
import type { SoundFormat } from './sound-format.ts';
import { type LineState, type OggSound, SoundLine } from './sound-line.ts';
import { StreamHeaders } from './stream-headers.ts';
import { isAboutOthers, mappingOf } from './stream-kinds.ts';

/** What is known of a file by its first link. */
export interface OggStreams {
  /** In the order of the file. */
  readonly sounds: readonly OggSound[];
  /** Serial numbers of streams that are not read. */
  readonly unread: ReadonlySet<number>;
}

/** All it takes to go on reading: a state for each sound. */
export type ReaderState = readonly LineState[];

export interface PageReading {
  readonly samples: readonly Sample[];
  /** It belongs to one of the sounds. */
  readonly isSound: boolean;
}

const NOTHING: PageReading = { samples: [], isSound: false };

/** Samples of all sounds by the pages of a file; follows them from link to link. */
export class OggReader {
  readonly #lines: readonly SoundLine[];
  readonly #hasUnread: boolean;
  /** Streams that are passed over, and told elsewhere. */
  readonly #unread: Set<number>;
  #carried: ReadonlyMap<number, SoundLine> = new Map();
  /** Streams that may carry on a sound. */
  readonly #candidates = new Map<number, StreamHeaders>();
  /** More streams may begin with the next page. */
  #isBeginning = false;
  #skipped = 0;
  /** That of the last page. */
  #latest: SoundLine | null = null;

  constructor({ sounds, unread }: OggStreams, states: ReaderState) {
    this.#lines = sounds.flatMap((sound, i) => {
      const state = states[i];
      return state ? new SoundLine(sound, state) : [];
    });
    this.#hasUnread = unread.size > 0;
    this.#unread = new Set(unread);
    this.#index();
  }

  /** The page on which the earliest packet begins that is not complete; null without one. */
  get open(): number | null {
    const open = this.#lines.flatMap((line) => line.open ?? []);
    return open.length > 0 ? Math.min(...open) : null;
  }

  /** Where the sound ends, as far as it was read: samples of each track, not finite where there were none. */
  get ends(): readonly number[] {
    return this.#lines.map(({ state }) => state.clock.end);
  }

  /** Bytes without use since the last call. */
  takeSkipped(): number {
    const skipped = this.#skipped;
    this.#skipped = 0;
    return skipped;
  }

  /** The file ends here. */
  finish(): void {
    for (const line of this.#lines) this.#skipped += line.end();
  }

  push(page: Page): PageReading {
    if (page.isFirst) this.#begin(page);
    else this.#isBeginning = false;
    const line = this.#carried.get(page.serial);
    if (line) return this.#read(line, page);
    const candidate = this.#candidates.get(page.serial);
    if (candidate) this.#gather(candidate, page);
    else if (!this.#unread.has(page.serial)) this.#skipped += page.size;
    return NOTHING;
  }

  /**
   * To go on with what begins on the last page, which belongs to a sound; null where that cannot be: every other sound
   * must be between two packets.
   */
  get entry(): ReaderState | null {
    const own = this.#latest?.entry ?? null;
    if (own === null || this.#candidates.size > 0) return null;
    const states = this.#lines.flatMap((line) => (line === this.#latest ? own : (line.idle ?? [])));
    return states.length === this.#lines.length ? states : null;
  }

  #read(line: SoundLine, page: Page): PageReading {
    const { samples, skipped } = line.push(page);
    this.#latest = line;
    this.#skipped += skipped;
    return { samples, isSound: true };
  }

  /** A logical stream begins: behind pages of others, a new link does. */
  #begin(page: Page): void {
    if (!this.#isBeginning) {
      this.finish();
      this.#candidates.clear();
      this.#unread.clear();
      this.#index();
    }
    this.#isBeginning = true;
    const packet = page.bytes.subarray(page.headerBytes);
    const mapping = mappingOf(packet);
    const isWanted = this.#lines.some(({ sound }) => sound.mapping === mapping);
    if (mapping && isWanted && this.#candidates.size < LIMITS.tracks)
      this.#candidates.set(page.serial, new StreamHeaders(mapping));
    else if ((this.#hasUnread || isAboutOthers(packet)) && this.#unread.size < LIMITS.tracks)
      this.#unread.add(page.serial);
  }

  #gather(headers: StreamHeaders, page: Page): void {
    headers.push(page);
    if (!headers.isComplete) return;
    this.#candidates.delete(page.serial);
    const format = orNull(() => headers.parse());
    const line =
      format &&
      this.#lines.find(
        ({ state, sound }) => state.serial === null && equalBytes(sound.format.identity, format.identity),
      );
    if (!line) return;
    line.follow({ serial: page.serial, clock: this.#joined(line, format), before: null });
    this.#index();
  }

  /** Sounds of a link begin together, when the last one of the link before has ended. */
  #joined({ state, sound }: SoundLine, { delay }: SoundFormat) {
    const seconds = ({ state: { clock }, sound: { format } }: SoundLine) => clock.end / format.sampleRate;
    const { sampleRate } = sound.format;
    const latest = Math.max(...this.#lines.map(seconds));
    const own = state.clock.end;
    const joinAt = own / sampleRate === latest ? own : Math.round(latest * sampleRate);
    return joinedClock(state.clock, delay, Number.isFinite(joinAt) ? joinAt : 0);
  }

  #index(): void {
    this.#carried = new Map(
      this.#lines.flatMap((line) => (line.state.serial === null ? [] : [[line.state.serial, line] as const])),
    );
  }
}
