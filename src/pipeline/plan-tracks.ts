import type { Demuxer } from '../core/contracts.ts';
import type { AudioTrack, VideoTrack } from '../core/media.ts';
import { NANOSECONDS_PER_SECOND, type Nanoseconds, rescaleUp, type Ticks } from '../core/time.ts';
import type { Timeline } from '../core/timeline.ts';
import type { AudioTranscoder } from '../core/transcoding.ts';
import { type AudioClock, audioClock, fitsRate, videoClock } from './clock.ts';
import type { RecoveryPoints } from './select-tracks.ts';
import { beginningOfColumn, type Survey } from './survey.ts';
import type { PlannedAudio, PlannedVideo } from './title.ts';
import { audioForms } from './transcoded/audio-forms.ts';

const DEFAULT_PICTURE = 0.04 * NANOSECONDS_PER_SECOND;
/** Pictures whose distances are looked at: more would not tell more. */
const LOOKED_AT = 2000;

/** A declared rate that the stamps deny is dropped; sizes and colours stay. */
export function planVideo(track: VideoTrack, survey: Survey, span: Span): Omit<PlannedVideo, 'starts'> {
  const { zero, end, pictures, recovery } = span;
  const seen = survey.tracks.get(track.id);
  const stamps = seen?.stamps ?? [];
  const rate = track.frameRate && fitsRate(stamps, track.frameRate) ? track.frameRate : null;
  const clock = videoClock({ zero, first: seen?.first ?? zero, rate });
  const seconds = (end - (seen?.first ?? zero)) / NANOSECONDS_PER_SECOND;
  // VP8's frames that are only referred to stand at the time of the next picture.
  const seenPictures = track.decodeOnly?.codec === 'vp8' ? new Set(Array.from(stamps)).size : stamps.length;
  const count = survey.kind === 'whole' ? seenPictures : pictures;
  const distances = distancesIn(beginningOfColumn(stamps, LOOKED_AT));
  const measured = distances[distances.length >> 1] ?? DEFAULT_PICTURE;
  const usual = rate ? (NANOSECONDS_PER_SECOND * rate.den) / rate.num : measured;
  return {
    track: { ...track, frameRate: rate, configs: survey.videoConfig ? [survey.videoConfig] : track.configs },
    clock,
    reorderDepth: Math.min(16, Math.max(track.reorderDepth, survey.reorder)),
    pictureDuration: Math.max(1, Math.round((usual * clock.timescale) / NANOSECONDS_PER_SECOND)),
    recovery,
    usualRate: usualRate(distances, measured),
    counted: count && seconds > 0 ? { pictures: count, rate: count / seconds } : null,
  };
}

/** Of stamps that follow each other in time, ascending; equal stamps have none. */
function distancesIn(stamps: readonly number[]): number[] {
  const ordered = [...stamps].sort((a, b) => a - b);
  return ordered
    .slice(1)
    .map((stamp, i) => stamp - (ordered[i] ?? stamp))
    .filter((distance) => distance > 0)
    .sort((a, b) => a - b);
}

export interface Span {
  readonly zero: Nanoseconds;
  readonly end: Nanoseconds;
  /** As the container counts them; null when it does not. */
  readonly pictures: number | null;
  readonly recovery: RecoveryPoints;
}

/** Stamps are rounded to milliseconds: the mean of the distances near the usual one is exact, the usual one is not. */
function usualRate(distances: readonly number[], usual: number): number {
  const near = distances.filter((distance) => distance > usual / 2 && distance < usual * 1.5);
  const mean = near.length > 0 ? near.reduce((sum, distance) => sum + distance, 0) / near.length : usual;
  return NANOSECONDS_PER_SECOND / mean;
}

export interface ClockContext {
  readonly survey: Survey;
  readonly zero: Nanoseconds;
  readonly demuxer: Demuxer;
}

/** Stamps that tell where the grid of frames lies: minutes of them have been rounded in every way there is. */
const ENOUGH_FRAMES = 8192;

/** Frame size where neither codec nor container tell one: AAC's. */
const DEFAULT_FRAME = 1024;

export function planAudioClock(track: AudioTrack, { survey, zero, demuxer }: ClockContext): AudioClock {
  const seen = survey.tracks.get(track.id);
  const sizes = [...(seen?.frameSizes ?? [])];
  const frameSize = track.frameSize ?? (Math.max(0, ...sizes) || track.frameStep || DEFAULT_FRAME);
  return audioClock({
    zero,
    sampleRate: track.sampleRate,
    frameSize,
    step: track.frameSize ?? track.frameStep ?? sizes.reduce(greatestCommonDivisor, frameSize),
    seen: beginningOfColumn(seen?.stamps ?? [], ENOUGH_FRAMES),
    precision: demuxer.precision,
  });
}

const greatestCommonDivisor = (a: number, b: number): number =>
  b === 0 ? a : greatestCommonDivisor(b, a % b);

/** The same boundaries as the main track's, in samples of any rate. */
export function audioBoundaries(timeline: Timeline, rate: number): number[] {
  const toSamples = (time: Ticks) => rescaleUp(time, timeline.timescale, rate);
  const inner = timeline.cuts.slice(1).map((cut) => toSamples(cut.time));
  return [0, ...inner, endInSamples(timeline, rate)];
}

/** Ticks a second from which on one is shorter than anything that is heard. */
const FINE = 10_000;

/** The end is rounded up to a tick: no frame begins within it, or there would be one of silence for nothing. */
function endInSamples({ end, timescale }: Timeline, rate: number): number {
  if (timescale < FINE || end === 0) return rescaleUp(end, timescale, rate);
  const withinTick = Math.ceil(rate / timescale);
  const before = -rescaleUp(1 - end, timescale, rate);
  return Math.min(before + withinTick, rescaleUp(end, timescale, rate));
}

export interface AudioPlan {
  readonly track: AudioTrack;
  readonly clock: AudioClock;
}

export const planAudio = (
  { track, clock }: AudioPlan,
  timeline: Timeline,
  transcoder: AudioTranscoder | null,
): PlannedAudio => ({
  track,
  clock,
  boundaries: audioBoundaries(timeline, clock.timescale),
  forms: audioForms(track, transcoder),
});
