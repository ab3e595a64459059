import type { DecodeOnlyVideo, VideoConfig, VideoTrack } from '../core/media.ts';
import type { PictureKind } from './codecs.ts';
import { MPEG2_TYPE, mpeg2Beginning } from './mpeg2-picture.ts';
import { MPEG4, parseMpeg4Vop, VOP_TYPE } from './mpeg4-headers.ts';
import { startCodes } from './start-codes.ts';
import { VC1 } from './vc1-headers.ts';
import { parseVp8Frame } from './vp8-frame.ts';

/** What is known of a sample: (the beginning of) its bytes, and whether the container calls it a key picture. */
interface SampleFacts {
  readonly data: Uint8Array;
  /** Null where the container tells it only after the payload. */
  readonly isKey: boolean | null;
}

type KindOf = (sample: SampleFacts) => PictureKind;

/** As where to begin decoding each picture can be used: one row a codec. */
const KINDS: { readonly [C in DecodeOnlyVideo['codec']]: KindOf } = {
  mpeg2: mpeg2Kind,
  mpeg4: mpeg4Kind,
  vc1: vc1Kind,
  vp8: vp8Kind,
  intra: () => 'idr',
  other: claimed,
};

/** @throws never: what makes no sense is `other` */
export const decodeOnlyKind = ({ codec }: DecodeOnlyVideo, sample: SampleFacts): PictureKind =>
  KINDS[codec](sample);

export const isDecodeOnlyVideo = (config: VideoConfig | DecodeOnlyVideo): config is DecodeOnlyVideo =>
  config.codec in KINDS;

/** Where a track has its codec. */
export function videoConfigs(
  config: VideoConfig | DecodeOnlyVideo | null,
): Pick<VideoTrack, 'configs' | 'decodeOnly'> {
  if (!config) return { configs: [], decodeOnly: null };
  return isDecodeOnlyVideo(config)
    ? { configs: [], decodeOnly: config }
    : { configs: [config], decodeOnly: null };
}

/** By the container's claim. Whether pictures shown before it follow nobody says. */
function claimed({ isKey }: SampleFacts): PictureKind {
  return isKey === null ? 'unknown' : isKey ? 'cra' : 'other';
}

/**
 * By picture_coding_type (ISO/IEC 13818-2, 6.3.9); an I-picture behind a header with closed_gop (6.3.8) closes what came
 * before. B-pictures shown before an I-picture may follow it, unless it is the first one shown of its group.
 */
function mpeg2Kind({ data }: SampleFacts): PictureKind {
  const { picture, hasGroup, isClosed } = mpeg2Beginning(data);
  if (!picture) return 'unknown';
  if (picture.type !== MPEG2_TYPE.i) return 'other';
  if (hasGroup && picture.temporalReference === 0) return 'idr';
  return isClosed ? 'radl' : 'cra';
}

/** Bits of a group's time_code: ISO/IEC 14496-2, 6.2.4. */
const CLOSED_AT = { byte: 2, mask: 0x20 } as const;

/** By vop_coding_type: 6.2.5; closed_gov says that what is shown before it needs nothing earlier: 6.3.4. */
function mpeg4Kind({ data }: SampleFacts): PictureKind {
  let isClosed = false;
  for (const { code, at } of startCodes(data)) {
    if (code === MPEG4.group) isClosed = ((data[at + CLOSED_AT.byte] ?? 0) & CLOSED_AT.mask) !== 0;
    if (code !== MPEG4.vop) continue;
    const vop = parseMpeg4Vop(data.subarray(at), null);
    if (!vop) return 'unknown';
    return vop.type !== VOP_TYPE.i ? 'other' : isClosed ? 'radl' : 'cra';
  }
  return 'unknown';
}

const CLOSED_ENTRY = 0x40;

/** Of the advanced profile, in start codes: an entry point is where decoding can begin (SMPTE 421M, 6.2). */
function vc1Kind(sample: SampleFacts): PictureKind {
  const { data } = sample;
  for (const { code, at } of startCodes(data)) {
    if (code === VC1.entryPoint) return ((data[at] ?? 0) & CLOSED_ENTRY) !== 0 ? 'radl' : 'cra';
    if (code === VC1.frame) return 'other';
  }
  return claimed(sample);
}

/** A frame that is only referred to is no picture. */
function vp8Kind({ data }: SampleFacts): PictureKind {
  const frame = parseVp8Frame(data);
  if (!frame) return 'unknown';
  if (frame.isKey) return 'idr';
  return frame.isShown ? 'other' : 'none';
}
