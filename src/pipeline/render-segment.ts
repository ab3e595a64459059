import type { TimedPacket } from '../core/contracts.ts';
import { MediaError } from '../core/errors.ts';
import { audioPackets } from './audio-segment.ts';
import { Chunker } from './chunks.ts';
import type { EncodedVideo } from './reencoded/encoded-video.ts';
import type { Rendition } from './renditions.ts';
import type { SpanCache } from './span-cache.ts';
import { segmentCount, type Title } from './title.ts';
import { isEncoded } from './transcoded/job.ts';
import { encodedPackets } from './transcoded/segment.ts';
import type { Transcripts } from './transcoded/transcripts.ts';
import { videoPackets } from './video-segment.ts';

export interface RenderContext {
  readonly spans: SpanCache;
  /** Null where sound can only be copied. */
  readonly transcripts: Transcripts | null;
  /** Null where video can only be copied. */
  readonly encodedVideo: EncodedVideo | null;
  /** Who asks, as far as that is known. */
  readonly client: string;
  readonly signal: AbortSignal;
}

/**
 * The bytes of segment n as moof+mdat chunks, each a list of buffers, as soon as their times are final. A pure
 * function of the source: borders depend on media time only.
 * @throws MediaError `not-found` for a segment that is not listed
 */
export async function* renderSegment(
  title: Title,
  { rendition, n }: { readonly rendition: Rendition; readonly n: number },
  context: RenderContext,
): AsyncGenerator<Uint8Array[]> {
  if (n >= segmentCount(title))
    throw new MediaError('not-found', `Segment ${n} of ${segmentCount(title)} does not exist`);
  const chunker = new Chunker(rendition, n);
  for await (const batch of packetsOf(title, { rendition, n }, context))
    for (const packet of batch) {
      const chunk = chunker.push(packet);
      if (chunk) yield chunk;
    }
  const last = chunker.flush();
  if (last) yield last;
}

interface NumberedSegment {
  readonly rendition: Rendition;
  readonly n: number;
}

function packetsOf(
  title: Title,
  { rendition, n }: NumberedSegment,
  { spans, transcripts, encodedVideo, client, signal }: RenderContext,
): AsyncIterable<readonly TimedPacket[]> {
  if (rendition.kind === 'video' && rendition.encoded) {
    if (!encodedVideo) throw new MediaError('not-offered', 'Video cannot be encoded here');
    return encodedVideo.packets(title, { rendition, n }, { client, signal });
  }
  const counters = title.ledger.open(rendition.name, n);
  if (rendition.kind === 'video')
    return videoPackets(title, n, { recorder: spans.recorder(title, n), signal, counters });
  return transcripts && isEncoded(rendition)
    ? encodedPackets(title, { rendition, n }, { transcripts, signal, counters })
    : audioPackets(title, { audio: rendition.audio, n }, { spans, signal, counters });
}
