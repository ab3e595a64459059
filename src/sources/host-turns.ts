import { MediaError } from '../core/errors.ts';

/** So that no host is asked more often at the same time than it may be. */
export interface HostTurns {
  /**
   * Waits for a turn, first come, first served.
   * @returns what ends it; may be called again
   * @throws MediaError `busy` when too many wait already, or this one has for too long; the abort reason when aborted
   */
  take(host: string, signal: AbortSignal): Promise<() => void>;
}

export interface HostTurnsOptions {
  /** Requests to one host that may be under way. */
  readonly atOnce: number;
  /** Milliseconds that a request waits at most: those before it may be held open by readers who do not read. */
  readonly patience: number;
}

interface Queue {
  taken: number;
  readonly waiting: Set<() => void>;
}

/** Who waits behind more than that waits for longer than players do. */
const MAX_WAITING = 64;
/** Seconds after which a host that is busy may be asked again. */
const COME_AGAIN = 2;

export function createHostTurns({ atOnce, patience }: HostTurnsOptions): HostTurns {
  const queues = new Map<string, Queue>();

  function begin(host: string, queue: Queue): () => void {
    queue.taken++;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      queue.taken--;
      const [next] = queue.waiting;
      next?.();
      if (queue.taken === 0) queues.delete(host);
    };
  }

  return {
    async take(host, signal) {
      signal.throwIfAborted();
      const queue = queues.get(host) ?? { taken: 0, waiting: new Set() };
      queues.set(host, queue);
      if (queue.taken < atOnce) return begin(host, queue);
      if (queue.waiting.size >= MAX_WAITING) throw busy(host);
      return new Promise((resolve, reject) => {
        const leave = () => {
          queue.waiting.delete(onTurn);
          clearTimeout(timer);
          signal.removeEventListener('abort', onAbort);
        };
        // At once, so that nobody who comes now takes the turn.
        const onTurn = () => {
          leave();
          resolve(begin(host, queue));
        };
        const onAbort = () => {
          leave();
          reject(signal.reason);
        };
        const onLate = () => {
          leave();
          reject(busy(host));
        };
        const timer = setTimeout(onLate, patience);
        queue.waiting.add(onTurn);
        signal.addEventListener('abort', onAbort);
      });
    },
  };
}

const busy = (host: string): MediaError =>
  new MediaError('busy', `${host} gets as many requests at the same time as its upstream route allows`, {
    retryAfter: COME_AGAIN,
  });
