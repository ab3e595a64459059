import type { TimedPacket } from '../../core/contracts.ts';
import { corrupt } from '../../core/errors.ts';
import { ticks } from '../../core/time.ts';
import { AAC_FRAME } from '../../core/transcoding.ts';
import type { AudioContext } from '../audio-samples.ts';
import type { Title } from '../title.ts';
import { type EncodedSegment, framesOf } from './job.ts';
import type { Transcripts } from './transcripts.ts';

export interface EncodedContext extends Omit<AudioContext, 'spans'> {
  readonly transcripts: Transcripts;
}

/**
 * The frames of segment n of an encoded rendition, in batches as they are made. The last one of the title ends with
 * it.
 * @throws MediaError `corrupt` when the transcoder gives fewer or more packets than there are frames
 */
export async function* encodedPackets(
  title: Title,
  segment: EncodedSegment,
  { transcripts, ...context }: EncodedContext,
): AsyncGenerator<TimedPacket[]> {
  const { boundaries } = segment.rendition.aac;
  const { first, end } = framesOf(segment);
  const titleEnd = boundaries.at(-1) ?? 0;
  let frame = first;
  for await (const packets of transcripts.packets(title, segment, context)) {
    yield packets.map((data) => {
      const start = frame++ * AAC_FRAME;
      const packet = {
        trackId: segment.rendition.track.id,
        configId: 0,
        pts: ticks(start),
        isSync: true,
        data,
      };
      return { packet, dts: start, duration: Math.min(AAC_FRAME, titleEnd - start) };
    });
  }
  if (frame !== end) throw corrupt(`${frame - first} packets were made for ${end - first} frames of sound`);
}
