import type { IncomingMessage } from 'node:http';
import { MediaError, truncated } from '../core/errors.ts';
import type { Flow } from './inlet.ts';

/** What takes a body as it arrives; `end` or `fail` is the last call. */
export interface BodySink {
  write(chunk: Buffer): void;
  end(): void;
  fail(reason: MediaError): void;
}

export interface BodyRules {
  /** Bytes of the whole body. */
  readonly maxBytes: number;
  /** So many bytes in so many milliseconds are the least, while the sender is not made to wait. */
  readonly pace: { readonly bytes: number; readonly time: number };
  /** Milliseconds for the whole body, however it came to take that long. */
  readonly time: number;
}

/** What somebody in front of us has read, and left here. */
interface ReadBefore {
  readonly rawBody?: unknown;
}

/** @throws MediaError `not-offered` for a body that somebody in front of us has read, and kept */
export function checkBody(incoming: IncomingMessage & ReadBefore): void {
  if (!incoming.readableEnded || Buffer.isBuffer(incoming.rawBody)) return;
  throw new MediaError(
    'not-offered',
    'The app around this server has read the upload before: mount this server in front of its parsers of bodies',
  );
}

/** The body of one request on its way to a sink: how much, how fast and how long. The request is never destroyed. */
export class Body implements Flow {
  readonly #incoming: IncomingMessage & ReadBefore;
  readonly #rules: BodyRules;
  readonly #sink: BodySink;
  readonly #slow: NodeJS.Timeout;
  readonly #over: NodeJS.Timeout;
  #received = 0;
  #sincePace = 0;
  #isPaused = false;
  #again: NodeJS.Immediate | null = null;

  constructor(incoming: IncomingMessage & ReadBefore, rules: BodyRules, sink: BodySink) {
    this.#incoming = incoming;
    this.#rules = rules;
    this.#sink = sink;
    this.#slow = setTimeout(this.#onSlow, rules.pace.time);
    this.#over = setTimeout(this.#onOver, rules.time);
    if (incoming.readableEnded) this.#again = setImmediate(this.#onReadBefore);
    else {
      incoming.on('data', this.#onData).on('end', this.#onEnd);
      incoming.on('close', this.#onLeft).on('error', this.#onLeft);
    }
  }

  pause(): void {
    this.#isPaused = true;
    this.#incoming.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#sincePace = 0;
    this.#slow.refresh();
    this.#incoming.resume();
  }

  /** Lets go of the request, which is left as far as it was read. */
  stop(): void {
    clearTimeout(this.#slow);
    clearTimeout(this.#over);
    if (this.#again) clearImmediate(this.#again);
    this.#isPaused = false;
    this.#incoming.off('data', this.#onData).off('end', this.#onEnd);
    this.#incoming.off('close', this.#onLeft).off('error', this.#onLeft);
    this.#incoming.pause();
  }

  #fail(reason: MediaError): void {
    this.stop();
    this.#sink.fail(reason);
  }

  #onData = (chunk: Buffer): void => {
    this.#received += chunk.length;
    this.#sincePace += chunk.length;
    if (this.#received > this.#rules.maxBytes) {
      this.#fail(tooLarge(this.#rules.maxBytes));
      return;
    }
    if (this.#sincePace >= this.#rules.pace.bytes) {
      this.#sincePace = 0;
      this.#slow.refresh();
    }
    this.#sink.write(chunk);
  };

  #onReadBefore = (): void => {
    const { rawBody } = this.#incoming;
    if (!Buffer.isBuffer(rawBody)) return;
    if (rawBody.length > this.#rules.maxBytes) this.#fail(tooLarge(this.#rules.maxBytes));
    else {
      this.#sink.write(rawBody);
      this.#onEnd();
    }
  };

  #onEnd = (): void => {
    this.stop();
    this.#sink.end();
  };

  #onLeft = (): void => this.#fail(truncated(`The sender left after ${this.#received} bytes`));

  #onSlow = (): void => {
    const { bytes, time } = this.#rules.pace;
    if (this.#isPaused) return;
    this.#fail(truncated(`The upload stopped: less than ${bytes} bytes came in ${time / 1000} s`));
  };

  #onOver = (): void =>
    this.#fail(new MediaError('limit', `The upload took longer than ${this.#rules.time / 1000} s`));
}

/** `SLUICE_UPLOAD_MB` is what allows more. */
export const tooLarge = (maxBytes: number): MediaError =>
  new MediaError(
    'limit',
    `The upload is larger than ${Math.floor(maxBytes / 2 ** 20)} MB; the server can be started with a larger SLUICE_UPLOAD_MB`,
  );
