import { LRUCache } from 'lru-cache';
import { concat } from '../core/bytes.ts';
import { MediaError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { Opened } from './http-location.ts';
import { connectionError } from './http-transport.ts';
import { abortable } from './retry.ts';

export interface WholeBodyLimits {
  /** Bytes of all that are held, and of all that are arriving. */
  readonly all: number;
  /** Bytes of a single one. */
  readonly each: number;
}

/** Bodies of resources whose server ignores ranges: all sources of a client share one budget. */
export class WholeBodies {
  readonly limits: WholeBodyLimits;
  readonly #held: LRUCache<object, Uint8Array>;
  #arriving = 0;

  constructor(limits: WholeBodyLimits = { all: LIMITS.wholeBodies, each: LIMITS.wholeWithoutIndex }) {
    this.limits = limits;
    this.#held = new LRUCache({
      maxSize: limits.all,
      sizeCalculation: (body) => Math.max(1, body.length),
    });
  }

  get(owner: object): Uint8Array | undefined {
    return this.#held.get(owner);
  }

  set(owner: object, body: Uint8Array): void {
    this.#held.set(owner, body);
  }

  /** Counts bytes of bodies under way. @throws MediaError `busy` when those are as many as may be held */
  grow(length: number): void {
    if (this.#arriving + length > this.limits.all)
      throw new MediaError(
        'busy',
        'Other files are being read whole at the moment, as their servers do not answer byte ranges. Try again soon',
      );
    this.#arriving += length;
  }

  shrink(length: number): void {
    this.#arriving -= length;
  }
}

interface Download {
  readonly controller: AbortController;
  readonly body: Promise<Uint8Array>;
  waiters: number;
}

/** The whole body of one resource, downloaded once for all readers that ask meanwhile. */
export class WholeBody {
  readonly #bodies: WholeBodies;
  #download: Download | null = null;

  constructor(bodies: WholeBodies) {
    this.#bodies = bodies;
  }

  /** The body if it is there or on its way, else null. */
  async known(signal: AbortSignal): Promise<Uint8Array | null> {
    return this.#bodies.get(this) ?? (this.#download ? this.#join(this.#download, signal) : null);
  }

  /**
   * Reads the body of `opened`, unless another reader is at it already. Ends when all its readers have left.
   * @param controller aborts the request of `opened`
   */
  async load(opened: Opened, controller: AbortController, signal: AbortSignal): Promise<Uint8Array> {
    if (this.#download) {
      opened.answer.close();
      return this.#join(this.#download, signal);
    }
    const download: Download = { controller, body: readWhole(opened, this.#bodies), waiters: 0 };
    this.#download = download;
    const forget = () => {
      if (this.#download === download) this.#download = null;
    };
    download.body.then(
      (body) => {
        this.#bodies.set(this, body);
        forget();
      },
      () => forget(),
    );
    return this.#join(download, signal);
  }

  async #join(download: Download, signal: AbortSignal): Promise<Uint8Array> {
    download.waiters++;
    try {
      return await abortable(download.body, signal);
    } finally {
      download.waiters--;
      if (download.waiters === 0 && this.#download === download) {
        this.#download = null;
        download.controller.abort(new MediaError('upstream', 'Nobody waits for the file any more'));
      }
    }
  }
}

/** Milliseconds that a body of unknown length may take: what takes longer may be live and never end. */
const UNKNOWN_LENGTH_TIME = 3000;

/** @throws MediaError `upstream` when the body is too large to be held, `busy` when too many are */
async function readWhole({ answer, url }: Opened, bodies: WholeBodies): Promise<Uint8Array> {
  const declared = Number(answer.header('content-length') ?? 0);
  const patience = performance.now() + UNKNOWN_LENGTH_TIME;
  const isTooLong = () => declared === 0 && performance.now() > patience;
  const { each } = bodies.limits;
  const pieces = new Pieces();
  let length = 0;
  try {
    while (length <= each && declared <= each && !isTooLong()) {
      const chunk = await answer.next();
      if (chunk === null) {
        if (length < declared) throw connectionError(url.host, `the file ended after ${length} bytes`);
        return pieces.join();
      }
      bodies.grow(chunk.length);
      pieces.add(chunk);
      length += chunk.length;
    }
  } finally {
    bodies.shrink(length);
    answer.close();
  }
  const most = each / 1024 / 1024;
  throw new MediaError(
    'upstream',
    `The server ${url.host} does not answer byte ranges, and the file is larger than the ${most} MB that are held in memory instead`,
    { upstreamStatus: answer.status, inOrderOnly: true },
  );
}

const PIECE = 1024 * 1024;

/** Bytes of unknown number, copied into large buffers: single ones would cost a hundred times their size as chunks. */
class Pieces {
  readonly #full: Uint8Array[] = [];
  #last = new Uint8Array(PIECE);
  #filled = 0;

  add(chunk: Uint8Array): void {
    for (let rest = chunk; rest.length > 0; ) {
      const part = rest.subarray(0, PIECE - this.#filled);
      this.#last.set(part, this.#filled);
      this.#filled += part.length;
      rest = rest.subarray(part.length);
      if (this.#filled === PIECE) this.#next();
    }
  }

  join(): Uint8Array {
    return concat([...this.#full, this.#last.subarray(0, this.#filled)]);
  }

  #next(): void {
    this.#full.push(this.#last);
    this.#last = new Uint8Array(PIECE);
    this.#filled = 0;
  }
}
