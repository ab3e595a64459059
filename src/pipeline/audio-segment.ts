import type { Sample, TimedPacket } from '../core/contracts.ts';
import { type AudioContext, forwardSamples } from './audio-samples.ts';
import type { CutLocator } from './locate-cut.ts';
import { frameOf, openSegmentSound, type SegmentSound, type SoundSegment } from './segment-sound.ts';
import type { PlannedAudio, Title } from './title.ts';

/**
 * The frames of segment n of one audio track, in batches as their durations become final. Reads the span between
 * the two cuts, before it only when its first frame comes later than the segment, and behind it up to the first
 * frame of the next segment: at most the interleave window far.
 */
export async function* audioPackets(
  title: Title,
  { audio, n }: SoundSegment,
  context: AudioContext,
): AsyncGenerator<TimedPacket[]> {
  if (title.locator) {
    yield* locatedPackets(title, { audio, n, locator: title.locator }, context);
    return;
  }
  const sound = openSegmentSound(title, { audio, n }, context.counters);
  let isLedIn = false;
  for await (const samples of forwardSamples(title, { track: audio.track, n }, context)) {
    const first = samples[0];
    if (!isLedIn && first) {
      isLedIn = true;
      if (isLate(audio, n, first)) await leadIn(title, { audio, n, sound }, context);
    }
    for (const sample of samples) sound.push(frameOf(audio, sample));
    const ready = sound.take();
    if (ready.length > 0) yield ready;
    if (sound.isDone) break;
  }
  if (!isLedIn) await leadIn(title, { audio, n, sound }, context);
  const rest = sound.finish();
  if (rest.length > 0) yield rest;
}

interface LocatedSegment extends SoundSegment {
  readonly locator: CutLocator;
}

/** Bytes asked for behind the estimated end of the segment: another request costs more. */
const ESTIMATE_MARGIN = 256 * 1024;

/** Without an index: from a place a window before the segment up to its last frame, or a window behind it. */
async function* locatedPackets(
  title: Title,
  { audio, n, locator }: LocatedSegment,
  { signal, counters }: AudioContext,
): AsyncGenerator<TimedPacket[]> {
  const { demuxer, timeline, window, video } = title;
  const sound = openSegmentSound(title, { audio, n }, counters);
  const start = await locator.anchor(n, signal);
  const next = timeline.cuts[n + 1]?.point.time ?? null;
  const { end } = demuxer.payload;
  const soft = next === null ? end : Math.min(end, Math.max(start, locator.estimate(next)) + ESTIMATE_MARGIN);
  const others = [...(video ? [video.track.id] : []), ...title.audio.map(({ track }) => track.id)];
  const tracks = new Set(others);
  const timesOf = new Set(others.filter((id) => id !== audio.track.id));
  const query = { start, soft, end, tracks, timesOf };
  const isBehind = (sample: Sample) => next !== null && sample.time >= next + window;
  reading: for await (const batch of demuxer.samples(query, signal)) {
    for (const sample of batch.samples) {
      if (sample.trackId === audio.track.id) sound.push(frameOf(audio, sample));
      if (sound.isDone || isBehind(sample)) break reading;
    }
    const ready = sound.take();
    if (ready.length > 0) yield ready;
  }
  const rest = sound.finish();
  if (rest.length > 0) yield rest;
}

/** Whether a frame that begins in the segment may lie before the first one met. */
export const isLate = ({ clock, boundaries }: PlannedAudio, n: number, first: Sample): boolean =>
  clock.ticksAt(first.time) >= (boundaries[n] ?? 0) + clock.frameSize;

interface LeadIn extends SoundSegment {
  readonly sound: Pick<SegmentSound, 'push'>;
}

/** Frames of the segment that lie before its cut in the file; the first one begins with the title, not with its cut. */
export async function leadIn(
  title: Title,
  { audio, n, sound }: LeadIn,
  { signal }: Pick<AudioContext, 'signal'>,
): Promise<void> {
  const cut = title.timeline.cuts[n];
  if (!cut) return;
  const { demuxer, seekIndex, window } = title;
  const end = cut.point.position;
  const before = seekIndex.filter((point) => point.position <= end && point.time <= cut.point.time - window);
  const start = (n > 0 && before.at(-1)?.position) || demuxer.payload.start;
  if (start >= end) return;
  for await (const batch of demuxer.samples(
    { start, soft: end, end, isCompleting: true, tracks: new Set([audio.track.id]) },
    signal,
  ))
    for (const sample of batch.samples) sound.push(frameOf(audio, sample));
}
