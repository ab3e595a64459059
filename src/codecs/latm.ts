import { BitReader } from '../core/bits.ts';
import { corrupt, unsupported } from '../core/errors.ts';
import { readProgramConfig } from './aac-elements.ts';
import { readRate } from './aac-rates.ts';

/** What StreamMuxConfig tells of the elements that follow it: ISO/IEC 14496-3, 1.7.3.2.3. One program, one layer. */
export interface StreamMux {
  /** AudioSpecificConfig from its first bit to its last, filled up with zeros to a byte. */
  readonly record: Uint8Array;
  /** In an element. */
  readonly frames: number;
}

/** The content of one AudioMuxElement. */
export interface MuxElement {
  readonly mux: StreamMux;
  /** As raw_data_blocks. */
  readonly frames: readonly Uint8Array[];
}

/**
 * AudioMuxElement(1), what AudioSyncStream has behind its header: ISO/IEC 14496-3, 1.7.3.1. Bytes behind the last frame
 * (other data, error check) are not looked at.
 * @param before of an earlier element
 * @returns null where it refers to an earlier one and there is none
 * @throws MediaError `corrupt`; `unsupported` for several programs or layers, other framings, and for object types
 * whose configuration has no length of its own
 */
export function parseMuxElement(element: Uint8Array, before: StreamMux | null): MuxElement | null {
  const bits = new BitReader(element);
  const usesSame = bits.flag();
  const mux = usesSame ? before : readStreamMux(bits, element);
  if (!mux) return null;
  const frames = Array.from({ length: mux.frames }, () => readFrame(bits, element));
  return { mux, frames };
}

const ESCAPE = 255;

/** PayloadLengthInfo and PayloadMux: 1.7.3.2.4, 1.7.3.2.5. */
function readFrame(bits: BitReader, element: Uint8Array): Uint8Array {
  let size = 0;
  let byte = ESCAPE;
  while (byte === ESCAPE) {
    byte = bits.u(8);
    size += byte;
  }
  const from = bits.position;
  bits.skip(size * 8);
  if (bits.overrun || size === 0) throw corrupt('LATM: a frame of no bytes, or beyond its element');
  return bitsFrom(element, from, size * 8);
}

function readStreamMux(bits: BitReader, element: Uint8Array): StreamMux {
  const version = bits.u(1);
  if (version === 1 && bits.flag()) throw unsupported('LATM: audioMuxVersionA 1');
  if (version === 1) readValue(bits);
  const isSameFraming = bits.flag();
  const frames = bits.u(6) + 1;
  const [programs, layers] = [bits.u(4) + 1, bits.u(3) + 1];
  if (!bits.overrun && (!isSameFraming || programs > 1 || layers > 1))
    throw unsupported(`LATM: ${programs} programs, ${layers} layers, same framing: ${isSameFraming}`);
  const size = version === 1 ? readValue(bits) : configBits(bitsFrom(element, bits.position));
  const from = bits.position;
  bits.skip(size);
  const frameLengthType = bits.u(3);
  if (!bits.overrun && frameLengthType !== 0) throw unsupported(`LATM: frameLengthType ${frameLengthType}`);
  bits.skip(8);
  skipOtherData(bits, version);
  if (bits.flag()) bits.skip(8);
  if (bits.overrun || size === 0) throw corrupt('LATM: StreamMuxConfig ends early');
  return { record: bitsFrom(element, from, size), frames };
}

/** otherDataPresent and the length of those data, of which there are none without frames of their own. */
function skipOtherData(bits: BitReader, version: number): void {
  if (!bits.flag()) return;
  if (version === 1) {
    readValue(bits);
    return;
  }
  while (bits.flag()) bits.skip(8);
  bits.skip(8);
}

/** LatmGetValue: 1.7.3.2.6. */
const readValue = (bits: BitReader): number => bits.u(8 * (bits.u(2) + 1));

const AOT = { sbr: 5, ps: 29, escape: 31 } as const;
/** Main, LC, SSR, LTP. */
const MAX_PLAIN_TYPE = 4;

/**
 * Bits of an AudioSpecificConfig whose length is not told, as it is in version 0: SBR and PS are signalled by the outer
 * object type there, never behind the configuration.
 */
function configBits(config: Uint8Array): number {
  const bits = new BitReader(config);
  const outer = bits.u(5);
  readRate(bits);
  const channels = bits.u(4);
  const isExtended = outer === AOT.sbr || outer === AOT.ps;
  if (isExtended) readRate(bits);
  const type = isExtended ? bits.u(5) : outer;
  if (!bits.overrun && (type < 1 || type > MAX_PLAIN_TYPE))
    throw unsupported(`LATM of version 0 with audio object type ${type}`);
  // frameLengthFlag, dependsOnCoreCoder and its delay, extensionFlag
  bits.skip(1);
  if (bits.flag()) bits.skip(14);
  const hasExtension = bits.flag();
  if (channels === 0) readProgramConfig(bits);
  if (hasExtension) bits.skip(1);
  if (bits.overrun) throw corrupt('LATM: AudioSpecificConfig ends early');
  return bits.position;
}

/** Bits of `bytes` from one on, moved to the beginning of a byte and filled up with zeros; a view where they lie so. */
function bitsFrom(bytes: Uint8Array, from: number, size = bytes.length * 8 - from): Uint8Array {
  const [first, shift] = [from >> 3, from & 7];
  const length = Math.ceil(size / 8);
  const rest = -size & 7;
  if (shift === 0 && rest === 0) return bytes.subarray(first, first + length);
  const out = new Uint8Array(length);
  for (let i = 0; i < length; i++)
    out[i] = ((bytes[first + i] ?? 0) << shift) | ((bytes[first + i + 1] ?? 0) >> (8 - shift));
  if (rest > 0) out[length - 1] = (out[length - 1] ?? 0) & (255 << rest);
  return out;
}
