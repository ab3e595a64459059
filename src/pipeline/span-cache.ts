import { LRUCache } from 'lru-cache';
import type { Sample } from '../core/contracts.ts';
import { costOf, detached } from './held-samples.ts';
import type { Title } from './title.ts';
import { createTitleNumbers } from './title-numbers.ts';

/** Packets of the small tracks that lie between two cuts, by track: audio requests after a video one cost no byte. */
type Span = ReadonlyMap<number, readonly Sample[]>;

export interface SpanCache {
  get(title: Title, n: number, trackId: number): readonly Sample[] | null;
  recorder(title: Title, n: number): SpanRecorder;
}

/** Gathers what lies in one span while it is read; keeps it when the span was read to its end. */
export interface SpanRecorder {
  /** The tracks to read when `trackId` is wanted: it and, unless they are cached, the small ones. */
  tracksWith(trackId: number): ReadonlySet<number>;
  add(sample: Sample): void;
  /** The span was read whole. */
  finish(): void;
}

/** Where segments of pictures and of sound begin at different places there are no spans to keep. */
const NOTHING: SpanRecorder = {
  tracksWith: (trackId) => new Set([trackId]),
  add: () => {},
  finish: () => {},
};

/** @param maxBytes of packets; the least recently used spans go first */
export function createSpanCache(maxBytes: number): SpanCache {
  const spans = new LRUCache<string, Span>({ maxSize: maxBytes, sizeCalculation: costOfSpan });
  const numberOf = createTitleNumbers();
  const keyOf = (title: Title, n: number) => `${numberOf(title)}/${n}`;
  return {
    get: (title, n, trackId) => spans.get(keyOf(title, n))?.get(trackId) ?? null,
    recorder: (title, n) => {
      if (title.locator) return NOTHING;
      const key = keyOf(title, n);
      const texts = title.subtitles.filter((subtitle) => subtitle.texts.kind === 'spans');
      const small = [...title.audio, ...texts].map(({ track }) => track.id);
      let isKnown = spans.has(key);
      const gathered = new Map<number, Sample[]>(small.map((id) => [id, []]));
      /** Bytes of it that may still come: what is larger than all of the cache is not kept. */
      let room = maxBytes;
      const end = title.timeline.cuts[n + 1]?.point.position ?? Number.POSITIVE_INFINITY;
      return {
        tracksWith: (trackId) => new Set(isKnown ? [trackId] : [trackId, ...small]),
        add: (sample) => {
          const list = gathered.get(sample.trackId);
          if (isKnown || sample.position >= end || !list) return;
          room -= costOf(sample);
          if (room >= 0) list.push(detached(sample));
          else gathered.clear();
        },
        finish: () => {
          if (!isKnown && room >= 0) spans.set(key, gathered);
          isKnown = true;
        },
      };
    },
  };
}

function costOfSpan(span: Span): number {
  let cost = 1;
  for (const samples of span.values()) for (const sample of samples) cost += costOf(sample);
  return cost;
}
