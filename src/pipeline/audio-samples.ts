import type { Sample } from '../core/contracts.ts';
import type { Track } from '../core/media.ts';
import type { Nanoseconds } from '../core/time.ts';
import { detached } from './held-samples.ts';
import type { Counters } from './ledger.ts';
import type { SpanCache } from './span-cache.ts';
import type { Title } from './title.ts';

/** Bytes read behind the next cut in the same request: audio that lies after its picture. */
const READ_BEHIND = 64 * 1024;

export interface AudioContext {
  readonly spans: SpanCache;
  readonly signal: AbortSignal;
  /** What this making of the segment meets. */
  readonly counters: Counters;
}

/** The track's samples from the cut's position on, from the packet cache where it has the span. */
export async function* forwardSamples(
  title: Title,
  { track, n }: { readonly track: Pick<Track, 'id'>; readonly n: number },
  { spans, signal }: Pick<AudioContext, 'spans' | 'signal'>,
): AsyncGenerator<readonly Sample[]> {
  const { demuxer, timeline } = title;
  const limit = forwardLimit(title, n);
  let at = n;
  for (let cached = spans.get(title, at, track.id); cached; cached = spans.get(title, at, track.id)) {
    yield cached.filter((sample) => sample.position < limit);
    at++;
    if ((timeline.cuts[at]?.point.position ?? limit) >= limit) return;
  }
  const start = timeline.cuts[at]?.point.position ?? limit;
  const spanEnd = timeline.cuts[at + 1]?.point.position ?? demuxer.payload.end;
  const isTail = at > n;
  const recorder = spans.recorder(title, at);
  const soft = isTail ? start + READ_BEHIND : spanEnd + READ_BEHIND;
  const query = {
    start,
    soft: Math.min(soft, limit),
    end: limit,
    tracks: recorder.tracksWith(track.id),
    hopsFrom: isTail ? start : spanEnd,
  };
  let reached = start;
  for await (const batch of demuxer.samples(query, signal)) {
    for (const sample of batch.samples) {
      recorder.add(sample);
      reached = Math.max(reached, sample.position);
    }
    if (reached >= spanEnd) recorder.finish();
    yield batch.samples.filter((sample) => sample.trackId === track.id);
  }
  if (limit >= spanEnd) recorder.finish();
}

/** Where reading for segment n ends at the latest: the first seek point a window behind its end. */
function forwardLimit(title: Title, n: number): number {
  const { timeline, seekIndex, window, demuxer } = title;
  const next = timeline.cuts[n + 1];
  if (!next) return demuxer.payload.end;
  const behind = seekIndex.find(
    (point) => point.position > next.point.position && point.time >= next.point.time + window,
  );
  return behind?.position ?? demuxer.payload.end;
}

interface Before {
  readonly track: Pick<Track, 'id'>;
  readonly n: number;
  /** On the container's clock. */
  readonly from: Nanoseconds;
}

/**
 * The track's samples that lie before cut n in the file and sound from a time on: from the packet cache where it has
 * all of their spans, else read from the last seek point a window before that time.
 */
export async function backwardSamples(
  title: Title,
  { track, n, from }: Before,
  { spans, signal }: Pick<AudioContext, 'spans' | 'signal'>,
): Promise<Sample[]> {
  const { demuxer, timeline, seekIndex, window } = title;
  const end = timeline.cuts[n]?.point.position ?? demuxer.payload.end;
  const since = from - window;
  const first = Math.max(
    0,
    timeline.cuts.slice(0, n + 1).findLastIndex(({ point }) => point.time <= since),
  );
  const held = Array.from({ length: n - first }, (_, i) => spans.get(title, first + i, track.id));
  const isHeld = held.every((span) => span !== null);
  const before = seekIndex.filter((point) => point.position <= end && point.time <= since).at(-1);
  const wholeStart = before?.position ?? demuxer.payload.start;
  const heldStart = timeline.cuts[first]?.point.position ?? end;
  const samples: Sample[] = [];
  // The same packets either way, even where stamps go wild.
  const isWanted = ({ position, time, duration }: Sample) =>
    position >= wholeStart && time + (duration ?? 0) >= from;
  // What lies before the first cut is in no span.
  const stretch = isHeld
    ? { start: first === 0 ? wholeStart : heldStart, end: heldStart }
    : { start: wholeStart, end };
  if (stretch.start < stretch.end) {
    const query = {
      start: stretch.start,
      soft: stretch.end,
      end: stretch.end,
      isCompleting: true,
      tracks: new Set([track.id]),
    };
    for await (const batch of demuxer.samples(query, signal))
      for (const sample of batch.samples) if (isWanted(sample)) samples.push(detached(sample));
  }
  if (isHeld)
    for (const span of held) for (const sample of span ?? []) if (isWanted(sample)) samples.push(sample);
  return samples;
}
