import { concat } from '../core/bytes.ts';
import { corrupt, MediaError, truncated } from '../core/errors.ts';
import type { Colour } from '../core/media.ts';
import { OBU, type Obu, readObus, withSizeField } from './av1-obu.ts';
import { parseAv1SequenceHeader } from './av1-sequence.ts';

/** AV1CodecConfigurationRecord: AV1 Codec ISO Media File Format Binding, 2.3. */
export interface Av1Record {
  readonly profile: number;
  /** seq_level_idx of the first operating point. */
  readonly level: number;
  readonly tier: number;
  readonly bitDepth: 8 | 10 | 12;
  readonly isMonochrome: boolean;
  readonly subsamplingX: boolean;
  readonly subsamplingY: boolean;
  readonly chromaSamplePosition: number;
  /** Samples to decode before the first one is shown, less one; null where it is not told. */
  readonly initialPresentationDelay: number | null;
  /** A sequence header and metadata; may be empty. */
  readonly configObus: Uint8Array;
}

/** marker and version. */
const VERSION_1 = 0x81;
const RECORD_BYTES = 4;

/**
 * @throws MediaError `truncated`; `corrupt` for another version, or for bare OBUs, which old Matroska files have in
 * CodecPrivate: `av1SequenceHeader` reads those
 */
export function parseAv1Record(bytes: Uint8Array): Av1Record {
  const [version, levels = 0, samples = 0, delay = 0] = bytes;
  if (bytes.length < RECORD_BYTES) throw truncated(`av1C of ${bytes.length} bytes, not ${RECORD_BYTES}`);
  if (version !== VERSION_1) throw corrupt(`av1C begins with ${version}, not ${VERSION_1}`);
  return {
    profile: levels >> 5,
    level: levels & 31,
    tier: samples >> 7,
    bitDepth: samples & 0x40 ? (samples & 0x20 ? 12 : 10) : 8,
    isMonochrome: (samples & 0x10) !== 0,
    subsamplingX: (samples & 8) !== 0,
    subsamplingY: (samples & 4) !== 0,
    chromaSamplePosition: samples & 3,
    initialPresentationDelay: delay & 0x10 ? delay & 15 : null,
    configObus: bytes.subarray(RECORD_BYTES),
  };
}

/**
 * The record of a stream with this sequence header. Nothing is said of the presentation delay.
 * @param metadata OBUs that hold for the whole stream
 * @throws MediaError `corrupt`, `truncated` where an OBU is not what it should be
 */
export function buildAv1Record(
  sequenceHeaderObu: Uint8Array,
  metadata: readonly Uint8Array[] = [],
): Uint8Array {
  const header = av1SequenceHeader(sequenceHeaderObu);
  if (!header) throw corrupt('av1C without a sequence header');
  const sequence = parseAv1SequenceHeader(header);
  const samples =
    (sequence.tier << 7) |
    (sequence.bitDepth > 8 ? 0x40 : 0) |
    (sequence.bitDepth === 12 ? 0x20 : 0) |
    (sequence.isMonochrome ? 0x10 : 0) |
    (sequence.subsamplingX ? 8 : 0) |
    (sequence.subsamplingY ? 4 : 0) |
    sequence.chromaSamplePosition;
  const start = Uint8Array.of(VERSION_1, (sequence.profile << 5) | sequence.level, samples, 0);
  return concat([start, ...[header, ...metadata].flatMap((obus) => [...wholeObus(obus)].map(withSizeField))]);
}

/** What a string without the optional fields stands for. */
const DEFAULT_TAIL = '.0.110.01.01.01.0';

/**
 * `av01.0.08M.10.0.110.09.16.09.0`, or `av01.0.08M.08` where all that follows is as the binding assumes. Colour is
 * that of the sequence header in the record. AV1 Codec ISO Media File Format Binding, 5.
 * @throws MediaError as `parseAv1Record`, and where its sequence header is damaged
 */
export function av1CodecString(bytes: Uint8Array): string {
  const record = parseAv1Record(bytes);
  const level = `${twoDigits(record.level)}${record.tier === 1 ? 'H' : 'M'}`;
  const tail = `.${digit(record.isMonochrome)}.${chromaDigits(record)}.${colourDigits(record.configObus)}`;
  return `av01.${record.profile}.${level}.${twoDigits(record.bitDepth)}${tail === DEFAULT_TAIL ? '' : tail}`;
}

const twoDigits = (value: number): string => String(value).padStart(2, '0');
const digit = (flag: boolean): string => (flag ? '1' : '0');

const chromaDigits = ({ subsamplingX: x, subsamplingY: y, chromaSamplePosition }: Av1Record): string =>
  `${digit(x)}${digit(y)}${x && y ? chromaSamplePosition : 0}`;

const BT709: Colour = { primaries: 1, transfer: 1, matrix: 1, fullRange: false };

/** BT.709 where nothing is described, whatever the range. */
function colourDigits(configObus: Uint8Array): string {
  const header = av1SequenceHeader(configObus);
  const sequence = header && parseAv1SequenceHeader(header);
  const fullRange = sequence?.colour?.fullRange ?? false;
  const { primaries, transfer, matrix } = (sequence?.hasColourDescription && sequence.colour) || BT709;
  return [...[primaries, transfer, matrix].map(twoDigits), digit(fullRange)].join('.');
}

/**
 * The sequence header OBU of a temporal unit or of configOBUs, header included; null without a whole one.
 * @throws MediaError `corrupt` where OBUs before it are damaged
 */
export function av1SequenceHeader(data: Uint8Array): Uint8Array | null {
  for (const { type, whole, missing } of readObus(data))
    if (type === OBU.sequenceHeader && missing === 0) return whole;
  return null;
}

/**
 * What a temporal unit is as a place to begin decoding: `idr` begins with a shown key frame; `recovery` with a hidden
 * one, which a later frame header shows and from there on all is right; `other` needs earlier frames; `none` holds no
 * frame.
 */
export type Av1Kind = 'idr' | 'recovery' | 'other' | 'none' | 'unknown';

/**
 * The kind of a temporal unit, given whole or only its beginning: its first frame header decides. A frame shown again
 * is `other`: whether it is a key frame only earlier temporal units tell. `unknown` where the data end before a frame
 * header; damage before it is `none`, and so are data that end with an OBU before it. AV1 specification, 5.9.2 and 7.6.
 */
export function av1Kind(temporalUnit: Uint8Array): Av1Kind {
  try {
    return kindOf(temporalUnit);
  } catch (error) {
    if (error instanceof MediaError) return 'none';
    throw error;
  }
}

function kindOf(temporalUnit: Uint8Array): Av1Kind {
  let isReduced = false;
  for (const { type, payload, hasSize, missing } of readObus(temporalUnit)) {
    const [first] = payload;
    if (IS_FRAME.has(type) && first !== undefined) return isReduced ? 'idr' : frameKind(first);
    if (missing > 0 || (IS_FRAME.has(type) && !hasSize)) return 'unknown';
    if (type === OBU.sequenceHeader) isReduced = parseAv1SequenceHeader(payload).isReducedStillPicture;
  }
  return temporalUnit.length === 0 ? 'unknown' : 'none';
}

const IS_FRAME: ReadonlySet<number> = new Set([OBU.frame, OBU.frameHeader]);
const KEY_FRAME = 0;

/** show_existing_frame, frame_type and show_frame stand in the first byte. */
function frameKind(first: number): Av1Kind {
  const isShownAgain = first >> 7 === 1;
  if (isShownAgain || ((first >> 5) & 3) !== KEY_FRAME) return 'other';
  return first & 0x10 ? 'idr' : 'recovery';
}

/** What a sample should not or must not hold. */
const NOT_IN_SAMPLES: ReadonlySet<number> = new Set([
  OBU.temporalDelimiter,
  OBU.redundantFrameHeader,
  OBU.tileList,
  OBU.padding,
]);

/**
 * A temporal unit in MP4's form: without delimiters, padding, tile lists and repeated frame headers, each OBU with
 * its size. The same view when it has this form already. AV1 Codec ISO Media File Format Binding, 2.4.
 * @throws MediaError `corrupt`, `truncated` where OBUs are damaged or reach past the end
 */
export function av1SampleOf(temporalUnit: Uint8Array): Uint8Array {
  const { start, end, bytes, isSized } = planSample(temporalUnit);
  if (isSized && bytes === end - start) return viewOf(temporalUnit, start, end);
  const sample = new Uint8Array(bytes);
  let at = 0;
  for (const obu of keptObus(temporalUnit)) {
    const part = withSizeField(obu);
    sample.set(part, at);
    at += part.length;
  }
  return sample;
}

interface SamplePlan {
  /** From the first to behind the last OBU that is kept. */
  readonly start: number;
  readonly end: number;
  /** Of the sample. */
  readonly bytes: number;
  /** Every OBU that is kept has its size. */
  readonly isSized: boolean;
}

function planSample(temporalUnit: Uint8Array): SamplePlan {
  let start: number | null = null;
  let [end, bytes, isSized] = [0, 0, true];
  for (const obu of keptObus(temporalUnit)) {
    start ??= obu.offset;
    end = obu.offset + obu.whole.length;
    bytes += withSizeField(obu).length;
    isSized &&= obu.hasSize;
  }
  return { start: start ?? 0, end, bytes, isSized };
}

const viewOf = (data: Uint8Array, start: number, end: number): Uint8Array =>
  start === 0 && end === data.length ? data : data.subarray(start, end);

function* keptObus(data: Uint8Array): Generator<Obu> {
  for (const obu of wholeObus(data)) if (!NOT_IN_SAMPLES.has(obu.type)) yield obu;
}

function* wholeObus(data: Uint8Array): Generator<Obu> {
  for (const obu of readObus(data)) {
    if (obu.missing > 0)
      throw truncated(`OBU reaches ${obu.missing} bytes past the end of its temporal unit`);
    yield obu;
  }
}
