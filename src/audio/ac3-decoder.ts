import type { PacketDecoder, Pcm } from './pcm.ts';
import { type DitherPlace, findDither, hasDither, seedDither } from './wasm/ac3-dither.ts';
import { type Ac3Unit, readAc3Units } from './wasm/ac3-units.ts';
import type { NativeInstance } from './wasm/instance.ts';
import { NativeDecoder } from './wasm/native-decoder.ts';

export interface Ac3Decoding {
  /**
   * `by-index`: what the stream leaves to chance depends on the packet's number and nothing else. `stock` where the
   * module does not allow it: it depends on the packets before as well.
   */
  readonly dither: 'by-index' | 'stock';
  /**
   * A decoder of AC-3 and E-AC-3. A packet's sound depends on the packet before it, and on none further back:
   * after a jump the first one is not to be used.
   */
  open(): PacketDecoder;
}

/** What `init_decoder` calls the decoder of E-AC-3, which decodes AC-3 too. */
const EAC3 = 1;
/** Units of a packet that are told apart: E-AC-3 has six of one block at most. */
const MAX_UNITS = 8;

/** Finds out what the module can do. Decoders of one instance may work side by side. */
export function createAc3Decoding(instance: NativeInstance): Ac3Decoding {
  const trial = new NativeDecoder(instance, EAC3);
  const place = findDither(instance, trial.context);
  trial.close();
  return { dither: place ? 'by-index' : 'stock', open: () => openDecoder(instance, place) };
}

function openDecoder(instance: NativeInstance, place: DitherPlace | null): PacketDecoder {
  const native = new NativeDecoder(instance, EAC3);
  const { context } = native;
  const dither = place && hasDither(instance, context, place) ? place : null;
  const decodeUnit = (unit: Ac3Unit, seed: number): Pcm | null => {
    if (dither) seedDither(instance, context, dither, seed);
    const decoded = native.decode(unit.data);
    const layout = unit.layouts.find(({ channels }) => channels === decoded?.channels.length);
    if (!decoded || !layout) return null;
    const { speakers } = layout;
    const { mix } = unit;
    return {
      rate: decoded.rate,
      speakers,
      channels: decoded.channels.slice(0, speakers.length),
      ...(mix && { mix }),
    };
  };
  return {
    decode(packet, index) {
      const units = readAc3Units(packet).slice(0, MAX_UNITS);
      const pcm = joined(units.map((unit, i) => decodeUnit(unit, index * MAX_UNITS + i)));
      if (!pcm) native.forget();
      return pcm;
    },
    close: () => native.close(),
  };
}

/** One after the other; null where one is missing or unlike the first. */
function joined(parts: readonly (Pcm | null)[]): Pcm | null {
  const [first] = parts;
  const whole = parts.filter((part) => part !== null);
  if (!first || whole.length < parts.length || parts.length === 1) return first ?? null;
  const isUniform = whole.every(
    ({ rate, speakers }) => rate === first.rate && speakers.join() === first.speakers.join(),
  );
  if (!isUniform) return null;
  const channels = first.channels.map((_, i) => concat(whole.map((part) => part.channels[i])));
  return { ...first, channels };
}

function concat(parts: readonly (Float32Array | undefined)[]): Float32Array {
  const joint = new Float32Array(parts.reduce((sum, part) => sum + (part?.length ?? 0), 0));
  let at = 0;
  for (const part of parts) {
    joint.set(part ?? [], at);
    at += part?.length ?? 0;
  }
  return joint;
}
