import { MediaError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';

/** Memory for the segments of all titles that are read in order: an equal share for each pass. */
export class LiveBudget {
  readonly #trims = new Set<() => void>();

  /** Bytes that one pass may hold now. */
  get share(): number {
    return Math.min(LIMITS.liveWindow, LIMITS.liveWindows / Math.max(1, this.#trims.size));
  }

  /**
   * Takes part.
   * @param trim called when the share becomes less
   * @returns gives the share back
   * @throws MediaError `busy` when there are as many passes as there may be
   */
  enter(trim: () => void): () => void {
    if (this.#trims.size >= LIMITS.livePasses)
      throw new MediaError(
        'busy',
        'Other files are being read at the moment whose servers give them in order only. Try again soon',
        { retryAfter: 5 },
      );
    this.#trims.add(trim);
    for (const other of this.#trims) other();
    return () => void this.#trims.delete(trim);
  }
}
