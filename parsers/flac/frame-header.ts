import { crc8 } from '../../src/codecs/crc.ts';
import type { FlacStreamInfo } from '../../src/codecs/flac.ts';

/** Header of a frame: RFC 9639, 9.1. */
export interface FrameHeader {
  /** Number of its first sample, or of the frame where `isFixed`. */
  readonly number: number;
  readonly isFixed: boolean;
  /** Samples of each channel. */
  readonly samples: number;
  /** Of the header with its check. */
  readonly bytes: number;
}

/** The longest header. */
export const MAX_HEADER_BYTES = 16;

const SYNC = { first: 0xff, second: 0xf8, mask: 0xfe, variable: 0x01 } as const;
const BLOCK_SIZES = [0, 192, 576, 1152, 2304, 4608, 0, 0, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768];
const SIZE_BYTES: Readonly<Record<number, number>> = { 6: 1, 7: 2 };
/** Hertz; 0 for the stream's own, null behind the coded number or forbidden. */
const RATES = [
  0,
  88_200,
  176_400,
  192_000,
  8000,
  16_000,
  22_050,
  24_000,
  32_000,
  44_100,
  48_000,
  96_000,
  null,
  null,
  null,
] as const;
/** Bytes behind the size, and what they count. */
const CODED_RATES: Readonly<Record<number, { readonly bytes: number; readonly unit: number }>> = {
  12: { bytes: 1, unit: 1000 },
  13: { bytes: 2, unit: 1 },
  14: { bytes: 2, unit: 10 },
};
const BITS = [0, 8, 12, null, 16, 20, 24, 32] as const;
/** Assignments from here on are pairs of which one channel is a difference. */
const FIRST_PAIR = 8;
const LAST_ASSIGNMENT = 10;

/** The header of a frame of the stream at `at`; null where none is, or not all of one. */
export function frameHeaderAt(bytes: Uint8Array, at: number, info: FlacStreamInfo): FrameHeader | null {
  const [, second = 0, third = 0, fourth = 0] = bytes.subarray(at, at + 4);
  if (bytes[at] !== SYNC.first || (second & SYNC.mask) !== SYNC.second) return null;
  const isFixed = (second & SYNC.variable) === 0;
  const [sizeCode, rateCode] = [third >> 4, third & 15];
  if (sizeCode === 0 || rateCode === 15 || !isOfStream(fourth, info)) return null;
  const number = codedNumberAt(bytes, at + 4);
  if (!number) return null;
  const sizeAt = at + 4 + number.bytes;
  const sizeBytes = SIZE_BYTES[sizeCode] ?? 0;
  const samples = sizeBytes > 0 ? uintAt(bytes, sizeAt, sizeBytes) + 1 : (BLOCK_SIZES[sizeCode] ?? 0);
  const coded = CODED_RATES[rateCode];
  const rateAt = sizeAt + sizeBytes;
  const rate = coded ? uintAt(bytes, rateAt, coded.bytes) * coded.unit : (RATES[rateCode] ?? 0);
  const end = rateAt + (coded?.bytes ?? 0);
  if (end >= bytes.length || samples > info.maxBlockSize || (rate !== 0 && rate !== info.sampleRate))
    return null;
  if (crc8(bytes.subarray(at, end)) !== bytes[end]) return null;
  return { number: number.value, isFixed, samples, bytes: end + 1 - at };
}

/** Channel assignment, bits of a sample and a zero bit: they do not change within a stream. */
function isOfStream(byte: number, { channels, bitsPerSample }: FlacStreamInfo): boolean {
  const assignment = byte >> 4;
  const bits = BITS[((byte >> 1) & 7) as 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7];
  const own = assignment < FIRST_PAIR ? assignment + 1 : assignment <= LAST_ASSIGNMENT ? 2 : 0;
  return own === channels && bits !== null && (bits === 0 || bits === bitsPerSample) && (byte & 1) === 0;
}

function uintAt(bytes: Uint8Array, at: number, size: number): number {
  let value = 0;
  for (let i = 0; i < size; i++) value = value * 256 + (bytes[at + i] ?? 0);
  return value;
}

/** As UTF-8, but up to 36 bits in 7 bytes: 9.1.5. Null for what is none. */
function codedNumberAt(bytes: Uint8Array, at: number): { value: number; bytes: number } | null {
  const first = bytes[at];
  if (first === undefined) return null;
  const ones = Math.clz32(~(first << 24));
  if (ones === 0) return { value: first, bytes: 1 };
  if (ones === 1 || ones === 8) return null;
  let value = first & (0x7f >> ones);
  for (let i = 1; i < ones; i++) {
    const byte = bytes[at + i];
    if (byte === undefined || byte >> 6 !== 2) return null;
    value = value * 64 + (byte & 63);
  }
  return { value, bytes: ones };
}
