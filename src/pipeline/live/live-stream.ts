import { MediaError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { LiveState, Rendition } from '../renditions.ts';
import type { Title } from '../title.ts';
import { beginPass, type LiveInput, type Running } from './running.ts';
import { SecondPass } from './second-pass.ts';

/** What can be listed now. */
export interface LiveProgress extends LiveState {
  /** Why it ended early, for a person; null when it did not. */
  readonly failure: string | null;
}

export interface LiveEvents {
  /** Nobody has asked for anything for a while and the input was let go. */
  readonly onIdle: () => void;
  /** The input ended early. */
  readonly onBroken?: (error: unknown) => void;
}

/**
 * Segments of what may be live that are listed at first: who plays two has the third in hand when the next one comes.
 * What has a length comes faster than it plays, most often.
 */
const AT_FIRST = 3;
/** Segments behind the newest one that may be asked for while others watch: to make far ones, theirs are let go. */
const NEAR = 8;
/** Milliseconds after which who got the last segment is taken to have left. */
const PRESENT = 15_000;

/**
 * A title that can only be read in order: one pass over the input makes the segments that all viewers share. Who asks
 * for one that is held no more has it made by a second pass, from the beginning; both make the same bytes.
 */
export class LiveStream {
  readonly #main: Running;
  readonly #second: SecondPass;
  readonly #onIdle: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #givenAt = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  private constructor(input: LiveInput, main: Running, { onIdle, onBroken }: LiveEvents) {
    this.#main = main;
    this.#second = new SecondPass(input, main);
    this.#onIdle = onIdle;
    this.#touch();
    main.done.then(() => {
      if (!this.#isClosed && main.window.error !== null) onBroken?.(main.window.error);
    }, unexpected);
  }

  /**
   * Begins to read.
   * @throws MediaError as `beginPass`; of the input when it ends before the first segment
   */
  static async open(input: LiveInput, events: LiveEvents, signal: AbortSignal): Promise<LiveStream> {
    const main = await beginPass(input, signal);
    try {
      await main.window.begun(input.sequence.size === null ? AT_FIRST : 1, signal);
    } catch (error) {
      main.end(new MediaError('upstream', 'There is nothing to list'));
      throw error;
    }
    return new LiveStream(input, main, events);
  }

  get title(): Title {
    return this.#main.pass.title;
  }

  get renditions(): readonly Rendition[] {
    return this.#main.pass.renditions;
  }

  progress(): LiveProgress {
    this.#touch();
    const { first, ends, sounds, isEnded, error, oldest } = this.#main.window;
    const failure = error === null ? null : error instanceof Error ? error.message : String(error);
    return { first, ends, sounds, isEnded, failure, isFromStart: oldest === 0 };
  }

  /** As `progress`, but waits until there is a segment `n`, for as long as players wait. */
  async progressTo(n: number, signal: AbortSignal): Promise<LiveProgress> {
    this.#touch();
    await this.#main.window.reached(n, signal);
    return this.progress();
  }

  /**
   * The bytes of a segment, as a list: held, or made while this waits.
   * @throws MediaError `not-found` for one that never comes, that is far ahead of what others watch, or that is held no
   * more and cannot be made again; `busy` for one that does not come in time or has to wait for others
   */
  async segment(rendition: string, n: number, signal: AbortSignal): Promise<readonly Uint8Array[]> {
    if (this.#isClosed)
      throw new MediaError('busy', 'This title was just let go; ask again', { retryAfter: 1 });
    this.#touch();
    const { window } = this.#main;
    const isWatched = performance.now() < this.#givenAt + PRESENT;
    if (isWatched && n >= window.count + NEAR) throw notFound(n);
    const held = await window.take(n, signal);
    if (!held && n >= window.count) throw notFound(n);
    const { bytes } = held ?? (await this.#second.segment(n, signal));
    this.#touch();
    this.#givenAt = performance.now();
    const found = bytes.get(rendition);
    if (!found?.length) throw notFound(n);
    return found;
  }

  /** Lets the input go. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const reason = new MediaError('upstream', 'Nobody watches this title any more');
    this.#main.end(reason);
    this.#second.close(reason);
    this.#onIdle();
  }

  #touch(): void {
    clearTimeout(this.#timer);
    if (!this.#isClosed) this.#timer = setTimeout(() => this.close(), LIMITS.liveIdle);
  }
}

const notFound = (n: number): MediaError => new MediaError('not-found', `There is no segment ${n} so far`);

const unexpected = (error: unknown): never => {
  throw error;
};
