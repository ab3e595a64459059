import { soundConfig, soundSamples } from '../../codecs/decode-only.ts';
import { decoderPreRoll } from '../../codecs/pre-roll.ts';
import type { Sample } from '../../core/contracts.ts';
import { corrupt, MediaError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { NANOSECONDS_PER_SECOND, nanoseconds } from '../../core/time.ts';
import { LOOK_AHEAD_FRAMES, type SourceFrame, WARM_UP_FRAMES } from '../../core/transcoding.ts';
import { type AudioContext, backwardSamples, forwardSamples } from '../audio-samples.ts';
import { costOf, detached } from '../held-samples.ts';
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
  const starts = placeFrames(samples, { audio, zero: title.zero });
  return inOrder(
    samples.map((sample, i) => {
      const whole = soundSamples(audio.track, sample.data, samples[i - 1]?.data) ?? audio.clock.frameSize;
      return frameOf(audio, sample, { start: starts[i] ?? 0, whole });
    }),
  );
}

interface Stretch {
  readonly audio: PlannedAudio;
  readonly n: number;
  /** On the container's clock. */
  readonly from: ReturnType<typeof nanoseconds>;
  readonly until: number;
}

/** Bytes of one job's packets: a minute of 24-bit 7.1 at 192 kHz, 16 s of packets of a single sample. */
const MAX_BYTES = 256 * 2 ** 20;

/** The packets of a job, up to the first one in the file that lies behind it: however the bytes arrived, the same. */
class Gathering {
  readonly samples: Sample[];
  readonly #until: number;
  readonly #window: number;
  #bytes = 0;

  /** @param before what was gathered already */
  constructor({ until }: Stretch, { window }: Title, before: Sample[]) {
    this.samples = before;
    this.#until = until;
    this.#window = Math.min(window, LIMITS.interleaveSeconds * NANOSECONDS_PER_SECOND);
  }

  /** Whether it lies behind the job. A stamp that is farther off than the tracks are from each other ends nothing. */
  isEnd({ time }: Sample): boolean {
    return time >= this.#until && time < this.#until + this.#window;
  }

  /** Its own copy: a view would keep the pictures around it alive until the job is done. @throws MediaError `limit` */
  add(sample: Sample): void {
    if (sample.time >= this.#until) return;
    this.#bytes += costOf(sample);
    if (this.#bytes > MAX_BYTES)
      throw new MediaError('limit', `The sound of one segment has more than ${MAX_BYTES} bytes`);
    this.samples.push(detached(sample));
  }
}

async function indexedSamples(title: Title, stretch: Stretch, context: AudioContext): Promise<Sample[]> {
  const followed = { ...stretch, track: stretch.audio.track };
  const gathering = new Gathering(stretch, title, await backwardSamples(title, followed, context));
  for await (const batch of forwardSamples(title, followed, context))
    for (const sample of batch) {
      if (gathering.isEnd(sample)) return gathering.samples;
      gathering.add(sample);
    }
  return gathering.samples;
}

/** Without an index: from a place a window before the segment on. */
async function locatedSamples(
  title: Title,
  stretch: Stretch & { readonly locator: CutLocator },
  { signal }: AudioContext,
): Promise<Sample[]> {
  const { demuxer, window, video, timeline } = title;
  const { audio, n, until, locator } = stretch;
  const start = await locator.anchor(n, signal);
  const next = timeline.cuts[n + 1]?.point.time ?? null;
  const { end } = demuxer.payload;
  const soft = next === null ? end : Math.min(end, Math.max(start, locator.estimate(next)) + ESTIMATE_MARGIN);
  const others = [...(video ? [video.track.id] : []), ...title.audio.map(({ track }) => track.id)];
  const gathering = new Gathering(stretch, title, []);
  const timesOf = new Set(others.filter((id) => id !== audio.track.id));
  const query = { start, soft, end, tracks: new Set(others), timesOf };
  for await (const batch of demuxer.samples(query, signal))
    for (const sample of batch.samples) {
      const isOwn = sample.trackId === audio.track.id;
      if (isOwn ? gathering.isEnd(sample) : sample.time >= until + window) return gathering.samples;
      if (isOwn) gathering.add(sample);
    }
  return gathering.samples;
}

function frameOf(
  { clock }: PlannedAudio,
  { data, discard = nanoseconds(0) }: Sample,
  { start, whole }: { readonly start: number; readonly whole: number },
): SourceFrame {
  if (discard === 0) return { start, samples: Number.POSITIVE_INFINITY, skipped: 0, data };
  const cut = Math.round((Math.abs(discard) / NANOSECONDS_PER_SECOND) * clock.timescale);
  return discard < 0
    ? { start, samples: Number.POSITIVE_INFINITY, skipped: Math.min(cut, whole), data }
    : { start, samples: Math.max(0, whole - cut), skipped: 0, data };
}

/** By start; of several that begin together the first. */
function inOrder(frames: readonly SourceFrame[]): SourceFrame[] {
  const sorted = [...frames].sort((a, b) => a.start - b.start);
  return sorted.filter((frame, i) => i === 0 || frame.start > (sorted[i - 1]?.start ?? 0));
}
