import { LRUCache } from 'lru-cache';
import type { AudioTranscoder } from '../core/transcoding.ts';
import type { SpanCache } from '../pipeline/span-cache.ts';
import type { Title } from '../pipeline/title.ts';
import { jobOf } from '../pipeline/transcoded/job.ts';
import type { Transcripts } from '../pipeline/transcoded/transcripts.ts';

type Packets = readonly Uint8Array[];

export interface TranscriptOptions {
  readonly transcoder: AudioTranscoder;
  readonly spans: SpanCache;
  /** Of finished segments; the least recently used go first. */
  readonly maxBytes: number;
}

/** What an array costs beside its bytes. */
const PACKET_COST = 100;

/**
 * Encoded segments, each made by the request that asks for it. It is made whole before the first packet is given: a
 * request may end wherever it waits for its client, and would leave a decoder and an encoder open in memory that others
 * use.
 */
export function createTranscripts({ transcoder, spans, maxBytes }: TranscriptOptions): Transcripts {
  const finished = new LRUCache<string, Packets>({
    maxSize: maxBytes,
    sizeCalculation: (packets) => packets.reduce((sum, { length }) => sum + length + PACKET_COST, 1),
  });
  const numbers = new WeakMap<Title, number>();
  let titles = 0;
  const numberOf = (title: Title) => {
    const number = numbers.get(title) ?? ++titles;
    numbers.set(title, number);
    return number;
  };
  return {
    async *packets(title, segment, { signal, counters }) {
      const key = `${numberOf(title)}/${segment.rendition.name}/${segment.n}`;
      const known = finished.get(key);
      if (known) return yield known;
      const job = await jobOf(title, segment, { spans, signal, counters });
      const made: Uint8Array[] = [];
      for await (const packets of transcoder.transcode(job, { signal, isUrgent: () => true }))
        made.push(...packets);
      finished.set(key, made);
      yield made;
    },
  };
}
