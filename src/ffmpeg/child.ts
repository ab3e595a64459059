import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { MediaError } from '../core/errors.ts';

/** A program that runs until it has given everything. */
export interface ChildRun {
  readonly program: string;
  readonly args: readonly string[];
  /** What it reads; null: nothing. */
  readonly input: AsyncIterable<readonly Uint8Array[]> | null;
  /** Milliseconds in which it must give something once it was given something to read, or can read no more. */
  readonly patience: number;
  readonly signal: AbortSignal;
}

/** Of what it says on its error output. */
const MAX_LOG = 4000;

/**
 * What the program writes, chunk by chunk: it is read, and so goes on, no faster than the chunks are taken. It runs in
 * a process group of its own, of which nothing is left when this ends, however it ends.
 * @throws MediaError `not-offered` when it does not start, hangs or fails, with the end of its log; what `input`
 * throws; the abort reason when aborted
 */
export async function* runChild(run: ChildRun): AsyncGenerator<Uint8Array> {
  const { program, args, input, patience, signal } = run;
  signal.throwIfAborted();
  const child = spawn(program, [...args], { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  const life = new Life(child, patience);
  const onAbort = () => life.end(signal.reason);
  signal.addEventListener('abort', onAbort);
  const fed = feed(child.stdin, input, life);
  try {
    for await (const chunk of life.chunks(child.stdout)) yield chunk;
    await life.ended();
  } finally {
    signal.removeEventListener('abort', onAbort);
    life.end(new MediaError('upstream', 'Nobody reads what the program makes'));
    await fed;
  }
}

/** What happens to a child: why it ended, and whether it may still be waited for. */
class Life {
  readonly #child: ChildProcess;
  readonly #patience: number;
  readonly #closed: Promise<unknown>;
  #reason: { readonly error: unknown } | null = null;
  #timer: NodeJS.Timeout | null = null;
  #log = '';
  #isRead = false;
  #isBusy = false;

  constructor(child: ChildProcess, patience: number) {
    this.#child = child;
    this.#patience = patience;
    this.#closed = new Promise<void>((resolve) => {
      child.on('close', () => resolve());
      child.on('error', (cause) => {
        this.#reason ??= { error: new MediaError('not-offered', 'FFmpeg cannot be started', { cause }) };
        resolve();
      });
    });
    // What it started may still hold its pipes open.
    child.on('exit', () => killGroup(child));
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#log = (this.#log + chunk.toString()).slice(-MAX_LOG);
    });
  }

  get hasEnded(): boolean {
    return this.#reason !== null;
  }

  /** Kills it and all that it started. The first reason counts. */
  end(error: unknown): void {
    this.#reason ??= { error };
    this.#still();
    killGroup(this.#child);
    this.#child.stdout?.destroy();
    this.#child.stdin?.destroy();
  }

  /** It has something to do that should show: without a sign within its patience it hangs. */
  setBusy(isBusy: boolean): void {
    this.#isBusy = isBusy;
    this.#watch();
  }

  async *chunks(stdout: Readable | null): AsyncGenerator<Uint8Array> {
    if (!stdout) return;
    try {
      for (const chunks = stdout[Symbol.asyncIterator](); ; ) {
        this.#isRead = true;
        this.#watch();
        const next = await chunks.next();
        this.#isRead = false;
        this.#watch();
        if (next.done) break;
        yield next.value as Uint8Array;
      }
    } catch (error) {
      if (!this.#reason) throw error;
    }
  }

  /** @throws why it ended, unless it came to its own good end */
  async ended(): Promise<void> {
    this.#isRead = true;
    this.setBusy(true);
    await this.#closed;
    this.#still();
    if (this.#reason) throw this.#reason.error;
    const { exitCode, signalCode } = this.#child;
    if (exitCode === 0) return;
    const how = signalCode ? `was killed by ${signalCode}` : `ended with code ${exitCode}`;
    throw new MediaError('not-offered', `FFmpeg ${how}: ${this.#log.trim()}`);
  }

  #watch(): void {
    this.#still();
    if (!this.#isRead || !this.#isBusy || this.#reason) return;
    const hangs = () =>
      this.end(new MediaError('not-offered', `FFmpeg gave nothing for ${this.#patience / 1000} s`));
    this.#timer = setTimeout(hangs, this.#patience);
  }

  #still(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

/** While it waits for what it is to read its silence is no fault of its own. Never rejects. */
async function feed(
  stdin: Writable | null,
  input: AsyncIterable<readonly Uint8Array[]> | null,
  life: Life,
): Promise<void> {
  if (!stdin) return;
  stdin.on('error', () => undefined); // it may end before it has read all: its exit code tells
  const closed = once(stdin, 'close').then(
    () => null,
    () => null,
  );
  try {
    for await (const buffers of until(closed, input)) {
      if (life.hasEnded || stdin.destroyed) return;
      stdin.cork();
      let hasRoom = true;
      for (const buffer of buffers) hasRoom = stdin.write(buffer);
      stdin.uncork();
      if (hasRoom) continue;
      life.setBusy(true);
      await Promise.race([once(stdin, 'drain').catch(() => undefined), closed]);
      life.setBusy(false);
    }
    stdin.end();
    life.setBusy(true);
  } catch (error) {
    life.end(error);
  }
}

/** What comes before the end: what is still waited for then is let go. */
async function* until<T>(end: Promise<null>, input: AsyncIterable<T> | null): AsyncGenerator<T> {
  const iterator = input?.[Symbol.asyncIterator]();
  if (!iterator) return;
  let next: Promise<IteratorResult<T>> | null = null;
  try {
    for (;;) {
      next = iterator.next();
      const result = await Promise.race([next, end]);
      if (result === null || result.done) return;
      next = null;
      yield result.value;
    }
  } finally {
    // It may never come: nobody waits for it.
    void next?.catch(() => undefined);
    void iterator.return?.()?.catch(() => undefined);
  }
}

/** A process that leads a group is ended with all of it; where there are no groups, alone. */
function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch {
    // Nothing of it is left.
  }
}
