import { unsupported } from '../core/errors.ts';
import type { PcmFormat } from '../core/media.ts';
import type { PacketDecoder, Speaker } from './pcm.ts';

/** Packets that must go before one: none, samples stand for themselves. */
export const PRE_ROLL_PACKETS = 0;

/**
 * Channels in the order of WAVE by their number, where no mask tells more: RFC 9639, 9.1.3 has the same. Null for what
 * has no usual order.
 */
export const defaultSpeakers = (channels: number): readonly Speaker[] | null => LAYOUTS[channels - 1] ?? null;

const LAYOUTS: readonly (readonly Speaker[])[] = [
  ['FC'],
  ['FL', 'FR'],
  ['FL', 'FR', 'FC'],
  ['FL', 'FR', 'BL', 'BR'],
  ['FL', 'FR', 'FC', 'BL', 'BR'],
  ['FL', 'FR', 'FC', 'LFE', 'BL', 'BR'],
  ['FL', 'FR', 'FC', 'LFE', 'BC', 'SL', 'SR'],
  ['FL', 'FR', 'FC', 'LFE', 'BL', 'BR', 'SL', 'SR'],
];

/** The sample with a number, of all channels together; full scale is 1. */
type Read = (view: DataView, index: number, isLittle: boolean) => number;

const INT_8 = 2 ** 7;
const INT_16 = 2 ** 15;
const INT_20 = 2 ** 19;
const INT_24 = 2 ** 23;
const INT_32 = 2 ** 31;

/** Two samples share five bytes, as one line of bits that begins with the lowest or the highest of the first byte. */
function read20(view: DataView, index: number, isLittle: boolean): number {
  const at = (index >> 1) * 5 + (index & 1) * 2;
  const [a, b, c] = [view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2)];
  const bits = isLittle ? a | (b << 8) | (c << 16) : (a << 16) | (b << 8) | c;
  return (index & 1) === (isLittle ? 0 : 1) ? bits & 0xfffff : bits >> 4;
}

function read24(view: DataView, index: number, isLittle: boolean): number {
  const at = index * 3;
  const [outer, middle] = [view.getUint8(at), view.getUint8(at + 1) << 8];
  const last = view.getUint8(at + 2);
  return isLittle ? outer | middle | (last << 16) : (outer << 16) | middle | last;
}

const sign = (value: number, half: number): number => (value >= half ? value - 2 * half : value);
/** What is no number is silence. */
const finite = (value: number): number => (Number.isFinite(value) ? value : 0);

/** By encoding and bits. */
const READERS: Readonly<Record<string, Read>> = {
  signed8: (view, i) => view.getInt8(i) / INT_8,
  signed16: (view, i, isLittle) => view.getInt16(i * 2, isLittle) / INT_16,
  signed20: (view, i, isLittle) => sign(read20(view, i, isLittle), INT_20) / INT_20,
  signed24: (view, i, isLittle) => sign(read24(view, i, isLittle), INT_24) / INT_24,
  signed32: (view, i, isLittle) => view.getInt32(i * 4, isLittle) / INT_32,
  unsigned8: (view, i) => view.getUint8(i) / INT_8 - 1,
  unsigned16: (view, i, isLittle) => view.getUint16(i * 2, isLittle) / INT_16 - 1,
  unsigned20: (view, i, isLittle) => read20(view, i, isLittle) / INT_20 - 1,
  unsigned24: (view, i, isLittle) => read24(view, i, isLittle) / INT_24 - 1,
  unsigned32: (view, i, isLittle) => view.getUint32(i * 4, isLittle) / INT_32 - 1,
  float32: (view, i, isLittle) => finite(view.getFloat32(i * 4, isLittle)),
  float64: (view, i, isLittle) => finite(view.getFloat64(i * 8, isLittle)),
  alaw8: (view, i) => ALAW[view.getUint8(i)] ?? 0,
  mulaw8: (view, i) => MULAW[view.getUint8(i)] ?? 0,
};

/** Tables 1a and 2a of ITU-T G.711, decoder output values, as 16-bit samples are scaled. */
const ALAW = Float32Array.from({ length: 256 }, (_, code) => {
  const bits = code ^ 0x55;
  const [segment, step] = [(bits >> 4) & 7, bits & 15];
  const size = segment === 0 ? 2 * step + 1 : (2 * step + 33) << (segment - 1);
  return ((bits & 0x80 ? size : -size) * 8) / INT_16;
});
const MULAW_BIAS = 33;
const MULAW = Float32Array.from({ length: 256 }, (_, code) => {
  const bits = ~code;
  const size = ((2 * (bits & 15) + MULAW_BIAS) << ((bits >> 4) & 7)) - MULAW_BIAS;
  return ((bits & 0x80 ? -size : size) * 4) / INT_16;
});

export interface PcmShape {
  readonly rate: number;
  readonly channels: number;
}

/**
 * A decoder of interleaved samples as they are. What is left of a packet behind the last whole sample of all channels
 * is left out.
 * @throws MediaError `unsupported` for a form that has no reader, or more than eight channels
 */
export function createPcmDecoder(format: PcmFormat, { rate, channels }: PcmShape): PacketDecoder {
  const { encoding, bits, isBigEndian } = format;
  const read = READERS[`${encoding}${bits}`];
  const speakers = defaultSpeakers(channels);
  if (!read) throw unsupported(`PCM of ${bits} bits, ${encoding}`);
  if (!speakers) throw unsupported(`PCM with ${channels} channels`);
  return {
    decode(packet) {
      const samples = Math.floor((packet.length * 8) / (bits * channels));
      const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
      const planes = speakers.map((_, channel) => {
        const plane = new Float32Array(samples);
        for (let i = 0; i < samples; i++) plane[i] = read(view, i * channels + channel, !isBigEndian);
        return plane;
      });
      return { rate, speakers, channels: planes };
    },
    close() {},
  };
}
