import { Worker } from 'node:worker_threads';
import { whyNoDecoder } from '../audio/decoders.ts';
import { peakPerChannel, type TranscodeSettings, transcodeSettings } from '../audio/inline-transcoder.ts';
import type { CompiledModule, WasmName } from '../audio/wasm/instance.ts';
import { MediaError } from '../core/errors.ts';
import type { AudioTranscoder, TranscodeJob, TranscodeOptions } from '../core/transcoding.ts';
import { type Answer, type CompiledModules, packed, type WorkerSetup } from './messages.ts';
import { Task } from './task.ts';

/** A thread without work ends then: its modules hold 25 MB. */
const IDLE_MS = 30_000;
/** A thread that says nothing for so long hangs: on a machine that is no more than overloaded it speaks every second. */
const SILENT_MS = 30_000;
/** Jobs that may wait: at a quarter of a second each, more would wait for longer than players do. */
const MAX_WAITING = 100;

export interface PoolOptions extends TranscodeSettings {
  /** Threads at most. */
  readonly size: number;
  /** What a thread runs: compiled code. */
  readonly entry: URL;
  /** Milliseconds without work after which a thread ends. */
  readonly idle?: number;
  /** Milliseconds without a packet or an end after which a thread with work is given up. */
  readonly silence?: number;
}

export interface AudioPool extends AudioTranscoder {
  /** Ends all threads; work under way fails. */
  close(): Promise<void>;
}

/**
 * Transcodes on threads of their own, started when there is work and ended when there was none for a while: only those
 * with work keep the process alive. Beside its contract `transcode` throws MediaError `not-offered` where no thread can
 * be started.
 */
export function createAudioPool(options: PoolOptions): AudioPool {
  const pool = new Pool(options);
  return {
    reasonAgainst: whyNoDecoder,
    settings: transcodeSettings(options),
    peakPerChannel: peakPerChannel(options),
    prepare: () => pool.prepare(),
    transcode: (job, wishes) => pool.transcode(job, wishes),
    close: () => pool.close(),
  };
}

const closing = () => new MediaError('busy', 'The server ends');
const lost = (cause: unknown) =>
  new MediaError('busy', 'The thread that transcoded this sound ended: ask again', { cause });
const notStarted = (cause: unknown) =>
  new MediaError('not-offered', 'No thread for transcoding can be started here', { cause });

class Pool {
  readonly #options: PoolOptions;
  readonly #threads = new Set<Thread>();
  readonly #modules = new Map<WasmName, CompiledModule>();
  /** In the order of their coming; those that somebody waits for are taken first. */
  readonly #waiting: Task[] = [];
  #count = 0;
  #isClosed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  async *transcode(
    job: TranscodeJob,
    { signal, isUrgent }: TranscodeOptions,
  ): AsyncGenerator<readonly Uint8Array[]> {
    signal.throwIfAborted();
    if (this.#isClosed) throw closing();
    if (this.#waiting.length >= MAX_WAITING)
      throw new MediaError('busy', 'Too much sound waits to be transcoded', { retryAfter: 2 });
    const task = new Task(this.#count++, job, isUrgent);
    const onAbort = () => this.#drop(task, signal.reason);
    signal.addEventListener('abort', onAbort);
    try {
      this.#waiting.push(task);
      this.#assign();
      yield* task.packets();
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#drop(task, new MediaError('upstream', 'Nobody waits for this any more'));
    }
  }

  /** Has a thread running. */
  prepare(): void {
    if (this.#threads.size === 0 && !this.#isClosed) this.#grow();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const task of this.#waiting.splice(0)) task.end({ error: closing() });
    await Promise.all([...this.#threads].map((thread) => thread.close()));
  }

  #assign(): void {
    while (this.#waiting.length > 0 && !this.#isClosed) {
      const thread = [...this.#threads].find(({ isFree }) => isFree) ?? this.#grow();
      if (!thread) return;
      const urgent = this.#waiting.findIndex((task) => task.isUrgent());
      for (const task of this.#waiting.splice(Math.max(0, urgent), 1)) thread.run(task);
    }
  }

  /** One thread more, if there may be one: those that end count until they have ended. */
  #grow(): Thread | null {
    if (this.#threads.size >= Math.max(1, this.#options.size)) return null;
    try {
      const thread = new Thread(this.#options, this.#modules, {
        onCompiled: (name, module) => this.#modules.set(name, module),
        onFree: () => this.#assign(),
        onEnd: () => {
          this.#threads.delete(thread);
          this.#assign();
        },
      });
      this.#threads.add(thread);
      return thread;
    } catch (error) {
      if (this.#threads.size === 0)
        for (const task of this.#waiting.splice(0)) task.end({ error: notStarted(error) });
      return null;
    }
  }

  #drop(task: Task, reason: unknown): void {
    const at = this.#waiting.indexOf(task);
    if (at >= 0) this.#waiting.splice(at, 1);
    for (const thread of this.#threads) thread.stop(task);
    task.end({ error: reason });
  }
}

interface ThreadEvents {
  /** Threads that start from now on need not. */
  onCompiled(name: WasmName, module: CompiledModule): void;
  /** It can take another job. */
  onFree(): void;
  /** It is gone; told once. */
  onEnd(): void;
}

class Thread {
  readonly #worker: Worker;
  readonly #events: ThreadEvents;
  readonly #idle: number;
  readonly #silence: number;
  #task: Task | null = null;
  #isReady = false;
  #isEnding = false;
  /** What ended it, as far as that is known. */
  #fault: unknown;
  /** Until it is ended: for want of work, or for its silence. */
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    { entry, lambda, idle = IDLE_MS, silence = SILENT_MS }: PoolOptions,
    modules: CompiledModules,
    events: ThreadEvents,
  ) {
    this.#events = events;
    this.#idle = idle;
    this.#silence = silence;
    const workerData: WorkerSetup = { lambda, modules };
    this.#worker = new Worker(entry, { workerData, execArgv: [] });
    this.#worker.on('message', (answer: Answer) => this.#take(answer));
    this.#worker.on('messageerror', (cause) => this.#end(cause));
    this.#worker.on('error', (cause) => this.#end(cause));
    this.#worker.on('exit', () => this.#leave());
    this.#worker.unref();
    this.#endIn(this.#idle);
  }

  get isFree(): boolean {
    return this.#task === null && !this.#isEnding;
  }

  run(task: Task): void {
    try {
      const { job, buffer } = packed(task.job);
      this.#worker.postMessage({ id: task.id, job }, [buffer]);
    } catch (error) {
      task.end({ error });
      return;
    }
    this.#task = task;
    this.#worker.ref();
    this.#endIn(this.#silence);
  }

  /** It goes on until it hears of it, and is busy until then. */
  stop(task: Task): void {
    if (this.#task === task && !task.isOver) this.#worker.postMessage({ id: task.id, job: null });
  }

  async close(): Promise<void> {
    this.#task?.end({ error: closing() });
    this.#end(null);
    await this.#worker.terminate();
  }

  #take(answer: Answer): void {
    if (this.#isEnding) return;
    if (answer.kind === 'ready') {
      this.#isReady = true;
      return;
    }
    if (answer.kind === 'compiled') {
      this.#events.onCompiled(answer.name, answer.module);
      return;
    }
    const task = this.#task;
    if (!task || answer.id !== task.id) return;
    if (answer.kind === 'packets') {
      task.push(answer.packets);
      this.#endIn(this.#silence);
      return;
    }
    this.#task = null;
    task.end(answer.kind === 'done' ? 'done' : { error: new MediaError(answer.code, answer.message) });
    this.#worker.unref();
    this.#endIn(this.#idle);
    this.#events.onFree();
  }

  #endIn(delay: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#end(null), delay);
    this.#timer.unref();
  }

  #end(fault: unknown): void {
    clearTimeout(this.#timer);
    this.#fault ??= fault;
    this.#isEnding = true;
    void this.#worker.terminate();
  }

  /** The thread is gone. */
  #leave(): void {
    clearTimeout(this.#timer);
    this.#isEnding = true;
    this.#task?.end({ error: this.#isReady ? lost(this.#fault) : notStarted(this.#fault) });
    this.#task = null;
    this.#events.onEnd();
  }
}
