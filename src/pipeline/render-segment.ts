import type { TimedPacket } from '../core/contracts.ts';
import { MediaError } from '../core/errors.ts';
import { audioPackets } from './audio-segment.ts';
import type { Rendition } from './renditions.ts';
import type { SpanCache } from './span-cache.ts';
import { segmentCount, type Title } from './title.ts';
import { videoPackets } from './video-segment.ts';

export interface RenderContext {
  readonly spans: SpanCache;
  readonly signal: AbortSignal;
}

/** Seconds of media in one chunk: what a player waits for before it has a first picture. */
const CHUNK = 0.5;
/** Sequence numbers of one segment's fragments: more than a ten-hour segment has chunks. */
const CHUNKS_PER_SEGMENT = 4096;

/**
 * The bytes of segment n as moof+mdat chunks, each a list of buffers, as soon as their times are final. A pure
 * function of the source: borders depend on media time only.
 * @throws MediaError `not-found` for a segment that is not listed
 */
export async function* renderSegment(
  title: Title,
  { rendition, n }: { readonly rendition: Rendition; readonly n: number },
  { spans, signal }: RenderContext,
): AsyncGenerator<Uint8Array[]> {
  if (n >= segmentCount(title))
    throw new MediaError('not-found', `Segment ${n} of ${segmentCount(title)} does not exist`);
  const counters = title.ledger.open(rendition.name, n);
  const packets =
    rendition.kind === 'video'
      ? videoPackets(title, n, { recorder: spans.recorder(title, n), signal, counters })
      : audioPackets(title, { audio: rendition.audio, n }, { spans, signal, counters });
  const length = Math.round(CHUNK * rendition.timescale);
  let chunk: TimedPacket[] = [];
  let count = 0;
  const flush = () => {
    const sequence = n * CHUNKS_PER_SEGMENT + Math.min(++count, CHUNKS_PER_SEGMENT - 1);
    const bytes = rendition.muxer.fragment(sequence, chunk, { isFirst: count === 1 });
    chunk = [];
    return bytes;
  };
  for await (const batch of packets)
    for (const packet of batch) {
      const first = chunk[0];
      if (first && packet.dts >= first.dts + length) yield flush();
      chunk.push(packet);
    }
  if (chunk.length > 0) yield flush();
}
