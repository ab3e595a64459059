import { webvttSegment } from '../../../muxers/webvtt.ts';
import { MediaError } from '../../core/errors.ts';
import { segmentCount, type Title } from '../title.ts';
import { cuesIn, cuesOf, intervalOf } from './cues-of.ts';
import { findTexts, type TextContext, type TextSegment } from './find-texts.ts';

/**
 * Segment n of a subtitle track: WebVTT whose times are those of the title. Without a cue it is a header alone.
 * @throws MediaError `not-found` for a segment that is not listed, and those of the source
 */
export async function subtitleSegment(
  title: Title,
  segment: TextSegment,
  context: TextContext,
): Promise<string> {
  const { n } = segment;
  if (n >= segmentCount(title))
    throw new MediaError('not-found', `Segment ${n} of ${segmentCount(title)} does not exist`);
  const samples = await findTexts(title, segment, context);
  return webvttSegment(cuesIn(cuesOf(samples, title.zero), intervalOf(title.timeline, n)));
}
