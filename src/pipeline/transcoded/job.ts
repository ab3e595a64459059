import { soundConfig } from '../../codecs/decode-only.ts';
import { audioFrameRange, type FrameRange } from '../../core/audio-frames.ts';
import { corrupt, MediaError } from '../../core/errors.ts';
import { AAC_FRAME, type TranscodeJob } from '../../core/transcoding.ts';
import type { AudioContext } from '../audio-samples.ts';
import type { AudioRenditionPlan, EncodedPlan } from '../renditions.ts';
import type { Title } from '../title.ts';
import { sourcePackets } from './source-packets.ts';

export interface EncodedRendition extends AudioRenditionPlan {
  readonly aac: EncodedPlan;
}

export interface EncodedSegment {
  readonly rendition: EncodedRendition;
  readonly n: number;
}

export const isEncoded = (rendition: AudioRenditionPlan): rendition is EncodedRendition =>
  rendition.aac !== null;

/** Frames of a segment on the title's grid: those that begin in it. They tile over the segments. */
export function framesOf({ rendition: { aac }, n }: EncodedSegment): FrameRange {
  const { boundaries } = aac;
  return audioFrameRange(boundaries[n] ?? 0, boundaries[n + 1] ?? 0, AAC_FRAME);
}

/** Frames of one segment: an hour at 48 kHz, which takes a minute to encode and 70 MB. */
const MAX_FRAMES = 170_000;

/**
 * What a transcoder is told to make a segment: a function of the source and the plan alone.
 * @throws MediaError of the source; `limit` for a segment that is longer, or holds more, than one job can have
 */
export async function jobOf(
  title: Title,
  segment: EncodedSegment,
  context: AudioContext,
): Promise<TranscodeJob> {
  const { rendition, n } = segment;
  const { audio, aac } = rendition;
  const { track, clock } = audio;
  const config = soundConfig(track);
  if (!config) throw corrupt(`Nothing is known of the sound of track ${track.index}`);
  const { first, end } = framesOf(segment);
  if (end - first > MAX_FRAMES)
    throw new MediaError('limit', `A segment of ${end - first} frames of sound is more than ${MAX_FRAMES}`);
  const frameLength = (AAC_FRAME * clock.timescale) / aac.output.rate;
  return {
    source: { config, rate: clock.timescale, channels: track.channels, frameSize: clock.frameSize },
    output: aac.output,
    first,
    end,
    isLast: n + 2 === aac.boundaries.length,
    packets: await sourcePackets(title, audio, { n, first, end, frameLength }, context),
  };
}
