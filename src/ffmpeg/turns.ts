import { MediaError } from '../core/errors.ts';

/** So that no more of something goes on at a time than there may. */
export interface Turns {
  /**
   * Waits for a turn.
   * @returns what ends it
   * @throws MediaError `busy` when too many wait already; the abort reason when aborted
   */
  take(signal: AbortSignal): Promise<() => void>;
}

/** Who waits for more than that waits for longer than players do. */
const MAX_WAITING = 100;

/** First come, first served. */
export function createTurns(atOnce: number): Turns {
  const waiting = new Set<() => void>();
  let taken = 0;
  const end = () => {
    taken--;
    const [next] = waiting;
    next?.();
  };
  const begin = (): (() => void) => {
    taken++;
    return end;
  };
  return {
    async take(signal) {
      signal.throwIfAborted();
      if (taken < atOnce) return begin();
      if (waiting.size >= MAX_WAITING)
        throw new MediaError('busy', 'Too much sound waits for FFmpeg', { retryAfter: 2 });
      return new Promise((resolve, reject) => {
        const leave = () => {
          waiting.delete(onTurn);
          signal.removeEventListener('abort', onAbort);
        };
        const onTurn = () => {
          leave();
          resolve(begin());
        };
        const onAbort = () => {
          leave();
          reject(signal.reason);
        };
        waiting.add(onTurn);
        signal.addEventListener('abort', onAbort);
      });
    },
  };
}
