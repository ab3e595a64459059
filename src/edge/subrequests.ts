import { MediaError } from '../core/errors.ts';

/** Connections that one request may have open. */
const AT_ONCE = 6;

/** Gives a connection back. May be called again. */
export type Release = () => void;

/** What one request may still ask of other places: fetches, caches and buckets count alike. */
export class Subrequests {
  readonly #most: number;
  #used = 0;
  #open = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  get left(): number {
    return this.#most - this.#used;
  }

  /**
   * Leave for one subrequest, once fewer than six are under way.
   * @throws MediaError `limit` when none is left; the abort reason when aborted
   */
  async take(signal: AbortSignal): Promise<Release> {
    while (this.#open >= AT_ONCE) await this.#turn(signal);
    signal.throwIfAborted();
    if (this.left <= 0)
      throw new MediaError(
        'limit',
        `This took more than ${this.#most} subrequests. Where the plan allows more, set SLUICE_SUBREQUESTS`,
      );
    this.#used++;
    this.#open++;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#open--;
      this.#waiting.shift()?.();
    };
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1);
        reject(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(enter);
    });
  }
}
