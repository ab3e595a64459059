import type { Sequence } from '../../core/contracts.ts';
import { MediaError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { LiveState, Rendition } from '../renditions.ts';
import type { SelectionOptions } from '../select-tracks.ts';
import type { Title } from '../title.ts';
import { openPass, type Pass } from './pass.ts';
import { Window } from './window.ts';

/** What can be listed now. */
export interface LiveProgress extends LiveState {
  /** Why it ended early, for a person; null when it did not. */
  readonly failure: string | null;
}

interface Running {
  readonly pass: Pass;
  readonly window: Window;
  readonly controller: AbortController;
  readonly done: Promise<void>;
}

/**
 * A title that can only be read in order: one pass over the input makes the segments that all viewers share. Who asks
 * for one that is held no more has it made by a second pass, from the beginning; both make the same bytes.
 */
export class LiveStream {
  readonly #sequence: Sequence;
  readonly #options: SelectionOptions;
  readonly #onIdle: () => void;
  readonly #main: Running;
  #again: Promise<Running> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  private constructor(sequence: Sequence, options: SelectionOptions, main: Running, onIdle: () => void) {
    this.#sequence = sequence;
    this.#options = options;
    this.#main = main;
    this.#onIdle = onIdle;
    this.#touch();
  }

  /**
   * Begins to read.
   * @param onIdle called when nobody has asked for anything for a while and the input was let go
   * @throws MediaError as `openPass`; of the input when it ends before the first segment
   */
  static async open(
    sequence: Sequence,
    { options, onIdle }: { readonly options: SelectionOptions; readonly onIdle: () => void },
    signal: AbortSignal,
  ): Promise<LiveStream> {
    const main = await begin(sequence, options, signal);
    try {
      await main.window.begun(signal);
    } catch (error) {
      main.controller.abort(error);
      throw error;
    }
    return new LiveStream(sequence, options, main, onIdle);
  }

  get title(): Title {
    return this.#main.pass.title;
  }

  get renditions(): readonly Rendition[] {
    return this.#main.pass.renditions;
  }

  progress(): LiveProgress {
    this.#touch();
    const { first, ends, isEnded, error, oldest } = this.#main.window;
    const failure = error === null ? null : error instanceof Error ? error.message : String(error);
    return { first, ends, isEnded, failure, isFromStart: oldest === 0 };
  }

  /**
   * The bytes of a segment: held, or made while this waits.
   * @throws MediaError `not-found` for one that never comes, `busy` when another viewer reads from the beginning already,
   * `changed` when the input is another one by now
   */
  async segment(rendition: string, n: number, signal: AbortSignal): Promise<Uint8Array> {
    this.#touch();
    const held = await this.#main.window.take(n, signal);
    const bytes = (held ?? (await this.#madeAgain(n, signal))).bytes.get(rendition);
    if (!bytes) throw new MediaError('not-found', `Segment ${n} does not exist`);
    return bytes;
  }

  /** Lets the input go. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const reason = new MediaError('upstream', 'Nobody watches this title any more');
    this.#main.controller.abort(reason);
    this.#again?.then(
      ({ controller }) => controller.abort(reason),
      () => undefined,
    );
    this.#onIdle();
  }

  async #madeAgain(n: number, signal: AbortSignal) {
    if (n >= this.#main.window.count) throw new MediaError('not-found', `Segment ${n} does not exist`);
    const again = this.#again;
    if (again && (await again).window.oldest > n) this.#restart(await again);
    this.#again ??= this.#beginAgain();
    const { window } = await this.#again;
    const segment = await window.take(n, signal);
    if (segment) return segment;
    throw new MediaError('busy', 'Others watch another part of this title, which can only be read in order', {
      retryAfter: 5,
    });
  }

  #restart({ controller }: Running): void {
    controller.abort(new MediaError('upstream', 'Read again from the beginning'));
    this.#again = null;
  }

  async #beginAgain(): Promise<Running> {
    const never = new AbortController().signal;
    try {
      const running = await begin(this.#sequence, this.#options, never);
      if (running.pass.title.version === this.title.version) return running;
      running.controller.abort(new MediaError('changed', 'The input is another one by now'));
      throw new MediaError('changed', 'The input is another one by now; open the title again');
    } catch (error) {
      this.#again = null;
      throw error;
    }
  }

  #touch(): void {
    clearTimeout(this.#timer);
    if (!this.#isClosed) this.#timer = setTimeout(() => this.close(), LIMITS.liveIdle);
  }
}

/** A pass with a life of its own, that `signal` can only prevent from beginning. */
async function begin(sequence: Sequence, options: SelectionOptions, signal: AbortSignal): Promise<Running> {
  const controller = new AbortController();
  const onAbort = () => controller.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const pass = await openPass(sequence, options, controller.signal);
    const window = new Window(pass.title.timeline.timescale);
    return { pass, window, controller, done: window.fill(pass.segments, controller.signal) };
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
