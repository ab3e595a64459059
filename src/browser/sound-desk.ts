import { peakPerChannel, type TranscodeSettings, transcodeSettings } from '../audio/inline-transcoder.ts';
import { MediaError } from '../core/errors.ts';
import type { SoundConfig } from '../core/media.ts';
import type { AudioTranscoder, TranscodeJob, TranscodeOptions } from '../core/transcoding.ts';
import { type Answer, packed } from '../threads/messages.ts';
import { Task } from '../threads/task.ts';

/** A thread that says nothing for so long hangs, or its page is gone. */
const SILENT_MS = 20_000;
/** Jobs that may wait: at a quarter of a second each, more would wait for longer than players do. */
const MAX_WAITING = 100;

/**
 * Transcodes on a thread of a page, since a Service Worker can neither start one nor load modules late. One job after
 * the other; those that somebody waits for go first.
 * @param reach a port to such a thread; null where no page has one
 */
export function createSoundDesk(
  reach: () => Promise<MessagePort | null>,
  settings: TranscodeSettings,
): AudioTranscoder {
  const desk = new SoundDesk(reach);
  return {
    reasonAgainst,
    settings: transcodeSettings(settings),
    peakPerChannel: peakPerChannel(settings),
    prepare: () => desk.prepare(),
    transcode: (job, options) => desk.transcode(job, options),
  };
}

/** As `whyNoDecoder`, without the decoders, which are in the page's thread. */
const NOT_DECODED: Readonly<Partial<Record<SoundConfig['codec'], string>>> = {
  aac: 'AAC is not decoded here',
  truehd: 'there is no decoder of TrueHD in process',
};

export const reasonAgainst = ({ codec }: SoundConfig): string | null => NOT_DECODED[codec] ?? null;

class SoundDesk {
  readonly #reach: () => Promise<MessagePort | null>;
  readonly #waiting: Task[] = [];
  #port: Promise<MessagePort | null> | null = null;
  #task: Task | null = null;
  #count = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(reach: () => Promise<MessagePort | null>) {
    this.#reach = reach;
  }

  prepare(): void {
    void this.#open();
  }

  async *transcode(
    job: TranscodeJob,
    { signal, isUrgent }: TranscodeOptions,
  ): AsyncGenerator<readonly Uint8Array[]> {
    signal.throwIfAborted();
    if (this.#waiting.length >= MAX_WAITING)
      throw new MediaError('busy', 'Too much sound waits to be transcoded', { retryAfter: 2 });
    const task = new Task(this.#count++, job, isUrgent);
    const onAbort = () => this.#drop(task, signal.reason);
    signal.addEventListener('abort', onAbort);
    try {
      this.#waiting.push(task);
      void this.#next();
      yield* task.packets();
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#drop(task, new MediaError('upstream', 'Nobody waits for this any more'));
    }
  }

  async #open(): Promise<MessagePort | null> {
    this.#port ??= this.#connect();
    return this.#port;
  }

  async #connect(): Promise<MessagePort | null> {
    const port = await this.#reach();
    if (!port) {
      this.#port = null;
      return null;
    }
    port.onmessage = ({ data }: MessageEvent<Answer>) => this.#take(data);
    // Told by browsers that know when the other end is gone; others fall silent.
    port.addEventListener('close', () => this.#lose());
    return port;
  }

  /** Gives the thread the next job, if it has none. */
  async #next(): Promise<void> {
    if (this.#task || this.#waiting.length === 0) return;
    const urgent = this.#waiting.findIndex((task) => task.isUrgent());
    const [task] = this.#waiting.splice(Math.max(0, urgent), 1);
    if (!task) return;
    this.#task = task;
    const port = await this.#open();
    if (this.#task !== task) return;
    if (!port || task.isOver) return this.#finish(task.isOver ? 'done' : { error: lost() });
    const { job, buffer } = packed(task.job);
    port.postMessage({ id: task.id, job }, [buffer]);
    this.#listen();
  }

  #take(answer: Answer): void {
    const task = this.#task;
    if (!('id' in answer) || answer.id !== task?.id) return;
    if (answer.kind === 'packets') {
      task.push(answer.packets);
      this.#listen();
    } else
      this.#finish(answer.kind === 'done' ? 'done' : { error: new MediaError(answer.code, answer.message) });
  }

  #listen(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#lose(), SILENT_MS);
  }

  #finish(outcome: Parameters<Task['end']>[0]): void {
    clearTimeout(this.#timer);
    this.#task?.end(outcome);
    this.#task = null;
    void this.#next();
  }

  /** The thread is gone: another page may have one. */
  #lose(): void {
    this.#port = null;
    this.#finish({ error: lost() });
  }

  /** The thread goes on until it hears of it, and is busy until it says so. */
  #drop(task: Task, reason: unknown): void {
    const at = this.#waiting.indexOf(task);
    if (at >= 0) this.#waiting.splice(at, 1);
    if (this.#task === task && !task.isOver)
      void this.#port?.then((port) => port?.postMessage({ id: task.id, job: null }));
    task.end({ error: reason });
  }
}

const lost = () =>
  new MediaError('busy', 'The page that transcoded the sound is gone; another one is asked', {
    retryAfter: 1,
  });
