import { MediaError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { type Ticks, ticks } from '../../core/time.ts';
import type { LiveSegment } from './live-segment.ts';

/** How much may be ready that nobody asked for: enough for players that fetch ahead. */
const AHEAD_SECONDS = 60;

/**
 * The segments of one pass that are held, bounded in bytes, while the pass is at most so far ahead of those who watch.
 */
export class Window {
  readonly #segments = new Map<number, LiveSegment>();
  readonly #share: () => number;
  readonly #changed = new Set<() => void>();
  readonly #ends: Ticks[] = [];
  readonly #sounds = new Map<string, number[]>();
  #timescale = 1;
  #first: Ticks = ticks(0);
  #size = 0;
  /** The farthest one that was given out, and those that are waited for. */
  #given = 0;
  readonly #waited = new Set<{ readonly n: number }>();
  #error: unknown = null;
  #isEnded = false;

  /** @param share bytes that may be held */
  constructor(share: () => number) {
    this.#share = share;
  }

  /** Segments made so far, held or not. */
  get count(): number {
    return this.#ends.length;
  }

  /** Where each of them ends, in the main track's ticks. */
  get ends(): readonly Ticks[] {
    return this.#ends;
  }

  /** Where the sound of each audio rendition begins, and where it ends in each segment: samples. */
  get sounds(): ReadonlyMap<string, readonly number[]> {
    return this.#sounds;
  }

  /** Where the first picture is. */
  get first(): Ticks {
    return this.#first;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Why the input ended early; null when it did not. */
  get error(): unknown {
    return this.#error;
  }

  /** The oldest one that is still held, or the next one to come. */
  get oldest(): number {
    return this.#segments.keys().next().value ?? this.count;
  }

  /** Somebody waits for a segment. */
  get isWaitedFor(): boolean {
    return this.#waited.size > 0;
  }

  /**
   * Holds what the pass makes until it ends, pausing it while it is far enough ahead.
   * @param timescale of the main track
   */
  async fill(segments: AsyncIterable<LiveSegment>, timescale: number, signal: AbortSignal): Promise<void> {
    this.#timescale = timescale;
    try {
      for await (const segment of segments) {
        this.#add(segment);
        while (this.#isFarAhead()) await this.#change(signal);
      }
    } catch (error) {
      this.#error = error;
    } finally {
      this.#isEnded = true;
      this.#tell();
    }
  }

  /**
   * Waits for a segment that is held or will come; null when it never will.
   * @throws MediaError `busy` when it did not come in time
   */
  async take(n: number, signal: AbortSignal): Promise<LiveSegment | null> {
    const patience = AbortSignal.timeout(LIMITS.liveWait);
    const wish = { n };
    this.#waited.add(wish);
    this.#tell();
    try {
      const either = AbortSignal.any([signal, patience]);
      while (n >= this.count && !this.#isEnded) await this.#change(either);
    } catch (error) {
      if (signal.aborted) throw error;
      throw new MediaError('busy', `Segment ${n} is not made yet: the upstream has not come so far`, {
        retryAfter: 2,
      });
    } finally {
      this.#waited.delete(wish);
    }
    const segment = this.#segments.get(n) ?? null;
    if (segment) this.#given = Math.max(this.#given, n);
    this.#tell();
    return segment;
  }

  /** Waits until segment `n` is made or never will be, for as long as a list may be held back. */
  async reached(n: number, signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, AbortSignal.timeout(LIMITS.liveListWait)]);
    try {
      while (n >= this.count && !this.#isEnded) await this.#change(either);
    } catch (error) {
      signal.throwIfAborted();
      if (!either.aborted) throw error;
    }
  }

  /** Waits until there are so many segments to list, or all. @throws the reason when the input ended before the first */
  async begun(segments: number, signal: AbortSignal): Promise<void> {
    while (this.count < segments && !this.#isEnded) await this.#change(signal);
    if (this.count === 0)
      throw this.#error ?? new MediaError('truncated', 'The file ends before its first packet');
  }

  /** Lets the oldest ones go, down to the share; the newest one stays. */
  trim(): void {
    for (const [n, old] of this.#segments) {
      if (this.#size <= this.#share() || n === this.count - 1) break;
      this.#segments.delete(n);
      this.#size -= old.size;
    }
  }

  #add(segment: LiveSegment): void {
    if (segment.n === 0) this.#first = segment.start;
    this.#segments.set(segment.n, segment);
    this.#ends.push(segment.end);
    for (const [name, { start, end }] of segment.sounds) {
      const boundaries = this.#sounds.get(name);
      if (boundaries) boundaries.push(end);
      else this.#sounds.set(name, [start, end]);
    }
    this.#size += segment.size;
    this.trim();
    this.#tell();
  }

  /** Half of the window is for what was watched: a player goes back a little, another one is a little behind. */
  #isFarAhead(): boolean {
    const asked = Math.max(this.#given, ...[...this.#waited].map(({ n }) => n));
    const ahead = [...this.#segments.values()].filter(({ n }) => n > asked);
    const bytes = ahead.reduce((sum, { size }) => sum + size, 0);
    const from = this.#ends[asked] ?? 0;
    const seconds = ((this.#ends.at(-1) ?? 0) - from) / this.#timescale;
    return ahead.length > 0 && (bytes >= this.#share() / 2 || seconds >= AHEAD_SECONDS);
  }

  #tell(): void {
    for (const wake of [...this.#changed]) wake();
  }

  #change(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const done = () => {
        this.#changed.delete(wake);
        signal.removeEventListener('abort', leave);
      };
      const wake = () => {
        done();
        resolve();
      };
      const leave = () => {
        done();
        reject(signal.reason);
      };
      this.#changed.add(wake);
      signal.addEventListener('abort', leave, { once: true });
    });
  }
}
