import { LRUCache } from 'lru-cache';
import type { VideoEncoders } from '../../core/encoding.ts';
import { MediaError } from '../../core/errors.ts';
import type { VideoConfig } from '../../core/media.ts';
import type { EncodedVideoRendition } from '../renditions.ts';
import type { SpanCache } from '../span-cache.ts';
import type { Title } from '../title.ts';
import { createTitleNumbers } from '../title-numbers.ts';
import { EncoderRun, type Packets } from './encoder-run.ts';

/** A segment of video that is encoded. */
export interface EncodedPictures {
  readonly rendition: EncodedVideoRendition;
  readonly n: number;
}

/** Who asks, as far as that is known: one viewer has few encoders at a time. */
export interface Asking {
  readonly client: string;
  readonly signal: AbortSignal;
}

/** Encoded video: whoever asks first for a segment starts an encoder there, which goes on for who asks next. */
export interface EncodedVideo {
  /**
   * The pictures of a segment, with the times that the copied ones have.
   * @throws MediaError `not-offered` when no encoder can make them, `busy` when all encoders are needed by others; of the
   * source; the abort reason when aborted
   */
  packets(title: Title, segment: EncodedPictures, asking: Asking): AsyncIterable<Packets>;
  /** What the rendition is encoded to, as its encoder tells it. @throws as `packets` */
  config(title: Title, rendition: EncodedVideoRendition, asking: Asking): Promise<VideoConfig>;
  /** Ends all encoders. Resolves when nothing of them is left. */
  close(): Promise<void>;
}

export interface EncodedVideoOptions {
  readonly encoders: VideoEncoders;
  readonly spans: SpanCache;
  /** Of finished segments; the least recently used go first. */
  readonly maxBytes: number;
  /** Encoders at a time. */
  readonly maxRuns: number;
  /** Milliseconds for which a free one is waited for; 10 s when absent. */
  readonly patience?: number;
}

/** Of one viewer: one that plays, and one that begins while the other ends. */
const RUNS_PER_CLIENT = 2;
/** Seconds after which somebody may have left. */
const RETRY_AFTER = 3;
const PATIENCE = 10_000;

interface Running {
  readonly key: string;
  readonly client: string;
  readonly run: EncoderRun;
}

export function createEncodedVideo(options: EncodedVideoOptions): EncodedVideo {
  const studio = new Studio(options);
  return {
    packets: (title, segment, asking) => studio.packets(title, segment, asking),
    config: (title, rendition, asking) => studio.config(title, rendition, asking),
    close: () => studio.close(),
  };
}

class Studio {
  readonly #options: EncodedVideoOptions;
  readonly #finished: LRUCache<string, readonly Packets[]>;
  readonly #configs = new LRUCache<string, VideoConfig>({ max: 1000 });
  /** In the order in which they began. */
  readonly #running = new Set<Running>();
  readonly #numberOf = createTitleNumbers();
  #isClosed = false;
  /** Told when a run has ended. */
  #waiting: (() => void)[] = [];

  constructor(options: EncodedVideoOptions) {
    this.#options = options;
    this.#finished = new LRUCache({ maxSize: options.maxBytes, sizeCalculation: sizeOf });
  }

  async *packets(title: Title, segment: EncodedPictures, asking: Asking): AsyncGenerator<Packets> {
    const { n, rendition } = segment;
    const key = this.#keyOf(title, rendition);
    const finished = this.#finished.get(`${key}/${n}`);
    if (finished) {
      for (const { key: other, run } of this.#running)
        if (other === key && run.reaches(n + 1)) run.advanceTo(n);
      yield* finished;
      return;
    }
    const run = this.#runFor(key, n) ?? (await this.#begin(title, segment, asking));
    yield* run.segment(n, asking.signal);
  }

  async config(title: Title, rendition: EncodedVideoRendition, asking: Asking): Promise<VideoConfig> {
    const key = this.#keyOf(title, rendition);
    const known = this.#configs.get(key);
    if (known) return known;
    // Who asks for it will most often ask for the first segment next.
    for await (const packets of this.packets(title, { rendition, n: 0 }, asking)) {
      void packets;
      const config = this.#configs.get(key);
      if (config) return config;
    }
    throw new MediaError('not-offered', 'The encoder did not tell its configuration');
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const all = [...this.#running];
    for (const { run } of all) run.stop();
    await Promise.all(all.map(({ run }) => run.ended));
  }

  #runFor(key: string, n: number): EncoderRun | null {
    for (const running of this.#running)
      if (running.key === key && running.run.reaches(n)) return running.run;
    return null;
  }

  async #begin(
    title: Title,
    { rendition, n }: EncodedPictures,
    { client, signal }: Asking,
  ): Promise<EncoderRun> {
    const { encoders, spans } = this.#options;
    const key = this.#keyOf(title, rendition);
    const { target } = rendition.encoded;
    const able = await encoders.encodersFor(target, signal);
    await this.#room(client, signal);
    const other = this.#runFor(key, n);
    if (other) return other;
    if (this.#isClosed) throw new MediaError('busy', 'The server is being stopped');
    for (const running of this.#running) if (running.client === client) running.run.pause();
    const job = { title, work: { source: rendition.video.track, target }, encoders: able, first: n };
    const run = new EncoderRun(job, {
      encoders,
      spans,
      counters: (first) => title.ledger.open(rendition.name, first),
      onSegment: (k, pieces) => {
        if (pieces.length > 0) this.#finished.set(`${key}/${k}`, [...pieces]);
      },
      onConfig: (config) => {
        if (!this.#configs.has(key)) this.#configs.set(key, config);
      },
      onEnd: () => {
        this.#running.delete(running);
        for (const wake of this.#waiting.splice(0)) wake();
      },
    });
    const running: Running = { key, client, run };
    this.#running.add(running);
    return run;
  }

  /** Until one more encoder may run: those that nobody waits for make room. */
  async #room(client: string, signal: AbortSignal): Promise<void> {
    const own = () => [...this.#running].filter((running) => running.client === client);
    const waiting = new Waiting(signal, this.#options.patience ?? PATIENCE);
    try {
      while (!this.#isClosed) {
        const isOwn = own().length >= RUNS_PER_CLIENT;
        if (!isOwn && this.#running.size < this.#options.maxRuns) return;
        const candidates = isOwn ? own() : [...this.#running];
        const idle = candidates.find(({ run }) => !run.hasReaders);
        idle?.run.stop();
        await waiting.until(idle?.run.ended ?? new Promise((resolve) => this.#waiting.push(resolve)));
      }
    } finally {
      waiting.end();
    }
  }

  #keyOf(title: Title, { name }: EncodedVideoRendition): string {
    return `${this.#numberOf(title)}/${name}`;
  }
}

/** Somebody waits for an encoder, for a while at most. */
class Waiting {
  readonly #signal: AbortSignal;
  readonly #over: Promise<never>;
  readonly #timer: ReturnType<typeof setTimeout>;
  #leave: (reason: unknown) => void = () => undefined;
  readonly #onAbort = () => this.#leave(this.#signal.reason);

  constructor(signal: AbortSignal, patience: number) {
    this.#signal = signal;
    this.#over = new Promise((_, reject) => {
      this.#leave = reject;
    });
    this.#over.catch(() => undefined); // nobody may be waiting when it is over
    this.#timer = setTimeout(() => this.#leave(allNeeded()), patience);
    signal.addEventListener('abort', this.#onAbort);
    if (signal.aborted) this.#onAbort();
  }

  /** @throws MediaError `busy` when it takes too long; the abort reason when aborted */
  async until(event: Promise<void>): Promise<void> {
    await Promise.race([event, this.#over]);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#signal.removeEventListener('abort', this.#onAbort);
  }
}

const allNeeded = (): MediaError =>
  new MediaError('busy', 'All encoders are needed by others; try again in a moment', {
    retryAfter: RETRY_AFTER,
  });

/** What a picture costs beside its bytes. */
const PACKET_COST = 200;

const sizeOf = (batches: readonly Packets[]): number =>
  batches.flat().reduce((sum, { packet }) => sum + packet.data.length + PACKET_COST, 1);
