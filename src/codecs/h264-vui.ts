import type { BitReader } from '../core/bits.ts';
import type { Colour, PixelAspect } from '../core/media.ts';
import { SAMPLE_ASPECTS } from './sample-aspects.ts';

/** Video usability information: ITU-T H.264, Annex E. What it does not say is null. */
export interface Vui {
  readonly pixelAspect: PixelAspect | null;
  readonly colour: Colour | null;
  readonly timing: SpsTiming | null;
  readonly maxReorderFrames: number | null;
  readonly maxDecodedFrames: number | null;
}

export interface SpsTiming {
  /** num_units_in_tick; a frame lasts two ticks. */
  readonly unitsInTick: number;
  readonly timeScale: number;
  /** fixed_frame_rate_flag */
  readonly isFixed: boolean;
}

export const NO_VUI: Vui = {
  pixelAspect: null,
  colour: null,
  timing: null,
  maxReorderFrames: null,
  maxDecodedFrames: null,
};

const EXTENDED_SAR = 255;

/** Annex E.1.1. Some old encoders cut it short: what lies behind the cut is absent, as if it were not declared. */
export function readVui(bits: BitReader): Vui {
  const pixelAspect = whole(bits, bits.flag() ? readAspect(bits) : null);
  if (bits.flag()) bits.skip(1);
  const colour = whole(bits, bits.flag() ? readColour(bits) : null);
  if (bits.flag()) {
    bits.ue();
    bits.ue();
  }
  const timing = whole(bits, bits.flag() ? readTiming(bits) : null);
  const hasNalHrd = bits.flag();
  if (hasNalHrd) skipHrd(bits);
  const hasVclHrd = bits.flag();
  if (hasVclHrd) skipHrd(bits);
  if (hasNalHrd || hasVclHrd) bits.skip(1);
  bits.skip(1);
  const buffering = whole(bits, bits.flag() ? readBuffering(bits) : null);
  return {
    pixelAspect,
    colour,
    timing,
    ...(buffering ?? { maxReorderFrames: null, maxDecodedFrames: null }),
  };
}

const whole = <T>(bits: BitReader, value: T): T | null => (bits.overrun ? null : value);

function readAspect(bits: BitReader): PixelAspect | null {
  const index = bits.u(8);
  const [h, v] = index === EXTENDED_SAR ? [bits.u(16), bits.u(16)] : (SAMPLE_ASPECTS[index] ?? [0, 0]);
  return h > 0 && v > 0 ? { h, v } : null;
}

/** Null when it says neither colours nor full range. */
function readColour(bits: BitReader): Colour | null {
  bits.skip(3);
  const fullRange = bits.flag();
  if (bits.flag()) return { primaries: bits.u(8), transfer: bits.u(8), matrix: bits.u(8), fullRange };
  return fullRange ? { primaries: 2, transfer: 2, matrix: 2, fullRange } : null;
}

function readTiming(bits: BitReader): SpsTiming | null {
  const timing = { unitsInTick: bits.u(32), timeScale: bits.u(32), isFixed: bits.flag() };
  return timing.unitsInTick > 0 && timing.timeScale > 0 ? timing : null;
}

/** Annex E.1.2. */
function skipHrd(bits: BitReader): void {
  const count = bits.ue() + 1;
  bits.skip(8);
  for (let i = 0; i < count && !bits.overrun; i++) {
    bits.ue();
    bits.ue();
    bits.skip(1);
  }
  bits.skip(20);
}

function readBuffering(bits: BitReader): Pick<Vui, 'maxReorderFrames' | 'maxDecodedFrames'> | null {
  bits.skip(1);
  for (let i = 0; i < 4; i++) bits.ue();
  const maxReorderFrames = bits.ue();
  const maxDecodedFrames = bits.ue();
  return maxReorderFrames <= maxDecodedFrames && maxDecodedFrames <= 16
    ? { maxReorderFrames, maxDecodedFrames }
    : null;
}
