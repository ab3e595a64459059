import { ByteCursor } from '../core/bytes.ts';
import { corrupt, orNull, unsupported } from '../core/errors.ts';
import type { Colour } from '../core/media.ts';
import { parseVp9FrameHeader, parseVp9FrameStart, VP9_COLOR_SPACE, type Vp9Format } from './vp9-header.ts';
import { splitSuperframe } from './vp9-superframe.ts';

/** VPCodecConfigurationRecord: VP Codec ISO Media File Format Binding, VP Codec Configuration Box. */
export interface VpcRecord {
  readonly profile: number;
  /** 10 × level: 31 for 3.1. */
  readonly level: number;
  readonly bitDepth: number;
  /** 0: 4:2:0, chroma between two lines; 1: 4:2:0, chroma on luma samples; 2: 4:2:2; 3: 4:4:4. */
  readonly chromaSubsampling: number;
  readonly colour: Colour;
}

export interface Vp9Info extends VpcRecord {
  readonly width: number;
  readonly height: number;
}

/**
 * What a sample is as a place to begin decoding: `idr` begins with a key frame; `other` needs earlier frames, as
 * intra-only frames do for what follows them; `none` is no VP9.
 */
export type Vp9Kind = 'idr' | 'other' | 'none' | 'unknown';

/**
 * The kind of a sample, given whole or only its beginning: the first frame decides, of which the first byte is
 * enough where the rest is sound. A decoder that begins with anything but a key frame fails, whatever follows in the superframe. `unknown`
 * without a byte. VP9 bitstream specification, 6.2.
 */
export function vp9Kind(sample: Uint8Array): Vp9Kind {
  if (sample.length === 0) return 'unknown';
  const start = orNull(() => parseVp9FrameStart(sample));
  if (!start) return 'none';
  return start.frameType === 'key' ? 'idr' : 'other';
}

/**
 * True for a whole sample that shows nothing: it must join the next one in a superframe (VP Codec ISO Media File
 * Format Binding, Video Samples). False where a frame in it cannot be read.
 */
export function vp9IsHidden(sample: Uint8Array): boolean {
  const frames = splitSuperframe(sample);
  return (
    frames.length > 0 && frames.every((frame) => orNull(() => parseVp9FrameStart(frame))?.showFrame === false)
  );
}

/** Pictures a second where nobody tells. */
const USUAL_RATE = 30;

/**
 * The configuration that a key frame, or a sample that begins with one, stands for. Chroma lies on luma samples,
 * the binding's default, since the bitstream does not tell.
 * @param level 10 × level; the one for 30 pictures a second of this size when absent
 * @throws MediaError `corrupt` for other frames; `unsupported` for 4:4:0, which `vpcC` cannot tell
 */
export function vp9ConfigOf(keyFrame: Uint8Array, level?: number): Vp9Info {
  const { frameType, profile, format } = parseVp9FrameHeader(keyFrame);
  if (frameType !== 'key' || !format) throw corrupt('VP9 configuration from a frame that is no key frame');
  const { bitDepth, width, height } = format;
  return {
    profile,
    level: level ?? vp9Level({ width, height, rate: USUAL_RATE, bitrate: null }),
    bitDepth,
    chromaSubsampling: chromaOf(format),
    colour: { ...primariesOf(format), fullRange: format.colorRange },
    width,
    height,
  };
}

function chromaOf({ subsamplingX, subsamplingY }: Vp9Format): number {
  if (subsamplingX) return subsamplingY ? 1 : 2;
  if (subsamplingY) throw unsupported('VP9 with 4:4:0 chroma cannot be put into MP4; it must be re-encoded');
  return 3;
}

type CodePoints = Omit<Colour, 'fullRange'>;

const UNSPECIFIED: CodePoints = { primaries: 2, transfer: 2, matrix: 2 };

/** The standards that color_space names (VP9 bitstream specification, 7.2.2) as code points of ITU-T H.273. */
const CODE_POINTS: ReadonlyMap<number, CodePoints> = new Map([
  [VP9_COLOR_SPACE.bt601, { primaries: 5, transfer: 6, matrix: 5 }],
  [VP9_COLOR_SPACE.bt709, { primaries: 1, transfer: 1, matrix: 1 }],
  [VP9_COLOR_SPACE.smpte170, { primaries: 6, transfer: 6, matrix: 6 }],
  [VP9_COLOR_SPACE.smpte240, { primaries: 7, transfer: 7, matrix: 7 }],
  [VP9_COLOR_SPACE.bt2020, { primaries: 9, transfer: 14, matrix: 9 }],
  [VP9_COLOR_SPACE.rgb, { primaries: 1, transfer: 13, matrix: 0 }],
]);

const BT2020_12_BIT = 15;

function primariesOf({ colorSpace, bitDepth }: Vp9Format): CodePoints {
  const points = CODE_POINTS.get(colorSpace) ?? UNSPECIFIED;
  const isDeep = colorSpace === VP9_COLOR_SPACE.bt2020 && bitDepth === 12;
  return isDeep ? { ...points, transfer: BT2020_12_BIT } : points;
}

/** The content of `vpcC` behind version and flags: VP Codec ISO Media File Format Binding, VP Codec Configuration Box. */
export function vpcRecord({ profile, level, bitDepth, chromaSubsampling, colour }: VpcRecord): Uint8Array {
  const { primaries, transfer, matrix, fullRange } = colour;
  const samples = (bitDepth << 4) | (chromaSubsampling << 1) | (fullRange ? 1 : 0);
  return Uint8Array.of(profile, level, samples, primaries, transfer, matrix, 0, 0);
}

/**
 * Initialization data, which VP9 must not have, are passed over.
 * @throws MediaError `truncated`
 */
export function parseVpcRecord(bytes: Uint8Array): VpcRecord {
  const cursor = new ByteCursor(bytes);
  const [profile, level, samples] = [cursor.u8(), cursor.u8(), cursor.u8()];
  const [primaries, transfer, matrix] = [cursor.u8(), cursor.u8(), cursor.u8()];
  cursor.skip(2);
  return {
    profile,
    level,
    bitDepth: samples >> 4,
    chromaSubsampling: (samples >> 1) & 7,
    colour: { primaries, transfer, matrix, fullRange: (samples & 1) === 1 },
  };
}

/**
 * All fields: `vp09.02.51.10.01.09.16.09.00`. VP Codec ISO Media File Format Binding, Codecs Parameter String.
 * @throws MediaError `truncated`
 */
export function vp9CodecString(record: Uint8Array): string {
  const { profile, level, bitDepth, chromaSubsampling, colour } = parseVpcRecord(record);
  const { primaries, transfer, matrix, fullRange } = colour;
  const fields = [
    profile,
    level,
    bitDepth,
    chromaSubsampling,
    primaries,
    transfer,
    matrix,
    fullRange ? 1 : 0,
  ];
  return ['vp09', ...fields.map((field) => String(field).padStart(2, '0'))].join('.');
}

/** CodecPrivate of WebM: each feature null where it is not told. */
export interface Vp9CodecPrivate {
  readonly profile: number | null;
  /** 10 × level. */
  readonly level: number | null;
  readonly bitDepth: number | null;
  /** As in `VpcRecord`. */
  readonly chromaSubsampling: number | null;
}

const FEATURE = { profile: 1, level: 2, bitDepth: 3, chromaSubsampling: 4 } as const;

/**
 * The list of features that WebM's and Matroska's CodecPrivate may hold. Unknown ones, and those whose length is not
 * one byte, are passed over. WebM Container Guidelines, VP9 Codec Feature Metadata.
 * @throws MediaError `truncated` where a feature reaches past the end
 */
export function parseVp9CodecPrivate(bytes: Uint8Array): Vp9CodecPrivate {
  const cursor = new ByteCursor(bytes);
  const features = new Map<number, number>();
  while (cursor.remaining > 0) {
    const id = cursor.u8();
    const [value, ...rest] = cursor.bytes(cursor.u8());
    if (value !== undefined && rest.length === 0) features.set(id, value);
  }
  const feature = (id: number) => features.get(id) ?? null;
  return {
    profile: feature(FEATURE.profile),
    level: feature(FEATURE.level),
    bitDepth: feature(FEATURE.bitDepth),
    chromaSubsampling: feature(FEATURE.chromaSubsampling),
  };
}

/** What a level must bear. */
export interface Vp9Load {
  readonly width: number;
  readonly height: number;
  /** Pictures a second. */
  readonly rate: number;
  /** Bits a second; null where it is not known and not to count. */
  readonly bitrate: number | null;
}

interface Vp9LevelLimits {
  /** As in `vpcC`: 10 × level. */
  readonly level: number;
  /** Luma samples a second. */
  readonly sampleRate: number;
  /** Luma samples of a picture. */
  readonly pictureSize: number;
  /** Bits a second. */
  readonly bitrate: number;
  /** The larger of width and height. */
  readonly dimension: number;
}

const limits = (
  level: number,
  [sampleRate, pictureSize, kilobits, dimension]: readonly [number, number, number, number],
): Vp9LevelLimits => ({ level, sampleRate, pictureSize, bitrate: kilobits * 1000, dimension });

/** VP9 bitstream specification, Annex A. */
const LEVELS: readonly Vp9LevelLimits[] = [
  limits(10, [829_440, 36_864, 200, 512]),
  limits(11, [2_764_800, 73_728, 800, 768]),
  limits(20, [4_608_000, 122_880, 1_800, 960]),
  limits(21, [9_216_000, 245_760, 3_600, 1_344]),
  limits(30, [20_736_000, 552_960, 7_200, 2_048]),
  limits(31, [36_864_000, 983_040, 12_000, 2_752]),
  limits(40, [83_558_400, 2_228_224, 18_000, 4_160]),
  limits(41, [160_432_128, 2_228_224, 30_000, 4_160]),
  limits(50, [311_951_360, 8_912_896, 60_000, 8_384]),
  limits(51, [588_251_136, 8_912_896, 120_000, 8_384]),
  limits(52, [1_176_502_272, 8_912_896, 180_000, 8_384]),
  limits(60, [1_176_502_272, 35_651_584, 180_000, 16_832]),
  limits(61, [2_353_004_544, 35_651_584, 240_000, 16_832]),
  limits(62, [4_706_009_088, 35_651_584, 480_000, 16_832]),
];

const HIGHEST = 62;

/**
 * The lowest level that bears it, as `vpcC` and codec strings write it (31 for 3.1); the highest one where none does.
 * VP9 bitstream specification, Annex A.
 */
export function vp9Level({ width, height, rate, bitrate }: Vp9Load): number {
  const pictureSize = width * height;
  const dimension = Math.max(width, height);
  const bears = (limit: Vp9LevelLimits) =>
    pictureSize <= limit.pictureSize &&
    dimension <= limit.dimension &&
    pictureSize * rate <= limit.sampleRate &&
    (bitrate ?? 0) <= limit.bitrate;
  return LEVELS.find(bears)?.level ?? HIGHEST;
}
