import { MediaError } from '../core/errors.ts';

/** Room that one file takes. */
export interface Share {
  /** The file has come to be so large. @throws MediaError `limit` */
  grow(bytes: number): void;
  /** The file is as large as it will be; gives back what it does not take. */
  settle(bytes: number): void;
}

/** Bytes that files may take together. What is promised to a file counts from then on. */
export class Quota {
  readonly #max: number;
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  hasRoom(bytes: number): boolean {
    return this.#taken + bytes <= this.#max;
  }

  /** What is there is there, whether it has room or not. */
  take(bytes: number): void {
    this.#taken += bytes;
  }

  give(bytes: number): void {
    this.#taken -= bytes;
  }

  /**
   * @param size bytes at most, which are promised at once; null where nobody knows
   * @throws MediaError `limit`
   */
  share(size: number | null): Share {
    let promised = 0;
    const grow = (bytes: number) => {
      if (bytes <= promised) return;
      if (!this.hasRoom(bytes - promised)) throw this.#full();
      this.take(bytes - promised);
      promised = bytes;
    };
    grow(size ?? 1);
    return {
      grow,
      settle: (bytes) => {
        this.give(promised - bytes);
        promised = bytes;
      },
    };
  }

  #full(): MediaError {
    const megabytes = (bytes: number) => Math.max(0, Math.floor(bytes / 2 ** 20));
    return new MediaError(
      'limit',
      `The folder for uploads has ${megabytes(this.#max - this.#taken)} MB left of ${megabytes(this.#max)}; remove some, or start the server with a larger SLUICE_UPLOADS_MB`,
    );
  }
}
