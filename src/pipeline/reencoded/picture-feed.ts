import { matroskaHead, matroskaPicture, type StreamedVideo } from '../../../muxers/matroska/video-stream.ts';
import { decoderSetup } from '../../codecs/decoder-setup.ts';
import { unsupported } from '../../core/errors.ts';
import { NANOSECONDS_PER_SECOND } from '../../core/time.ts';
import type { Counters } from '../ledger.ts';
import type { SpanCache } from '../span-cache.ts';
import { segmentCount, type Title } from '../title.ts';
import { videoPackets } from '../video-segment.ts';
import type { StampBook } from './stamp-book.ts';

export interface FeedContext {
  /** Takes note of every picture that is given. */
  readonly book: StampBook;
  readonly spans: SpanCache;
  readonly counters: Counters;
  readonly signal: AbortSignal;
}

/** Whether decoding segment n needs pictures before its cut: some may be shown before the cut's own. */
export async function needsPreRoll(
  { timeline, locator }: Title,
  n: number,
  signal: AbortSignal,
): Promise<boolean> {
  if (n === 0) return false;
  const point = locator ? await locator.cut(n, signal) : timeline.cuts[n]?.point;
  return point?.isClosed === false;
}

/** Where the pictures that an encoder is given begin. */
export interface FeedStart {
  readonly n: number;
  readonly isPreRolled: boolean;
}

/**
 * The pictures from segment n to the end of the title as a stream that a decoder reads, and those of the segment before
 * where the first ones need them. Side effect: other tracks' samples of the spans go to the span cache.
 * @throws MediaError of the source; `unsupported` for a codec that has no name in Matroska
 */
export async function* feedPictures(
  title: Title,
  { n, isPreRolled }: FeedStart,
  { book, spans, counters, signal }: FeedContext,
): AsyncGenerator<Uint8Array[]> {
  yield [matroskaHead(streamed(title))];
  for (let k = isPreRolled ? n - 1 : n; k < segmentCount(title); k++) {
    const recorder = spans.recorder(title, k);
    for await (const packets of videoPackets(title, k, { recorder, signal, counters })) {
      const pictures = packets.map(({ packet }) => ({
        time: book.stamp(k, packet.pts),
        isKey: packet.isSync,
        data: packet.data,
      }));
      for (const { dts, duration } of packets) book.extend(k, { start: dts, end: dts + duration });
      yield pictures.flatMap(matroskaPicture);
    }
    book.complete(k);
  }
}

function streamed({ video }: Title): StreamedVideo {
  const setup = video && decoderSetup(video.track);
  if (!video || !setup) throw unsupported('There is no video that a decoder could be given');
  const { width, height } = video.track;
  return { ...setup, width, height, pictureDuration: NANOSECONDS_PER_SECOND / video.usualRate };
}
