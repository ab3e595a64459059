import type { Speaker } from '../pcm.ts';
import type { NativeInstance } from './instance.ts';

/** Of an `AVFrame`, what is searched. */
const FRAME_BYTES = 512;
/** AV_CHANNEL_ORDER_NATIVE: channels in the order of a mask's bits. */
const NATIVE_ORDER = 1;
/** By bit of FFmpeg's masks. */
const BITS: readonly Speaker[] = ['FL', 'FR', 'FC', 'LFE', 'BL', 'BR', 'FLC', 'FRC', 'BC', 'SL', 'SR'];

/** By channels, where nothing more is known: what DTS usually means. */
const USUAL: Readonly<Record<number, readonly Speaker[]>> = {
  1: ['FC'],
  2: ['FL', 'FR'],
  3: ['FL', 'FR', 'FC'],
  4: ['FL', 'FR', 'SL', 'SR'],
  5: ['FL', 'FR', 'FC', 'SL', 'SR'],
  6: ['FL', 'FR', 'FC', 'LFE', 'SL', 'SR'],
  7: ['FL', 'FR', 'FC', 'LFE', 'BC', 'SL', 'SR'],
  8: ['FL', 'FR', 'FC', 'LFE', 'BL', 'BR', 'SL', 'SR'],
};

/**
 * Where the first channels of a decoded frame belong: by the `AVChannelLayout` in the `AVFrame` at `frame`, which the
 * bridge has no function for, else what is usual. Channels behind those have no name here (heights, wides).
 * Null for a number of channels that is not usual either.
 */
export function speakersOf(
  { view }: NativeInstance,
  frame: number,
  channels: number,
): readonly Speaker[] | null {
  const masks = Array.from({ length: FRAME_BYTES / 8 }, (_, i) => maskAt(view, frame + 8 * i, channels));
  const found = new Set(masks.filter((mask) => mask !== null));
  const [mask] = found;
  if (found.size !== 1 || mask === undefined) return USUAL[channels] ?? null;
  return BITS.filter((_, bit) => (mask >> BigInt(bit)) & 1n);
}

/** Of an `AVChannelLayout` with that many channels; null for other bytes. */
function maskAt(view: DataView, at: number, channels: number): bigint | null {
  if (at + 16 > view.byteLength) return null;
  if (view.getUint32(at, true) !== NATIVE_ORDER || view.getUint32(at + 4, true) !== channels) return null;
  const mask = view.getBigUint64(at + 8, true);
  return ones(mask) === channels ? mask : null;
}

const ones = (mask: bigint): number => mask.toString(2).replaceAll('0', '').length;
