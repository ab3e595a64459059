import { parseEac3Frame } from '../../../src/codecs/eac3.ts';
import { silentEac3Frame } from '../../../src/codecs/eac3-silence.ts';
import { BitReader, BitWriter } from '../../../src/core/bits.ts';

/** The frames of an AC-3 or E-AC-3 stream. */
export function ac3Frames(stream: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let at = 0; at < stream.length; at += frames.at(-1)?.length ?? stream.length)
    frames.push(stream.subarray(at, at + parseEac3Frame(stream.subarray(at)).frameBytes));
  return frames;
}

/** The core frames of a DTS stream: ETSI TS 102 114, 5.3. */
export function dtsFrames(stream: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let at = 0; at < stream.length; at += frames.at(-1)?.length ?? stream.length) {
    const bits = new BitReader(stream.subarray(at));
    if (bits.u(32) !== 0x7ffe8001) throw new Error(`No DTS frame at ${at}`);
    bits.skip(1 + 5 + 1 + 7);
    frames.push(stream.subarray(at, at + bits.u(14) + 1));
  }
  return frames;
}

/** `silentEac3Frame`'s input: a 5.1 main frame at 48 kHz with one dependent frame. ETSI TS 102 366, F.6. */
const recordOf = (locations: number): Uint8Array =>
  new BitWriter()
    .u(448, 13)
    .u(0, 3)
    .u(0, 2)
    .u(16, 5)
    .u(0, 2)
    .u(0, 3)
    .u(7, 3)
    .flag(true)
    .u(0, 3)
    .u(1, 4)
    .u(locations, 9)
    .bytes();

const silentPacket = (locations: number): Uint8Array =>
  silentEac3Frame(recordOf(locations), 1536) ?? new Uint8Array();

/** A frame of silence in 5.1. */
export const silentMain = (): Uint8Array => ac3Frames(silentPacket(0b10))[0] ?? new Uint8Array();

/** Bits before the channel map of a dependent frame without compr: E.1.2.2. */
const MAP_AT = 52;

/** A dependent frame of silence with 1, 2 or 4 channels. Its checksum is wrong: decoders do not look at it. */
export function silentDependent(channels: 1 | 2 | 4, channelMap: number): Uint8Array {
  // Cs, or Lrs and Rrs, or these and Lc and Rc
  const locations = { 1: 0b100, 2: 0b10, 4: 0b11 }[channels];
  const frame = Uint8Array.from(ac3Frames(silentPacket(locations))[1] ?? []);
  for (let i = 0; i < 16; i++) {
    const [byte, bit] = [(MAP_AT + i) >> 3, 7 - ((MAP_AT + i) & 7)];
    const value = (channelMap >> (15 - i)) & 1;
    frame[byte] = ((frame[byte] ?? 0) & ~(1 << bit)) | (value << bit);
  }
  return frame;
}
