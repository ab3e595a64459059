import { MediaError } from './errors.ts';
import { LIMITS } from './limits.ts';

/** What a text costs beside its bytes. */
export const TEXT_COST = 320;

/** Counts what is made for one answer that shows texts. */
export class TextRoom {
  #left: number = LIMITS.texts;

  /** @throws MediaError `limit`, from then on each time */
  take(bytes: number): void {
    this.#left -= bytes;
    if (this.#left < 0) throw new MediaError('limit', `Texts of more than ${LIMITS.texts} bytes at once`);
  }
}
