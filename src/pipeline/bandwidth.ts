import { fragmentOverhead } from '../../muxers/fmp4/fragment.ts';
import { audioCodec } from '../codecs/codecs.ts';
import type { Demuxer } from '../core/contracts.ts';
import type { AudioTrack, Track } from '../core/media.ts';
import { NANOSECONDS_PER_SECOND } from '../core/time.ts';
import type { Cut } from '../core/timeline.ts';
import type { Survey, TrackSurvey } from './survey.ts';
import type { Bandwidth } from './title.ts';

/** Room for what probing a few places cannot see (a declared rate is never below the measured one divided by 1.1). */
const SAMPLING_MARGIN = 1.05;
/** Chunks of 0.5 s. */
const CHUNKS_PER_SECOND = 2;
/** `styp`, once a segment. */
const SEGMENT_HEADER = 32;

/**
 * Largest bit rate of any run of segments that lasts 0.5 to 1.5 target durations, and the average
 * (RFC 8216, 4.3.4.2; Apple's reading of "peak").
 * @param bytes per segment
 * @param durations of the same segments in seconds
 */
export function measureBandwidth(
  bytes: readonly number[],
  durations: readonly number[],
  targetDuration: number,
): Bandwidth {
  let peak = 0;
  for (let from = 0; from < bytes.length; from++) {
    let bits = 0;
    let seconds = 0;
    for (let to = from; to < bytes.length; to++) {
      bits += (bytes[to] ?? 0) * 8;
      seconds += durations[to] ?? 0;
      if (seconds > 1.5 * targetDuration) break;
      if (seconds >= 0.5 * targetDuration && seconds > 0) peak = Math.max(peak, bits / seconds);
    }
  }
  const total = durations.reduce((sum, seconds) => sum + seconds, 0);
  const average = total > 0 ? (bytes.reduce((sum, size) => sum + size, 0) * 8) / total : 0;
  return { peak: Math.ceil(Math.max(peak, average)), average: Math.ceil(average) };
}

export interface BandwidthFacts {
  readonly survey: Survey;
  readonly demuxer: Demuxer;
  readonly cuts: readonly Cut[];
  /** Seconds of each segment, the first one from the title's zero on. */
  readonly durations: readonly number[];
  /** Seconds from there to the first picture: the video's first segment is that much shorter. */
  readonly lead: number;
  readonly targetDuration: number;
  readonly mainTrack: Track;
  readonly audio: readonly AudioTrack[];
}

/** Bandwidth of each kept track as it will be served, fragment headers included. */
export function bandwidths(facts: BandwidthFacts): Map<number, Bandwidth> {
  const { survey, cuts, durations, targetDuration, mainTrack } = facts;
  const result = new Map<number, Bandwidth>();
  for (const track of facts.audio) result.set(track.id, audioBandwidth(facts, track));
  if (mainTrack.kind !== 'video') return result;
  const seen = survey.tracks.get(mainTrack.id);
  const payload = survey.kind === 'whole' && seen ? pictureBytes(seen, cuts) : spanBytes(facts, result);
  const frames = facts.demuxer.statistics.get(mainTrack.id)?.frames ?? seen?.stamps.length ?? 0;
  const total = durations.reduce((sum, seconds) => sum + seconds, 0);
  const rate = mainTrack.frameRate
    ? mainTrack.frameRate.num / mainTrack.frameRate.den
    : Math.min(60, frames / Math.max(total, 1));
  const served = durations.map((seconds, i) => (i === 0 ? seconds - facts.lead : seconds));
  const bytes = payload.map((size, i) => size + overhead('video', served[i] ?? 0, rate));
  result.set(mainTrack.id, measureBandwidth(bytes, served, targetDuration));
  return result;
}

/** Bytes of one segment beside its payload. */
function overhead(kind: 'video' | 'audio', seconds: number, samplesPerSecond: number): number {
  const chunks = Math.max(1, Math.ceil(seconds * CHUNKS_PER_SECOND));
  return SEGMENT_HEADER + chunks * fragmentOverhead(Math.round((seconds * samplesPerSecond) / chunks), kind);
}

/** Payload of each segment, summed over the pictures from cut to cut in decode order. */
function pictureBytes({ stamps, sizes }: TrackSurvey, cuts: readonly Cut[]): number[] {
  const bytes = cuts.map(() => 0);
  let n = -1;
  let sum = 0;
  let next: number = cuts[0]?.point.time ?? Number.NaN;
  for (let i = 0; i < stamps.length; i++) {
    if (stamps[i] === next) {
      if (n >= 0) bytes[n] = sum;
      sum = 0;
      n++;
      next = cuts[n + 1]?.point.time ?? Number.NaN;
    }
    sum += sizes[i] ?? 0;
  }
  if (n >= 0) bytes[n] = sum;
  return bytes;
}

/** Bytes of the file from cut to cut, less what the other tracks take while they last. */
function spanBytes(facts: BandwidthFacts, audio: Map<number, Bandwidth>): number[] {
  const { cuts, demuxer, durations, mainTrack } = facts;
  const others = demuxer.tracks
    .filter((track) => track.id !== mainTrack.id)
    .map((track) => shareOf(track, facts, audio));
  return cuts.map((cut, i) => {
    const bytes = (cuts[i + 1]?.point.position ?? demuxer.payload.end) - cut.point.position;
    const from = cut.point.time;
    const to = from + (durations[i] ?? 0) * NANOSECONDS_PER_SECOND;
    const taken = others.map(
      ({ rate, first, end }) => (Math.max(0, Math.min(to, end) - Math.max(from, first)) * rate) / 8,
    );
    return Math.max(0, bytes - taken.reduce((sum, part) => sum + part, 0) / NANOSECONDS_PER_SECOND);
  });
}

/** Bits a second of another track, and from when to when it takes them on the container's clock. */
function shareOf(track: Track, { survey, demuxer }: BandwidthFacts, audio: Map<number, Bandwidth>) {
  const seen = survey.tracks.get(track.id);
  return {
    rate: demuxer.statistics.get(track.id)?.bitrate ?? (audio.get(track.id)?.average ?? 0) / SAMPLING_MARGIN,
    first: seen?.first ?? Number.NEGATIVE_INFINITY,
    end: (survey.hasEnd && seen?.end) || Number.POSITIVE_INFINITY,
  };
}

function audioBandwidth(
  { survey, demuxer, cuts, durations, targetDuration }: BandwidthFacts,
  track: AudioTrack,
): Bandwidth {
  const seen = survey.tracks.get(track.id);
  const framesPerSecond = track.sampleRate / (track.frameSize ?? usualFrame(seen));
  const headers = overhead('audio', 1, framesPerSecond) * 8;
  if (survey.kind === 'whole' && seen) {
    const bytes = durations.map((seconds) => overhead('audio', seconds, framesPerSecond));
    const end = (n: number) => cuts[n + 1]?.point.time ?? Number.POSITIVE_INFINITY;
    const counts = durations.map(() => 0);
    let n = 0;
    let until = end(0);
    for (let i = 0; i < seen.stamps.length; i++) {
      while ((seen.stamps[i] ?? 0) >= until) until = end(++n);
      bytes[n] = (bytes[n] ?? 0) + (seen.sizes[i] ?? 0);
      counts[n] = (counts[n] ?? 0) + 1;
    }
    const silence = silentBytes(track);
    const filled = bytes.map((sum, i) => {
      const missing = Math.floor((durations[i] ?? 0) * framesPerSecond) - (counts[i] ?? 0);
      return sum + Math.max(0, missing) * silence;
    });
    return measureBandwidth(filled, durations, targetDuration);
  }
  const { bitrate, bytes } = demuxer.statistics.get(track.id) ?? {};
  const rate = Math.max(bitrate ?? 0, sampledRate(seen, framesPerSecond));
  const total = durations.reduce((sum, seconds) => sum + seconds, 0);
  const served = (payload: number) => Math.ceil((payload + headers) * SAMPLING_MARGIN);
  return { average: served(bytes ? Math.min(rate, (bytes * 8) / total) : rate), peak: served(rate) };
}

/** Of a frame that fills a hole; 0 where none is made. */
function silentBytes({ configs: [config], frameSize }: AudioTrack): number {
  return (config && frameSize && audioCodec(config).silentFrame(config, frameSize)?.length) || 0;
}

/** Samples of a frame where the track does not say: the longest that was seen, for the last one may be short. */
const usualFrame = (seen: TrackSurvey | undefined): number =>
  [...(seen?.frameSizes ?? [])].reduce((longest, samples) => Math.max(longest, samples), 0) || 1024;

export function sumOf(sizes: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < sizes.length; i++) sum += sizes[i] ?? 0;
  return sum;
}

/** Mean frame size of the frames seen, as bits a second. */
function sampledRate(seen: TrackSurvey | undefined, framesPerSecond: number): number {
  if (!seen || seen.sizes.length === 0) return 0;
  const mean = sumOf(seen.sizes) / seen.sizes.length;
  return mean * 8 * framesPerSecond;
}
