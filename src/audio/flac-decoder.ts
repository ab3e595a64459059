import { crc8, crc16 } from '../codecs/crc.ts';
import { type FlacStreamInfo, readDfLaStreamInfo } from '../codecs/flac.ts';
import { DenseBits } from './dense-bits.ts';
import { readSubframe } from './flac-subframe.ts';
import type { PacketDecoder, Pcm } from './pcm.ts';
import { defaultSpeakers } from './pcm-decoder.ts';

/** Packets that must go before one: none, a frame stands for itself. */
export const PRE_ROLL_PACKETS = 0;

interface FrameHeader {
  readonly samples: number;
  readonly rate: number;
  /** 0 to 7 for as many independent channels and one more; see `RELATIONS`. */
  readonly assignment: number;
  readonly bits: number;
}

/**
 * A decoder of FLAC: RFC 9639. A packet is a frame; null for one that is broken, which its checksum tells.
 * @param record content of a `dfLa` box behind version and flags
 * @throws MediaError `corrupt`, `truncated` for a broken record
 */
export async function createFlacDecoder(record: Uint8Array): Promise<PacketDecoder> {
  const info = readDfLaStreamInfo(record);
  return { decode: (packet) => decodeFrame(packet, info), close() {} };
}

function decodeFrame(packet: Uint8Array, info: FlacStreamInfo): Pcm | null {
  const source = new DenseBits(packet);
  const header = readHeader(source, packet, info);
  if (!header) return null;
  const { samples, rate, assignment, bits } = header;
  const relation = RELATIONS[assignment];
  const speakers = defaultSpeakers(relation ? 2 : assignment + 1);
  if (!speakers) return null;
  const planes: Float64Array[] = [];
  for (let channel = 0; channel < speakers.length; channel++) {
    const plane = new Float64Array(samples);
    if (!readSubframe(source, plane, channel === relation?.side ? bits + 1 : bits)) return null;
    planes.push(plane);
  }
  if (!endsWithChecksum(source, packet)) return null;
  const [first, second] = planes;
  if (relation && first && second) relation.undo(first, second);
  const channels = planes.map((plane) => toFloats(plane, bits));
  return channels.every((plane) => plane !== null) ? { rate, speakers, channels } : null;
}

/** 9.3: of all bytes before it. */
function endsWithChecksum(source: DenseBits, packet: Uint8Array): boolean {
  source.align();
  const end = source.position >> 3;
  return source.u(16) === crc16(packet.subarray(0, end)) && !source.overrun;
}

/** Null where a value has more bits than samples have. */
function toFloats(plane: Float64Array, bits: number): Float32Array | null {
  const full = 2 ** (bits - 1);
  const floats = new Float32Array(plane.length);
  for (let i = 0; i < plane.length; i++) {
    const sample = plane[i] ?? 0;
    if (!(sample >= -full && sample < full)) return null;
    floats[i] = sample / full;
  }
  return floats;
}

const SYNC = 0x3ffe;
const BLOCK_SIZES = [0, 192, 576, 1152, 2304, 4608, 0, 0, 256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768];
const RATES = [0, 88_200, 176_400, 192_000, 8000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000];
/** By the three bits for it; 0 for the stream's. */
const SAMPLE_BITS: readonly (number | null)[] = [0, 8, 12, null, 16, 20, 24, 32];

/** Values that stand behind the coded number: bits and the unit they count; block sizes are one more. 9.1.6, 9.1.7. */
const SIZE_BITS: Readonly<Record<number, number>> = { 6: 8, 7: 16 };
const RATE_BITS: Readonly<Record<number, { readonly bits: number; readonly unit: number }>> = {
  12: { bits: 8, unit: 1000 },
  13: { bits: 16, unit: 1 },
  14: { bits: 16, unit: 10 },
};

/** 9.1 */
function readHeader(source: DenseBits, packet: Uint8Array, info: FlacStreamInfo): FrameHeader | null {
  if (source.u(14) !== SYNC || source.u(1) !== 0) return null;
  source.skip(1);
  const [size, rate, assignment] = [source.u(4), source.u(4), source.u(4)];
  const bits = SAMPLE_BITS[source.u(3)];
  if (source.u(1) !== 0 || bits === null || bits === undefined) return null;
  skipCodedNumber(source);
  const sizeBits = SIZE_BITS[size];
  const samples = sizeBits ? source.u(sizeBits) + 1 : (BLOCK_SIZES[size] ?? 0);
  const coded = RATE_BITS[rate];
  const ownRate = coded ? source.u(coded.bits) * coded.unit : RATES[rate];
  const end = source.position >> 3;
  const isWhole = source.u(8) === crc8(packet.subarray(0, end)) && !source.overrun;
  if (!isWhole || samples === 0 || ownRate === undefined) return null;
  return { samples, rate: ownRate || info.sampleRate, assignment, bits: bits || info.bitsPerSample };
}

/** As many bytes as the first one has leading ones, at least one: 9.1.5. */
function skipCodedNumber(source: DenseBits): void {
  const bytes = source.ones(8);
  source.skip(Math.max(0, 7 - bytes) + 8 * Math.max(0, bytes - 1));
}

/** Two channels of which one stands for a difference. */
interface Relation {
  readonly side: 0 | 1;
  undo(first: Float64Array, second: Float64Array): void;
}

/** By channel assignment: 9.1.3, 4.2. */
const RELATIONS: Readonly<Record<number, Relation>> = {
  8: {
    side: 1,
    undo(left, side) {
      for (let i = 0; i < left.length; i++) side[i] = (left[i] ?? 0) - (side[i] ?? 0);
    },
  },
  9: {
    side: 0,
    undo(side, right) {
      for (let i = 0; i < right.length; i++) side[i] = (side[i] ?? 0) + (right[i] ?? 0);
    },
  },
  10: {
    side: 1,
    undo(mid, side) {
      for (let i = 0; i < mid.length; i++) {
        const difference = side[i] ?? 0;
        const sum = 2 * (mid[i] ?? 0) + Math.abs(difference % 2);
        mid[i] = (sum + difference) / 2;
        side[i] = (sum - difference) / 2;
      }
    },
  },
};
