import { corrupt } from '../../src/core/errors.ts';

/** Head of a PES packet: ISO/IEC 13818-1, 2.4.3.6. */
export interface PesHeader {
  readonly streamId: number;
  /** 33 bits of 90 kHz; null when absent or broken. */
  readonly pts: number | null;
  readonly dts: number | null;
  /** Bytes behind the header; null when unbounded. */
  readonly payloadBytes: number | null;
  /** Bytes up to the payload. */
  readonly headerBytes: number;
  readonly isScrambled: boolean;
  readonly isAligned: boolean;
}

/** Up to PES_packet_length. */
const PREFIX = 6;
/** Up to PES_header_data_length. */
const FIXED = 9;
const STAMP = 5;
/** stream_id below it are start codes within video: Table 2-22. */
const FIRST_STREAM = 0xbc;
/** Streams whose packets have no fields: Table 2-21. */
const PLAIN: ReadonlySet<number> = new Set([0xbc, 0xbe, 0xbf, 0xf0, 0xf1, 0xf2, 0xf8, 0xff]);

/**
 * Null when the bytes end before the header does.
 * @throws MediaError `corrupt` for what is no PES packet
 */
export function parsePesHeader(bytes: Uint8Array): PesHeader | null {
  const [a = 0, b = 0, c = 1, streamId] = bytes;
  if (a !== 0 || b !== 0 || c !== 1) throw corrupt('No start code of a PES packet');
  if (streamId === undefined) return null;
  if (streamId < FIRST_STREAM) throw corrupt(`A start code of a video stream, 0x${streamId.toString(16)}`);
  if (bytes.length < PREFIX) return null;
  const length = ((bytes[4] ?? 0) << 8) | (bytes[5] ?? 0);
  const plain = { streamId, pts: null, dts: null, isScrambled: false, isAligned: false };
  if (PLAIN.has(streamId)) return { ...plain, payloadBytes: length, headerBytes: PREFIX };
  if (bytes.length < FIXED) return null;
  const [marks = 0, flags = 0, fields = 0] = bytes.subarray(PREFIX, FIXED);
  if (marks >> 6 !== 0b10) throw corrupt('No head of a PES packet');
  const headerBytes = FIXED + fields;
  if (bytes.length < headerBytes) return null;
  const payloadBytes = length === 0 ? null : length + PREFIX - headerBytes;
  if (payloadBytes !== null && payloadBytes < 0) throw corrupt('PES packet shorter than its header');
  const hasPts = (flags & 0x80) !== 0 && fields >= STAMP;
  const hasDts = flags >> 6 === 0b11 && fields >= 2 * STAMP;
  return {
    streamId,
    pts: hasPts ? readStamp(bytes, FIXED) : null,
    dts: hasDts ? readStamp(bytes, FIXED + STAMP) : null,
    payloadBytes,
    headerBytes,
    isScrambled: (marks & 0x30) !== 0,
    isAligned: (marks & 0x04) !== 0,
  };
}

/** Three parts with a marker bit behind each; null where one is missing. */
function readStamp(bytes: Uint8Array, at: number): number | null {
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = bytes.subarray(at, at + STAMP);
  if ((a & c & e & 1) === 0) return null;
  return ((a >> 1) & 7) * 2 ** 30 + b * 2 ** 22 + (c >> 1) * 2 ** 15 + d * 2 ** 7 + (e >> 1);
}
