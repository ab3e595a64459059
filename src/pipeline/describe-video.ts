import type { DecodeOnlyVideo, VideoConfig, VideoTrack } from '../core/media.ts';
import { type Reason, whyEncode } from './reencoded/forms.ts';
import type { Rendition } from './renditions.ts';
import type { Title } from './title.ts';

/** Whether there is something that encodes video; `unasked`: nobody is served. */
export type Encoders = 'here' | 'absent' | 'unasked';

/** What people call them; null: nothing better than the container's own word. */
const NAMES: { readonly [C in VideoConfig['codec'] | DecodeOnlyVideo['codec']]: string | null } = {
  h264: 'H.264',
  h265: 'HEVC',
  vp9: 'VP9',
  av1: 'AV1',
  mpeg2: 'MPEG-2',
  mpeg4: 'MPEG-4 Part 2',
  vc1: 'VC-1',
  vp8: 'VP8',
  intra: null,
  other: null,
};

/** What people call the codec of a track: `HEVC`. */
export function videoCodecName({ configs: [config], decodeOnly, sourceCodec }: VideoTrack): string {
  const codec = config?.codec ?? decodeOnly?.codec;
  return (codec && NAMES[codec]) ?? sourceCodec;
}

const REASONS: { readonly [R in Reason]: (codec: string) => string } = {
  'not copied': (codec) => `${codec} cannot be copied into MP4`,
  codec: (codec) => `not every player takes ${codec} like this`,
  format: () => 'few players take H.264 with more than 8 bits or finer colour',
  interlaced: () => 'it may be interlaced, which browsers show as it is',
  unseekable: () => 'browsers cannot begin to decode at every cut',
};

/**
 * Whether video is offered encoded, and why or why not; null where every player can do with the copy. `needed` tells
 * whether some player cannot; `offered` whether one of the renditions is encoded; `encoders` whether there are any.
 */
export function encodingOf(
  { title, renditions }: { readonly title: Title; readonly renditions: readonly Rendition[] },
  encoders: Encoders,
) {
  const track = title.video?.track;
  if (!track) return null;
  const reason = whyEncode(title);
  const why = reason && REASONS[reason](videoCodecName(track));
  const isOffered = renditions.some((rendition) => rendition.kind === 'video' && rendition.encoded !== null);
  if (reason === null && !isOffered) return null;
  return { needed: reason !== null, why, offered: isOffered, encoders };
}

/** Why a copy is all there is though some player cannot do with it; null where that is not so. */
export function whyCopyOnly(encoding: ReturnType<typeof encodingOf>): string | null {
  if (!encoding?.needed || encoding.offered || encoding.encoders === 'unasked') return null;
  return encoding.encoders === 'absent'
    ? 'as it is; to encode it for players that lack it takes FFmpeg, which is not here'
    : 'as it is; no encoder here makes what was asked for';
}
