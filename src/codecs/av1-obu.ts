import { concat } from '../core/bytes.ts';
import { corrupt } from '../core/errors.ts';

/** obu_type: AV1 specification, 6.2.2. */
export const OBU = {
  sequenceHeader: 1,
  temporalDelimiter: 2,
  frameHeader: 3,
  metadata: 5,
  frame: 6,
  redundantFrameHeader: 7,
  tileList: 8,
  padding: 15,
} as const;

export interface Obu {
  readonly type: number;
  readonly temporalId: number;
  readonly spatialId: number;
  /** obu_has_size_field; without it the OBU reaches to the end of the data. */
  readonly hasSize: boolean;
  /** Of the OBU's header in the data. */
  readonly offset: number;
  /** As much as there is behind header and size. */
  readonly payload: Uint8Array;
  /** As much as there is of the OBU, header and size included. */
  readonly whole: Uint8Array;
  /** Bytes that it needs and the data do not hold, at least; 0 for a whole one. */
  readonly missing: number;
}

export interface Leb128 {
  readonly value: number;
  /** Bytes that it took. */
  readonly size: number;
}

const LEB128_BYTES = 8;
const LEB128_LIMIT = 2 ** 32;

/**
 * Null where the data end within the number. AV1 specification, 4.10.5.
 * @throws MediaError `corrupt` beyond 8 bytes or 32 bits
 */
export function readLeb128(data: Uint8Array, at: number): Leb128 | null {
  let value = 0;
  for (let i = 0; i < LEB128_BYTES; i++) {
    const byte = data[at + i];
    if (byte === undefined) return null;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (value >= LEB128_LIMIT) throw corrupt('leb128 number beyond 32 bits', at);
    if (byte < 0x80) return { value, size: i + 1 };
  }
  throw corrupt(`leb128 number beyond ${LEB128_BYTES} bytes`, at);
}

/** The shortest form of an integer below 2^32: AV1 specification, 4.10.5. */
export function writeLeb128(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; bytes.length === 0 || rest > 0; rest = Math.floor(rest / 128))
    bytes.push((rest % 128) + (rest >= 128 ? 128 : 0));
  return Uint8Array.from(bytes);
}

const FORBIDDEN = 0x80;
const EXTENSION = 0x04;
const HAS_SIZE = 0x02;

/**
 * The OBUs of a temporal unit, or of its beginning: the last one may be cut anywhere. Low overhead bitstream format,
 * AV1 specification, 5.2 and 5.3.
 * @throws MediaError `corrupt` where a header or a size is not valid
 */
export function* readObus(data: Uint8Array): Generator<Obu> {
  for (let at = 0; at < data.length; ) {
    const obu = readObu(data, at);
    yield obu;
    at += obu.whole.length + obu.missing;
  }
}

function readObu(data: Uint8Array, offset: number): Obu {
  const header = data[offset] ?? 0;
  if (header & FORBIDDEN) throw corrupt('OBU with the forbidden bit set', offset);
  const hasExtension = (header & EXTENSION) !== 0;
  const extension = (hasExtension && data[offset + 1]) || 0;
  const hasSize = (header & HAS_SIZE) !== 0;
  const sizeAt = offset + (hasExtension ? 2 : 1);
  const size = hasSize ? readLeb128(data, sizeAt) : { value: Math.max(0, data.length - sizeAt), size: 0 };
  const start = size ? sizeAt + size.size : data.length + 1;
  const end = start + (size?.value ?? 0);
  return {
    type: (header >> 3) & 15,
    temporalId: extension >> 5,
    spatialId: (extension >> 3) & 3,
    hasSize,
    offset,
    payload: data.subarray(start, end),
    whole: data.subarray(offset, end),
    missing: Math.max(0, end - data.length),
  };
}

/**
 * An OBU with its size field, which MP4 wants: the same view where it has one.
 * AV1 Codec ISO Media File Format Binding, 2.4.
 */
export function withSizeField({ whole, payload, hasSize }: Obu): Uint8Array {
  if (hasSize) return whole;
  const header = whole.slice(0, whole.length - payload.length);
  header[0] = (header[0] ?? 0) | HAS_SIZE;
  return concat([header, writeLeb128(payload.length), payload]);
}

export interface Av1Metadata {
  /** metadata_type: 1 HDR CLL, 2 HDR MDCV, 3 scalability, 4 ITU-T T.35, 5 timecode. */
  readonly type: number;
  /** Behind metadata_type; trailing bits included. */
  readonly payload: Uint8Array;
}

/**
 * The metadata OBUs of a temporal unit or of configOBUs that are whole. AV1 specification, 5.8.
 * @throws MediaError `corrupt` as `readObus`
 */
export function* av1Metadata(data: Uint8Array): Generator<Av1Metadata> {
  for (const { type, payload, missing } of readObus(data)) {
    if (type !== OBU.metadata || missing > 0) continue;
    const metadataType = readLeb128(payload, 0);
    if (metadataType) yield { type: metadataType.value, payload: payload.subarray(metadataType.size) };
  }
}
