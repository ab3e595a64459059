import type { IncomingMessage } from 'node:http';
import { MediaError, truncated, unsupported } from '../core/errors.ts';
import { Body, type BodyRules, type BodySink, checkBody, tooLarge } from './body.ts';
import { type FormEvents, readForm } from './form.ts';
import { Inlet } from './inlet.ts';

export interface ReceiveRules extends BodyRules {
  /** Milliseconds until the first byte of the file. */
  readonly head: number;
}

/** A file that is on its way. */
export interface ReceivedFile {
  /** As its sender calls it; null where it has no name. */
  readonly name: string | null;
  /**
   * Bytes in order, each once, for one reader; asking for them is what makes the sender go on. Ends when the body did and
   * was whole: another one may read on where one has stopped.
   * @throws MediaError `truncated`, `limit`, `bad-request`, `unsupported`
   */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Reads no more. Need not be called at the end. */
  close(): void;
}

export interface Lifetime {
  /** The request ends. */
  readonly signal: AbortSignal;
  /** The head promises a file: its bytes may come. */
  readonly onReady: () => void;
  /** Nothing more is read: called once. */
  readonly onOver: () => void;
}

/**
 * The file that a request carries, in a form or as its whole body, once its first byte is here.
 * @throws MediaError `bad-request`, `unsupported`, `limit`, `truncated`
 */
export async function receiveFile(
  incoming: IncomingMessage,
  rules: ReceiveRules,
  lifetime: Lifetime,
): Promise<ReceivedFile> {
  const reception = begin(incoming, rules, lifetime);
  lifetime.onReady();
  await reception.begun;
  const { name, chunks } = reception;
  return { name, chunks, close: () => reception.fail(truncated('The rest of the upload is not read')) };
}

function begin(incoming: IncomingMessage, rules: ReceiveRules, lifetime: Lifetime): Reception {
  try {
    checkHead(incoming, rules.maxBytes);
    checkBody(incoming);
    return new Reception(incoming, rules, lifetime);
  } catch (error) {
    lifetime.onOver();
    throw error;
  }
}

/** One body from its first byte to its last. */
class Reception implements FormEvents {
  readonly #inlet = new Inlet({ pause: () => this.#body.pause(), resume: () => this.#body.resume() });
  readonly #body: Body;
  readonly #lifetime: Lifetime;
  readonly #late: NodeJS.Timeout;
  #hasBytes = false;
  #isOver = false;
  #begin: () => void = () => undefined;
  #fail: (reason: unknown) => void = () => undefined;
  name: string | null = null;
  readonly begun = new Promise<void>((resolve, reject) => {
    this.#begin = resolve;
    this.#fail = reject;
  });

  /** @throws MediaError for a body of a form that is not read */
  constructor(incoming: IncomingMessage, rules: ReceiveRules, lifetime: Lifetime) {
    this.#lifetime = lifetime;
    this.#body = new Body(incoming, rules, sinkOf(incoming, this));
    this.#late = setTimeout(() => this.fail(lateFile(rules.head)), rules.head);
    lifetime.signal.addEventListener('abort', this.#onAbort);
    if (lifetime.signal.aborted) this.#onAbort();
  }

  get chunks(): AsyncIterable<Uint8Array> {
    return this.#inlet;
  }

  file(name: string | null): void {
    this.name = name;
  }

  data(chunk: Buffer): void {
    this.#hasBytes = true;
    clearTimeout(this.#late);
    this.#begin();
    this.#inlet.push(chunk);
  }

  end(): void {
    if (this.#hasBytes) {
      this.#over();
      this.#inlet.end();
    } else this.fail(new MediaError('bad-request', 'The file is empty'));
  }

  fail(reason: MediaError): void {
    if (this.#isOver) return;
    this.#over();
    this.#fail(reason);
    this.#inlet.fail(reason);
  }

  #onAbort = (): void => this.fail(truncated('The sender left'));

  #over(): void {
    this.#isOver = true;
    clearTimeout(this.#late);
    this.#body.stop();
    this.#lifetime.signal.removeEventListener('abort', this.#onAbort);
    this.#lifetime.onOver();
  }
}

function sinkOf({ headers }: IncomingMessage, events: FormEvents): BodySink {
  const type = headers['content-type'] ?? '';
  if (/^multipart\/form-data\b/i.test(type)) return readForm(type, events);
  if (/^multipart\//i.test(type))
    throw unsupported('Of multipart bodies only multipart/form-data is read; or send the file as the body');
  return {
    write: (chunk) => events.data(chunk),
    end: () => events.end(),
    fail: (reason) => events.fail(reason),
  };
}

function checkHead({ headers }: IncomingMessage, maxBytes: number): void {
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity')
    throw unsupported('The upload is compressed (Content-Encoding); send it as it is');
  const length = headers['content-length'];
  if (length === undefined && headers['transfer-encoding'] === undefined) throw nothingSent();
  if (length === '0') throw nothingSent();
  if (Number(length ?? 0) > maxBytes) throw tooLarge(maxBytes);
}

const nothingSent = () =>
  new MediaError('bad-request', 'The request has no body: send a file, as curl -F file=@name does');

const lateFile = (time: number) => truncated(`The file did not begin within ${time / 1000} s`);
