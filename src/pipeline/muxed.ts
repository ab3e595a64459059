import { fragment } from '../../muxers/fmp4/fragment.ts';
import { movieBeginning } from '../../muxers/fmp4/init.ts';
import type { MovieTrack } from '../../muxers/fmp4/track-box.ts';
import { mediaPlaylist } from '../../muxers/hls.ts';
import type { Muxer } from '../core/contracts.ts';
import { MediaError } from '../core/errors.ts';
import type { VideoConfig } from '../core/media.ts';
import { rescale } from '../core/time.ts';
import { audioGroups } from './audio-groups.ts';
import type { Media } from './library.ts';
import { type RenderContext, renderSegment } from './render-segment.ts';
import { isIndependentRendition, type Rendition, targetDuration } from './renditions.ts';
import { segmentCount, type Title } from './title.ts';

/** Pictures and sound of a title in one stream, as most players take it: for those that want one list, or one file. */
export interface Muxed {
  readonly title: Title;
  /** Pictures first; one of each kind at most. */
  readonly renditions: readonly Rendition[];
}

/** H.264 if there is any, and stereo AAC of the track that plays unless another one is chosen. */
export function muxedForm({ title, renditions }: Pick<Media, 'title' | 'renditions'>): Muxed {
  const videos = renditions.filter((rendition) => rendition.kind === 'video');
  const video =
    videos.find(({ track, encoded }) => codecOf(track, encoded?.target.codec) === 'h264') ?? videos[0];
  const [group] = audioGroups(renditions.filter((rendition) => rendition.kind === 'audio'));
  const audio = group?.members.find(({ track }) => track.isDefault) ?? group?.members[0];
  return { title, renditions: [video, audio].filter((rendition) => rendition !== undefined) };
}

const codecOf = (track: { readonly configs: readonly { readonly codec: string }[] }, encoded?: string) =>
  encoded ?? track.configs[0]?.codec;

/** Microseconds of each segment. */
export const muxedDurations = ({ renditions }: Muxed): readonly number[] => renditions[0]?.durations ?? [];

/** @param uri of the init segment, and of each segment by its number */
export function muxedPlaylist(
  muxed: Muxed,
  uri: { readonly init: string; readonly segment: (n: number) => string },
): string {
  const { title, renditions } = muxed;
  const [main] = renditions;
  return mediaPlaylist({
    isIndependent: main !== undefined && isIndependentRendition(title, main),
    targetDuration: targetDuration(renditions) + title.slack,
    type: 'VOD',
    isEnded: true,
    startsAt: null,
    initUri: uri.init,
    segments: muxedDurations(muxed).map((duration, n) => ({ duration, uri: uri.segment(n) })),
  });
}

/** The initialization segment of both. @throws MediaError `not-offered` for pictures that cannot be encoded here */
export async function muxedInit(
  { title, renditions }: Muxed,
  { encodedVideo, client, signal }: Pick<RenderContext, 'encodedVideo' | 'client' | 'signal'>,
): Promise<Uint8Array> {
  const tracks = renditions.map(async (rendition, i): Promise<MovieTrack> => {
    const { timescale, bandwidth, track } = rendition;
    const options = { trackId: i + 1, timescale, bitrate: bandwidth };
    if (rendition.kind === 'audio' || !rendition.encoded) return { track, options };
    if (!encodedVideo) throw new MediaError('not-offered', 'Video cannot be encoded here');
    const config: VideoConfig = await encodedVideo.config(title, rendition, { client, signal });
    return { track: { ...rendition.track, configs: [config] }, options };
  });
  return movieBeginning(await Promise.all(tracks), null);
}

export interface MuxedSegment {
  readonly n: number;
  /** Number of the segment whose beginning is time zero; absent: that of the title is. */
  readonly from?: number;
}

/**
 * A segment's pictures, then its sound, as fragments of one file.
 * @throws MediaError of the source
 */
export async function* renderMuxed(
  { title, renditions }: Muxed,
  { n, from = 0 }: MuxedSegment,
  context: RenderContext,
): AsyncGenerator<Uint8Array[]> {
  if (n >= segmentCount(title)) throw new MediaError('not-found', `There is no segment ${n}`);
  const { cuts, timescale } = title.timeline;
  const zero = from === 0 ? 0 : (cuts[from]?.time ?? 0);
  for (const [i, rendition] of renditions.entries()) {
    const origin = rescale(zero, timescale, rendition.timescale);
    yield* renderSegment(title, { rendition: numbered(rendition, { index: i, origin }), n }, context);
  }
}

/** Sequence numbers of one segment's fragments: half of them are the pictures'. */
const HALF = 2048;

interface Numbered {
  /** Place among the renditions of a file. */
  readonly index: number;
  /** Ticks of the rendition that are taken from its times. */
  readonly origin: number;
}

/** The same rendition with a track_ID of its own; the segment begins with the first track's fragments. */
function numbered<T extends Rendition>(rendition: T, { index, origin }: Numbered): T {
  const { kind } = rendition;
  const muxer: Muxer = {
    init: () => rendition.muxer.init(),
    fragment: (sequence, samples, { isFirst }) =>
      fragment(
        {
          kind,
          trackId: index + 1,
          sequence: sequence + index * HALF,
          isFirst: isFirst && index === 0,
          origin,
        },
        samples,
      ),
  };
  return { ...rendition, muxer };
}
