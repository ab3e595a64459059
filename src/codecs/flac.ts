import { BitReader, BitWriter } from '../core/bits.ts';
import { ByteCursor, concat } from '../core/bytes.ts';
import { corrupt } from '../core/errors.ts';
import { crc8, crc16 } from './crc.ts';

/** STREAMINFO: RFC 9639, 8.2. Block sizes in samples. */
export interface FlacStreamInfo {
  readonly minBlockSize: number;
  readonly maxBlockSize: number;
  readonly sampleRate: number;
  readonly channels: number;
  readonly bitsPerSample: number;
}

/** What stands before the first frame of a FLAC file. */
export interface FlacHeader {
  readonly streamInfo: FlacStreamInfo;
  /** Content of the STREAMINFO block. */
  readonly streamInfoBlock: Uint8Array;
}

const STREAM_INFO_BYTES = 34;
const LAST_BLOCK = 0x80;
const MAGIC = 0x664c6143;

/** @throws MediaError `corrupt`, `truncated` */
export function parseStreamInfo(block: Uint8Array): FlacStreamInfo {
  const bits = new BitReader(block);
  const [minBlockSize, maxBlockSize] = [bits.u(16), bits.u(16)];
  bits.skip(48);
  const info = {
    minBlockSize,
    maxBlockSize,
    sampleRate: bits.u(20),
    channels: bits.u(3) + 1,
    bitsPerSample: bits.u(5) + 1,
  };
  if (bits.overrun) throw corrupt(`STREAMINFO of ${block.length} bytes`);
  if (info.sampleRate === 0 || minBlockSize < 16 || maxBlockSize < minBlockSize || info.bitsPerSample < 4)
    throw corrupt('STREAMINFO with impossible values');
  return info;
}

/**
 * Matroska's CodecPrivate: `fLaC` and the metadata blocks, or STREAMINFO alone, bare or with its block header.
 * @throws MediaError `corrupt`, `truncated`
 */
export function readFlacPrivate(bytes: Uint8Array): FlacHeader {
  if (bytes.length === STREAM_INFO_BYTES) return headerOf(bytes);
  const cursor = new ByteCursor(bytes);
  if (cursor.remaining >= 4 && cursor.u32() !== MAGIC) return readDfLa(bytes);
  return readDfLa(cursor.bytes(cursor.remaining));
}

/** STREAMINFO is the first metadata block: 8.1. */
function readDfLa(blocks: Uint8Array): FlacHeader {
  const cursor = new ByteCursor(blocks);
  const type = cursor.u8() & ~LAST_BLOCK;
  const size = cursor.uint(3);
  if (type !== 0 || size < STREAM_INFO_BYTES) throw corrupt('FLAC metadata do not begin with STREAMINFO');
  return headerOf(cursor.bytes(STREAM_INFO_BYTES));
}

const headerOf = (block: Uint8Array): FlacHeader => ({
  streamInfo: parseStreamInfo(block),
  streamInfoBlock: block.slice(),
});

/** Content of the `dfLa` box behind version and flags: STREAMINFO as the only block. */
export const dfLaRecord = ({ streamInfoBlock }: FlacHeader): Uint8Array =>
  concat([Uint8Array.of(LAST_BLOCK, 0, 0, STREAM_INFO_BYTES), streamInfoBlock]);

/** @throws MediaError `corrupt`, `truncated` */
export const readDfLaStreamInfo = (record: Uint8Array): FlacStreamInfo => readDfLa(record).streamInfo;

/** Samples by the block size bits of a frame header, 9.1.1; null where the size stands behind the coded number. */
const BLOCK_SIZES: readonly (number | null)[] = [
  null,
  192,
  576,
  1152,
  2304,
  4608,
  null,
  null,
  256,
  512,
  1024,
  2048,
  4096,
  8192,
  16384,
  32768,
];
const SYNC = 0x3ffe;
const SIZE_8_BITS = 6;
const SIZE_16_BITS = 7;

/** Samples of a frame by its header; null where it has none: 9.1. */
export function flacFrameSamples(frame: Uint8Array): number | null {
  const [a = 0, b = 0, c = 0] = frame;
  if ((a << 6) + (b >> 2) !== SYNC) return null;
  const code = c >> 4;
  if (code !== SIZE_8_BITS && code !== SIZE_16_BITS) return BLOCK_SIZES[code] ?? null;
  const at = 4 + codedNumberBytes(frame[4] ?? 0);
  if (at + 1 >= frame.length) return null;
  const first = frame[at] ?? 0;
  return (code === SIZE_8_BITS ? first : first * 256 + (frame[at + 1] ?? 0)) + 1;
}

/** As many as its first byte has leading ones, at least one: 9.1.5. */
const codedNumberBytes = (first: number): number => Math.max(1, Math.clz32(~(first << 24)));

/** Subframe header: a constant, no wasted bits: 9.2.1. */
const CONSTANT_SUBFRAME = 0;

/**
 * A frame of digital silence: a constant subframe of 0 for each channel. It bears the number 0 wherever it stands:
 * decoders that are told times by a container do not read it. Null for more samples than the stream's blocks have.
 * RFC 9639, 9.
 * @param record content of a `dfLa` box
 * @throws MediaError `corrupt`, `truncated` for a broken record
 */
export function silentFlacFrame(record: Uint8Array, samples: number): Uint8Array | null {
  const { channels, bitsPerSample, minBlockSize, maxBlockSize } = readDfLaStreamInfo(record);
  if (samples < 1 || samples > maxBlockSize) return null;
  const body = new BitWriter();
  for (let channel = 0; channel < channels; channel++) body.u(CONSTANT_SUBFRAME, 8).u(0, bitsPerSample);
  const header = silentHeader({ channels, samples, isFixed: minBlockSize === maxBlockSize });
  const frame = concat([header, Uint8Array.of(crc8(header)), body.align().bytes()]);
  const crc = crc16(frame);
  return concat([frame, Uint8Array.of(crc >> 8, crc & 255)]);
}

interface SilentHeader {
  readonly channels: number;
  readonly samples: number;
  readonly isFixed: boolean;
}

/** Sample rate and size are STREAMINFO's, channels independent, the coded number 0: 9.1. */
function silentHeader({ channels, samples, isFixed }: SilentHeader): Uint8Array {
  const bits = new BitWriter().u(SYNC, 14).u(0, 1).flag(!isFixed).u(SIZE_16_BITS, 4).u(0, 4);
  return bits
    .u(channels - 1, 4)
    .u(0, 3 + 1)
    .u(0, 8)
    .u(samples - 1, 16)
    .bytes();
}
