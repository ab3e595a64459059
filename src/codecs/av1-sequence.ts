import { BitReader } from '../core/bits.ts';
import { corrupt, truncated } from '../core/errors.ts';
import type { Colour } from '../core/media.ts';
import type { FrameRate } from '../core/time.ts';
import { OBU, readObus } from './av1-obu.ts';

/** sequence_header_obu(): AV1 specification, 5.5 and 6.4. */
export interface Av1SequenceHeader {
  /** seq_profile: 0 Main, 1 High, 2 Professional. */
  readonly profile: number;
  readonly isStillPicture: boolean;
  /** Frame headers, too, are reduced: every frame is a shown key frame. */
  readonly isReducedStillPicture: boolean;
  /** seq_level_idx of the first operating point: 8 for 4.0, 31 for no limit. */
  readonly level: number;
  /** seq_tier of the first operating point: 0 Main, 1 High. */
  readonly tier: number;
  readonly maxWidth: number;
  readonly maxHeight: number;
  readonly bitDepth: 8 | 10 | 12;
  readonly isMonochrome: boolean;
  readonly subsamplingX: boolean;
  readonly subsamplingY: boolean;
  /** 0 unknown, 1 vertical (as MPEG-2), 2 on luma samples. */
  readonly chromaSamplePosition: number;
  /** color_description_present_flag. */
  readonly hasColourDescription: boolean;
  /** Null where it neither describes colour nor says full range. */
  readonly colour: Colour | null;
  /** From timing_info with equal_picture_interval; null without. */
  readonly frameRate: FrameRate | null;
  readonly hasFilmGrain: boolean;
}

/**
 * A sequence header from its OBU or from that OBU's payload: a payload that began like the header of the OBU would
 * have a reduced header without being a still picture, which is not allowed.
 * @throws MediaError `corrupt` where it ends early or contradicts itself; `truncated` for an OBU that is cut
 */
export function parseAv1SequenceHeader(obuOrPayload: Uint8Array): Av1SequenceHeader {
  const bits = new BitReader(payloadOf(obuOrPayload));
  const profile = bits.u(3);
  const isStillPicture = bits.flag();
  const isReducedStillPicture = bits.flag();
  const operation = isReducedStillPicture ? reducedOperation(bits) : readOperation(bits);
  const size = readFrameSize(bits);
  if (!isReducedStillPicture) skipFrameIds(bits);
  bits.skip(INTRA_TOOLS);
  if (!isReducedStillPicture) skipInterTools(bits);
  bits.skip(FILTERS);
  const samples = readColourConfig(bits, profile);
  const hasFilmGrain = bits.flag();
  if (bits.overrun) throw corrupt('AV1 sequence header ends early');
  if (profile > 2) throw corrupt(`AV1 profile ${profile} does not exist`);
  if (isReducedStillPicture && !isStillPicture) throw corrupt('AV1 reduced header without a still picture');
  return { profile, isStillPicture, isReducedStillPicture, ...operation, ...size, ...samples, hasFilmGrain };
}

const OBU_TYPE_BITS = 0xf8;

function payloadOf(bytes: Uint8Array): Uint8Array {
  if (((bytes[0] ?? 0) & OBU_TYPE_BITS) !== OBU.sequenceHeader << 3) return bytes;
  const [obu] = readObus(bytes);
  if (!obu || obu.missing > 0) throw truncated('AV1 sequence header OBU is cut');
  return obu.payload;
}

type Operation = Pick<Av1SequenceHeader, 'frameRate' | 'level' | 'tier'>;

const reducedOperation = (bits: BitReader): Operation => ({ frameRate: null, level: bits.u(5), tier: 0 });

/** Levels above this index (3.3) have tiers. */
const LAST_LEVEL_WITHOUT_TIER = 7;

/** From timing_info_present_flag to the last operating point. */
function readOperation(bits: BitReader): Operation {
  const hasTiming = bits.flag();
  const frameRate = hasTiming ? readTimingInfo(bits) : null;
  const delayBits = hasTiming && bits.flag() ? readDecoderModelInfo(bits) : null;
  const hasDisplayDelay = bits.flag();
  const points = bits.u(5) + 1;
  const read = () => readOperatingPoint(bits, { delayBits, hasDisplayDelay });
  const first = read();
  for (let i = 1; i < points; i++) read();
  return { frameRate, ...first };
}

interface Delays {
  /** Length of the buffer delays; null without a decoder model. */
  readonly delayBits: number | null;
  readonly hasDisplayDelay: boolean;
}

function readOperatingPoint(
  bits: BitReader,
  { delayBits, hasDisplayDelay }: Delays,
): Pick<Operation, 'level' | 'tier'> {
  bits.skip(12);
  const level = bits.u(5);
  const tier = level > LAST_LEVEL_WITHOUT_TIER ? bits.u(1) : 0;
  if (delayBits !== null && bits.flag()) bits.skip(2 * delayBits + 1);
  if (hasDisplayDelay && bits.flag()) bits.skip(4);
  return { level, tier };
}

/** timing_info(): 5.5.3. The rate of pictures where they are equally far apart. */
function readTimingInfo(bits: BitReader): FrameRate | null {
  const unitsInTick = bits.u(32);
  const timeScale = bits.u(32);
  if (!bits.flag()) return null;
  const unitsInPicture = unitsInTick * (bits.ue() + 1);
  if (timeScale === 0 || unitsInPicture === 0 || !Number.isSafeInteger(unitsInPicture)) return null;
  const common = greatestCommonDivisor(timeScale, unitsInPicture);
  return { num: timeScale / common, den: unitsInPicture / common };
}

const greatestCommonDivisor = (a: number, b: number): number =>
  b === 0 ? a : greatestCommonDivisor(b, a % b);

/** decoder_model_info(): 5.5.4. The length of the buffer delays. */
function readDecoderModelInfo(bits: BitReader): number {
  const delayBits = bits.u(5) + 1;
  bits.skip(32 + 5 + 5);
  return delayBits;
}

function readFrameSize(bits: BitReader): Pick<Av1SequenceHeader, 'maxWidth' | 'maxHeight'> {
  const [widthBits, heightBits] = [bits.u(4) + 1, bits.u(4) + 1];
  return { maxWidth: bits.u(widthBits) + 1, maxHeight: bits.u(heightBits) + 1 };
}

/** use_128x128_superblock, enable_filter_intra and enable_intra_edge_filter, a bit each. */
const INTRA_TOOLS = 3;
/** enable_superres, enable_cdef and enable_restoration, a bit each. */
const FILTERS = 3;

/** From frame_id_numbers_present_flag to additional_frame_id_length_minus_1. */
function skipFrameIds(bits: BitReader): void {
  if (bits.flag()) bits.skip(4 + 3);
}

/** From enable_interintra_compound to order_hint_bits_minus_1. */
function skipInterTools(bits: BitReader): void {
  bits.skip(4);
  const hasOrderHint = bits.flag();
  if (hasOrderHint) bits.skip(2);
  const mayBeScreenContent = bits.flag() || bits.flag();
  if (mayBeScreenContent && !bits.flag()) bits.skip(1);
  if (hasOrderHint) bits.skip(3);
}

type Samples = Pick<
  Av1SequenceHeader,
  | 'bitDepth'
  | 'isMonochrome'
  | 'subsamplingX'
  | 'subsamplingY'
  | 'chromaSamplePosition'
  | 'hasColourDescription'
  | 'colour'
>;

const PROFESSIONAL = 2;
const HIGH = 1;
const SRGB = { primaries: 1, transfer: 13, matrix: 0 } as const;
const UNSPECIFIED = { primaries: 2, transfer: 2, matrix: 2 } as const;

/** color_config(): 5.5.2. */
function readColourConfig(bits: BitReader, profile: number): Samples {
  const bitDepth = readBitDepth(bits, profile);
  const isMonochrome = profile !== HIGH && bits.flag();
  const hasColourDescription = bits.flag();
  const points = hasColourDescription
    ? { primaries: bits.u(8), transfer: bits.u(8), matrix: bits.u(8) }
    : UNSPECIFIED;
  const isSrgb = !isMonochrome && isSame(points, SRGB);
  const fullRange = isSrgb || bits.flag();
  const chroma = isSrgb ? FULL_CHROMA : isMonochrome ? NO_CHROMA : readChroma(bits, profile, bitDepth);
  if (!isMonochrome) bits.skip(1);
  const colour = hasColourDescription || fullRange ? { ...points, fullRange } : null;
  return { bitDepth, isMonochrome, hasColourDescription, colour, ...chroma };
}

function readBitDepth(bits: BitReader, profile: number): Samples['bitDepth'] {
  if (!bits.flag()) return 8;
  return profile === PROFESSIONAL && bits.flag() ? 12 : 10;
}

type Chroma = Pick<Samples, 'subsamplingX' | 'subsamplingY' | 'chromaSamplePosition'>;

const FULL_CHROMA: Chroma = { subsamplingX: false, subsamplingY: false, chromaSamplePosition: 0 };
const NO_CHROMA: Chroma = { subsamplingX: true, subsamplingY: true, chromaSamplePosition: 0 };

function readChroma(bits: BitReader, profile: number, bitDepth: number): Chroma {
  const subsamplingX = profile === PROFESSIONAL && bitDepth === 12 ? bits.flag() : profile !== HIGH;
  const subsamplingY =
    profile === PROFESSIONAL ? bitDepth === 12 && subsamplingX && bits.flag() : profile !== HIGH;
  const chromaSamplePosition = subsamplingX && subsamplingY ? bits.u(2) : 0;
  return { subsamplingX, subsamplingY, chromaSamplePosition };
}

const isSame = (a: Omit<Colour, 'fullRange'>, b: Omit<Colour, 'fullRange'>): boolean =>
  a.primaries === b.primaries && a.transfer === b.transfer && a.matrix === b.matrix;
