import { type AlacCookie, readAlacCookie } from '../codecs/alac.ts';
import { type Predictor, undoDifferences, undoPrediction } from './alac-prediction.ts';
import { readResiduals } from './alac-residual.ts';
import { DenseBits } from './dense-bits.ts';
import type { PacketDecoder, Pcm, Speaker } from './pcm.ts';

/** Packets that must go before one: none, a frame stands for itself. */
export const PRE_ROLL_PACKETS = 0;

/** By channels, in the order of the bitstream: Apple Lossless Format, channel layouts. */
const LAYOUTS: readonly (readonly Speaker[])[] = [
  ['FC'],
  ['FL', 'FR'],
  ['FC', 'FL', 'FR'],
  ['FC', 'FL', 'FR', 'BC'],
  ['FC', 'FL', 'FR', 'BL', 'BR'],
  ['FC', 'FL', 'FR', 'BL', 'BR', 'LFE'],
  ['FC', 'FL', 'FR', 'BL', 'BR', 'BC', 'LFE'],
  ['FC', 'FLC', 'FRC', 'FL', 'FR', 'BL', 'BR', 'LFE'],
];

/**
 * A decoder of Apple Lossless. A packet is a frame; null for one that is broken, as far as that shows: frames have no
 * checksum.
 * @param record ALACSpecificConfig
 * @throws MediaError `corrupt`, `truncated` for a broken record
 */
export function createAlacDecoder(record: Uint8Array): PacketDecoder {
  const cookie = readAlacCookie(record);
  return { decode: (packet) => decodeFrame(packet, cookie), close() {} };
}

function decodeFrame(packet: Uint8Array, cookie: AlacCookie): Pcm | null {
  const { sampleRate, channels, bitDepth } = cookie;
  const speakers = LAYOUTS[channels - 1];
  const source = new DenseBits(packet);
  const planes: Int32Array[] = [];
  while (planes.length < channels) {
    const element = ELEMENTS[source.u(3)]?.(source, cookie);
    if (!element || source.overrun) return null;
    planes.push(...element);
  }
  const isUniform = planes.every((plane) => plane.length === planes[0]?.length);
  if (!speakers || planes.length !== channels || !isUniform) return null;
  return { rate: sampleRate, speakers, channels: planes.map((plane) => toFloats(plane, bitDepth)) };
}

function toFloats(plane: Int32Array, bits: number): Float32Array {
  const spare = 32 - bits;
  const full = 2 ** (bits - 1);
  const floats = new Float32Array(plane.length);
  for (let i = 0; i < plane.length; i++) floats[i] = (((plane[i] ?? 0) << spare) >> spare) / full;
  return floats;
}

/** Channels of an element; none for what is skipped, null for what is broken. */
type ReadElement = (source: DenseBits, cookie: AlacCookie) => readonly Int32Array[] | null;

const single: ReadElement = (source, cookie) => readChannels(source, cookie, 1);
const pair: ReadElement = (source, cookie) => readChannels(source, cookie, 2);
const fill: ReadElement = (source) => {
  const count = source.u(4);
  source.skip(8 * (count === 15 ? count + source.u(8) - 1 : count));
  return [];
};
const data: ReadElement = (source) => {
  source.skip(4);
  const isAligned = source.u(1) === 1;
  const count = source.u(8);
  const bytes = count === 255 ? count + source.u(8) : count;
  if (isAligned) source.align();
  source.skip(8 * bytes);
  return [];
};

/** By tag: a channel, two, (coupling,) the channel of low frequencies, data, (configuration,) filling; 7 is the end. */
const ELEMENTS: Readonly<Record<number, ReadElement>> = { 0: single, 1: pair, 3: single, 4: data, 6: fill };

interface Shape {
  readonly channels: 1 | 2;
  readonly samples: number;
  /** Lowest bits of each sample that stand uncompressed. */
  readonly lowBits: number;
}

const UNUSED_BITS = 12;
const NO_SHIFT = 3;

/** Behind the tag of a channel or a pair. */
function readChannels(source: DenseBits, cookie: AlacCookie, channels: 1 | 2): Int32Array[] | null {
  source.skip(4 + UNUSED_BITS);
  const isPartial = source.u(1) === 1;
  const lowBytes = source.u(2);
  const isPlain = source.u(1) === 1;
  const samples = isPartial ? source.u(32) : cookie.frameLength;
  if (lowBytes === NO_SHIFT || samples === 0 || samples > cookie.frameLength) return null;
  const shape = { channels, samples, lowBits: 8 * lowBytes };
  return isPlain ? readPlain(source, cookie, shape) : readPredicted(source, cookie, shape);
}

const planesOf = ({ channels, samples }: Shape): Int32Array[] =>
  Array.from({ length: channels }, () => new Int32Array(samples));

/** Samples as they are, one of each channel at a time. */
function readPlain(source: DenseBits, { bitDepth }: AlacCookie, shape: Shape): Int32Array[] {
  const planes = planesOf(shape);
  readInterleaved(source, planes, bitDepth);
  return planes;
}

function readInterleaved(source: DenseBits, planes: readonly Int32Array[], bits: number): void {
  const samples = planes[0]?.length ?? 0;
  for (let i = 0; i < samples && !source.overrun; i++) {
    for (const plane of planes) plane[i] = source.s(bits);
  }
}

interface ChannelHeader extends Predictor {
  /** Whether residuals are differences of residuals. */
  readonly isTwice: boolean;
  /** Of the history multiplier, in quarters. */
  readonly factor: number;
}

function readChannelHeader(source: DenseBits): ChannelHeader {
  const isTwice = source.u(4) !== 0;
  const shift = source.u(4);
  const factor = source.u(3);
  const order = source.u(5);
  return { isTwice, shift, factor, coefficients: Int16Array.from({ length: order }, () => source.s(16)) };
}

const MAX_BITS = 32;

function readPredicted(source: DenseBits, cookie: AlacCookie, shape: Shape): Int32Array[] | null {
  const { lowBits, channels } = shape;
  const bits = cookie.bitDepth - lowBits + channels - 1;
  // A stream of plain frames alone has no limit.
  if (bits < 1 || bits > MAX_BITS || cookie.riceLimit === 0) return null;
  const mix = { shift: source.u(8), weight: source.s(8) };
  const headers = planesOf(shape).map(() => readChannelHeader(source));
  const low = planesOf(shape);
  if (lowBits > 0) readInterleaved(source, low, lowBits);
  const planes = planesOf(shape);
  for (const [channel, plane] of planes.entries()) {
    const header = headers[channel];
    if (!header || !readChannel(source, plane, { header, cookie, bits })) return null;
  }
  const [first, second] = planes;
  if (first && second && mix.weight !== 0) unmix(first, second, mix);
  if (lowBits > 0) for (const [i, plane] of planes.entries()) append(plane, low[i] ?? plane, lowBits);
  return planes;
}

interface Channel {
  readonly header: ChannelHeader;
  readonly cookie: AlacCookie;
  readonly bits: number;
}

function readChannel(source: DenseBits, plane: Int32Array, { header, cookie, bits }: Channel): boolean {
  const { initialHistory, historyMultiplier, riceLimit } = cookie;
  const multiplier = (historyMultiplier * header.factor) >> 2;
  if (!readResiduals(source, plane, { initialHistory, multiplier, riceLimit, bits })) return false;
  if (header.isTwice) undoDifferences(plane, bits);
  if (header.coefficients.length === DIFFERENCES) undoDifferences(plane, bits);
  else undoPrediction(plane, bits, header);
  return true;
}

/** An order that stands for differences without coefficients. */
const DIFFERENCES = 31;

interface Mix {
  readonly shift: number;
  readonly weight: number;
}

/** A weighted sum and a difference become left and right. */
function unmix(sum: Int32Array, difference: Int32Array, { shift, weight }: Mix): void {
  for (let i = 0; i < sum.length; i++) {
    const apart = difference[i] ?? 0;
    const left = (sum[i] ?? 0) + apart - (Math.imul(weight, apart) >> shift);
    sum[i] = left;
    difference[i] = left - apart;
  }
}

function append(plane: Int32Array, low: Int32Array, bits: number): void {
  const mask = 2 ** bits - 1;
  for (let i = 0; i < plane.length; i++) plane[i] = ((plane[i] ?? 0) << bits) | ((low[i] ?? 0) & mask);
}
