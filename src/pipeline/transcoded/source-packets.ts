import { soundConfig, soundSamples } from '../../codecs/decode-only.ts';
import { decoderPreRoll } from '../../codecs/pre-roll.ts';
import type { Sample } from '../../core/contracts.ts';
import { corrupt } from '../../core/errors.ts';
import { NANOSECONDS_PER_SECOND, nanoseconds } from '../../core/time.ts';
import { LOOK_AHEAD_FRAMES, type SourceFrame, WARM_UP_FRAMES } from '../../core/transcoding.ts';
import { type AudioContext, backwardSamples, forwardSamples } from '../audio-samples.ts';
import type { CutLocator } from '../locate-cut.ts';
import type { PlannedAudio, Title } from '../title.ts';
import { placeFrames } from './place-frames.ts';

/** What is made of the source's packets. */
export interface WantedFrames {
  /** Number of the segment. */
  readonly n: number;
  readonly first: number;
  readonly end: number;
  /** Samples of the source in one frame. */
  readonly frameLength: number;
}

/** Samples of the source that filters reach beyond a frame, and then some. */
const REACH = 2048;
/** Bytes asked for behind the estimated end of the segment: another request costs more. */
const ESTIMATE_MARGIN = 256 * 1024;

/**
 * Every packet that a transcoder needs for the frames, by ascending start: from the decoder's pre-roll before the
 * warm-up to the look-ahead. What playing on has brought into the packet cache costs no byte.
 */
export async function sourcePackets(
  title: Title,
  audio: PlannedAudio,
  { n, first, end, frameLength }: WantedFrames,
  context: AudioContext,
): Promise<SourceFrame[]> {
  const config = soundConfig(audio.track);
  if (!config) throw corrupt(`Nothing is known of the sound of track ${audio.track.index}`);
  const from =
    Math.max(0, first - WARM_UP_FRAMES) * frameLength - REACH - decoderPreRoll(config, audio.clock.frameSize);
  const until = (end + LOOK_AHEAD_FRAMES) * frameLength + REACH;
  const timeOf = (samples: number) =>
    nanoseconds(title.zero + Math.round((samples / audio.clock.timescale) * NANOSECONDS_PER_SECOND));
  const stretch = { audio, n, from: timeOf(from - audio.clock.frameSize), until: timeOf(until) };
  const samples = title.locator
    ? await locatedSamples(title, { ...stretch, locator: title.locator }, context)
    : await indexedSamples(title, stretch, context);
  const starts = placeFrames(samples, { audio, zero: title.zero, precision: title.demuxer.precision });
  return inOrder(samples.map((sample, i) => frameOf(audio, sample, starts[i] ?? 0)));
}

interface Stretch {
  readonly audio: PlannedAudio;
  readonly n: number;
  /** On the container's clock. */
  readonly from: ReturnType<typeof nanoseconds>;
  readonly until: number;
}

async function indexedSamples(title: Title, stretch: Stretch, context: AudioContext): Promise<Sample[]> {
  const samples = await backwardSamples(title, stretch, context);
  for await (const batch of forwardSamples(title, stretch, context)) {
    samples.push(...batch);
    if (batch.some(({ time }) => time >= stretch.until)) break;
  }
  return samples;
}

/** Without an index: from a place a window before the segment on. */
async function locatedSamples(
  { demuxer, window, video, timeline }: Title,
  { audio, n, until, locator }: Stretch & { readonly locator: CutLocator },
  { signal }: AudioContext,
): Promise<Sample[]> {
  const start = await locator.anchor(n, signal);
  const next = timeline.cuts[n + 1]?.point.time ?? null;
  const { end } = demuxer.payload;
  const soft = next === null ? end : Math.min(end, Math.max(start, locator.estimate(next)) + ESTIMATE_MARGIN);
  const tracks = new Set([audio.track.id, ...(video ? [video.track.id] : [])]);
  const samples: Sample[] = [];
  for await (const batch of demuxer.samples({ start, soft, end, tracks }, signal)) {
    samples.push(...batch.samples.filter(({ trackId }) => trackId === audio.track.id));
    const isBehind = (sample: Sample) =>
      sample.time >= (sample.trackId === audio.track.id ? until : until + window);
    if (batch.samples.some(isBehind)) break;
  }
  return samples;
}

function frameOf(
  { track, clock }: PlannedAudio,
  { data, discard = nanoseconds(0) }: Sample,
  start: number,
): SourceFrame {
  if (discard === 0) return { start, samples: Number.POSITIVE_INFINITY, skipped: 0, data };
  const cut = Math.round((Math.abs(discard) / NANOSECONDS_PER_SECOND) * clock.timescale);
  const whole = soundSamples(track, data) ?? clock.frameSize;
  return discard < 0
    ? { start, samples: Number.POSITIVE_INFINITY, skipped: Math.min(cut, whole), data }
    : { start, samples: Math.max(0, whole - cut), skipped: 0, data };
}

/** By start; of several that begin together the first. */
function inOrder(frames: readonly SourceFrame[]): SourceFrame[] {
  const sorted = [...frames].sort((a, b) => a.start - b.start);
  return sorted.filter((frame, i) => i === 0 || frame.start > (sorted[i - 1]?.start ?? 0));
}
