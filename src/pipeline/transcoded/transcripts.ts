import { LRUCache } from 'lru-cache';
import type { AudioTranscoder } from '../../core/transcoding.ts';
import type { AudioContext } from '../audio-samples.ts';
import type { AudioRenditionPlan } from '../renditions.ts';
import { SharedStream } from '../shared-stream.ts';
import type { SpanCache } from '../span-cache.ts';
import { segmentCount, type Title } from '../title.ts';
import { createTitleNumbers } from '../title-numbers.ts';
import { type EncodedSegment, jobOf } from './job.ts';

/** AAC packets, some at a time. */
type Packets = readonly Uint8Array[];

/** Encoded segments: each is made once for all who ask, kept for a while, and the next one made ahead. */
export interface Transcripts {
  /** @throws MediaError of the source and of the transcoder; the abort reason when aborted */
  packets(
    title: Title,
    segment: EncodedSegment,
    context: Omit<AudioContext, 'spans'>,
  ): AsyncIterable<Packets>;
}

export interface TranscriptOptions {
  readonly transcoder: AudioTranscoder;
  readonly spans: SpanCache;
  /** Of finished segments; the least recently used go first. */
  readonly maxBytes: number;
}

/** One segment that is being made. */
interface Making {
  readonly stream: SharedStream<Packets>;
  /** Somebody waits for it. */
  isWanted: boolean;
}

export function createTranscripts(options: TranscriptOptions): Transcripts {
  const shelf = new Shelf(options);
  return { packets: (title, segment, context) => shelf.packets(title, segment, context) };
}

class Shelf {
  readonly #options: TranscriptOptions;
  readonly #finished: LRUCache<string, readonly Packets[]>;
  readonly #making = new Map<string, Making>();
  /** What is made ahead of each rendition. */
  readonly #ahead = new Map<string, string>();
  readonly #numberOf = createTitleNumbers();

  constructor(options: TranscriptOptions) {
    this.#options = options;
    this.#finished = new LRUCache({ maxSize: options.maxBytes, sizeCalculation: sizeOf });
  }

  async *packets(
    title: Title,
    segment: EncodedSegment,
    { signal, counters }: Omit<AudioContext, 'spans'>,
  ): AsyncGenerator<Packets> {
    signal.throwIfAborted();
    const key = this.#keyOf(title, segment);
    this.#dropAhead(title, segment);
    const finished = this.#finished.get(key);
    if (finished) yield* finished;
    else {
      const known = this.#making.get(key);
      const making =
        known && !known.stream.isAbandoned ? known : this.#make(title, segment, { key, counters });
      making.isWanted = true;
      yield* making.stream.read(signal);
    }
    this.#goAhead(title, { ...segment, n: segment.n + 1 }, counters);
  }

  #make(
    title: Title,
    segment: EncodedSegment,
    { key, counters }: { readonly key: string; readonly counters: AudioContext['counters'] },
  ): Making {
    const { transcoder, spans } = this.#options;
    const making: Making = {
      isWanted: false,
      stream: new SharedStream(async function* (signal) {
        const job = await jobOf(title, segment, { spans, signal, counters });
        yield* transcoder.transcode(job, { signal, isUrgent: () => making.isWanted });
      }),
    };
    this.#making.set(key, making);
    void making.stream.settled.then((isWhole) => {
      if (this.#making.get(key) === making) this.#making.delete(key);
      if (isWhole) this.#finished.set(key, making.stream.pieces);
    });
    return making;
  }

  /** The next one, where that costs no byte of the upstream: who plays on has its pictures already. */
  #goAhead(title: Title, segment: EncodedSegment, counters: AudioContext['counters']): void {
    const { n, rendition } = segment;
    const key = this.#keyOf(title, segment);
    const isHeld = this.#options.spans.get(title, n, rendition.audio.track.id) !== null;
    if (n >= segmentCount(title) || !isHeld || this.#finished.has(key) || this.#making.has(key)) return;
    const name = this.#renditionKey(title, rendition);
    this.#ahead.set(name, key);
    const { stream } = this.#make(title, segment, { key, counters });
    void stream.settled.then(() => this.#ahead.get(name) === key && this.#ahead.delete(name));
  }

  /** Whoever asks for neither it nor the one before it has gone elsewhere. */
  #dropAhead(title: Title, segment: EncodedSegment): void {
    const name = this.#renditionKey(title, segment.rendition);
    const key = this.#ahead.get(name);
    const near = [segment, { ...segment, n: segment.n + 1 }].map((one) => this.#keyOf(title, one));
    if (key === undefined || near.includes(key)) return;
    this.#ahead.delete(name);
    this.#making.get(key)?.stream.abandon();
  }

  #keyOf(title: Title, { rendition, n }: EncodedSegment): string {
    return `${this.#renditionKey(title, rendition)}/${n}`;
  }

  #renditionKey(title: Title, { name }: AudioRenditionPlan): string {
    return `${this.#numberOf(title)}/${name}`;
  }
}

/** What an array costs beside its bytes. */
const PACKET_COST = 100;

const sizeOf = (batches: readonly Packets[]): number =>
  batches.flat().reduce((sum, packet) => sum + packet.length + PACKET_COST, 1);
