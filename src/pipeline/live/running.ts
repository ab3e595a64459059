import type { Sequence } from '../../core/contracts.ts';
import type { SelectionOptions } from '../select-tracks.ts';
import type { LiveBudget } from './budget.ts';
import { liveSegments } from './live-segment.ts';
import { openPass, type Pass } from './pass.ts';
import { Window } from './window.ts';

/** A pass under way, and the segments of it that are held. */
export interface Running {
  readonly pass: Pass;
  readonly window: Window;
  /** Ends the transfer and gives its share of memory back. */
  end(reason: Error): void;
  /** Settles when the pass is over; never rejects. */
  readonly done: Promise<void>;
}

export interface LiveInput {
  readonly sequence: Sequence;
  readonly options: SelectionOptions;
  readonly budget: LiveBudget;
}

/**
 * Begins a pass with a life of its own, that `signal` can only prevent from beginning.
 * @throws MediaError as `openPass`; `busy` when too many are under way
 */
export async function beginPass(
  { sequence, options, budget }: LiveInput,
  signal: AbortSignal,
): Promise<Running> {
  const controller = new AbortController();
  const onAbort = () => controller.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const window = new Window(() => budget.share);
  const leave = budget.enter(() => window.trim());
  try {
    const pass = await openPass(sequence, options, controller.signal);
    const end = (reason: Error) => {
      leave();
      controller.abort(reason);
    };
    const { timescale } = pass.title.timeline;
    return {
      pass,
      window,
      end,
      done: window.fill(liveSegments(pass.segments), timescale, controller.signal),
    };
  } catch (error) {
    leave();
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
