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
  /** stream_id_extension; null without one. */
  readonly extension: number | null;
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
  const plain = { streamId, pts: null, dts: null, isScrambled: false, isAligned: false, extension: null };
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
    extension: readExtension(bytes.subarray(FIXED, headerBytes), flags),
  };
}

/** Three parts with a marker bit behind each; null where one is missing. */
function readStamp(bytes: Uint8Array, at: number): number | null {
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = bytes.subarray(at, at + STAMP);
  if ((a & c & e & 1) === 0) return null;
  return ((a >> 1) & 7) * 2 ** 30 + b * 2 ** 22 + (c >> 1) * 2 ** 15 + d * 2 ** 7 + (e >> 1);
}

/** Bytes of the fields before PES_extension, by the bits of the flags that announce them. */
const FIELDS: readonly (readonly [mask: number, flag: number, bytes: number])[] = [
  [0x80, 0x80, STAMP],
  [0xc0, 0xc0, STAMP],
  [0x20, 0x20, 6],
  [0x10, 0x10, 3],
  [0x08, 0x08, 1],
  [0x04, 0x04, 1],
  [0x02, 0x02, 2],
];
const PES_EXTENSION = 0x01;

/** stream_id_extension within the fields of a header; null where it is not there. */
function readExtension(fields: Uint8Array, flags: number): number | null {
  if ((flags & PES_EXTENSION) === 0) return null;
  let at = 0;
  for (const [mask, flag, bytes] of FIELDS) if ((flags & mask) === flag) at += bytes;
  const inner = fields[at++] ?? 0;
  if ((inner & 0x80) !== 0) at += 16;
  if ((inner & 0x40) !== 0) at += 1 + (fields[at] ?? 0);
  if ((inner & 0x20) !== 0) at += 2;
  if ((inner & 0x10) !== 0) at += 2;
  const hasExtension = (inner & 0x01) !== 0 && ((fields[at] ?? 0) & 0x7f) > 0;
  const extension = fields[at + 1] ?? 0x80;
  return hasExtension && (extension & 0x80) === 0 ? extension : null;
}
