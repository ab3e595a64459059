import { MediaError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { LiveSegment } from './live-segment.ts';
import { beginPass, type LiveInput, type Running } from './running.ts';

/** Milliseconds that such a pass is left alone: viewers of different places shall not begin it anew in turn. */
const LEFT_ALONE = 10_000;

interface Again {
  readonly running: Running;
  readonly begun: number;
}

/** One further pass from the beginning, for segments that are held no more. It must make the same bytes. */
export class SecondPass {
  readonly #input: LiveInput;
  readonly #main: Running;
  #again: Promise<Again> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The input gave other bytes when it was read again. */
  #isOther = false;
  #isClosed = false;

  constructor(input: LiveInput, main: Running) {
    this.#input = input;
    this.#main = main;
  }

  /**
   * A segment that the main pass has made.
   * @throws MediaError `busy` while others have another place read, `not-found` where the input cannot be read twice
   */
  async segment(n: number, signal: AbortSignal): Promise<LiveSegment> {
    const { pass, window } = await this.#runningFor(n);
    signal.throwIfAborted();
    if (pass.title.version !== this.#main.pass.title.version) throw this.#gone(n);
    const segment = await window.take(n, signal);
    this.#touch();
    if (!segment) throw window.isEnded ? (window.error ?? this.#gone(n)) : elsewhere();
    if (segment.end !== this.#main.window.ends[n]) throw this.#gone(n);
    return segment;
  }

  close(reason: Error): void {
    this.#isClosed = true;
    this.#stop(reason);
  }

  async #runningFor(n: number): Promise<Running> {
    for (;;) {
      if (this.#isClosed) throw elsewhere();
      if (this.#isOther) throw this.#gone(n);
      this.#again ??= this.#begin();
      const promise = this.#again;
      const { running, begun } = await promise;
      if (promise !== this.#again) continue;
      this.#touch();
      if (n >= running.window.oldest) return running;
      if (running.window.isWaitedFor || performance.now() < begun + LEFT_ALONE) throw elsewhere();
      this.#stop(new MediaError('upstream', 'Read again from the beginning'));
    }
  }

  async #begin(): Promise<Again> {
    try {
      const running = await beginPass(this.#input, new AbortController().signal);
      if (this.#isClosed) running.end(new MediaError('upstream', 'Nobody watches this title any more'));
      return { running, begun: performance.now() };
    } catch (error) {
      this.#again = null;
      throw error;
    }
  }

  #stop(reason: Error): void {
    clearTimeout(this.#timer);
    const again = this.#again;
    this.#again = null;
    again?.then(
      ({ running }) => running.end(reason),
      () => undefined, // told to those who wait for it
    );
  }

  /** What is made by nobody's wish is let go, though the title is watched. */
  #touch(): void {
    clearTimeout(this.#timer);
    if (this.#isClosed) return;
    const reason = new MediaError('upstream', 'Nobody watches this part any more');
    this.#timer = setTimeout(() => this.#stop(reason), LIMITS.liveIdle);
  }

  #gone(n: number): MediaError {
    this.#isOther = true;
    const reason = `Segment ${n} is held no more, and the upstream gives other bytes when it is read again`;
    this.#stop(new MediaError('upstream', reason));
    return new MediaError('not-found', reason);
  }
}

const elsewhere = (): MediaError =>
  new MediaError('busy', 'Others watch another part of this title, which can only be read in order', {
    retryAfter: 5,
  });
