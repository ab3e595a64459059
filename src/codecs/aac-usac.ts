import type { BitReader } from '../core/bits.ts';
import { corrupt } from '../core/errors.ts';
import { USAC_RATES } from './aac-rates.ts';

/** ISO/IEC 23003-3, Table 70, by coreSbrFrameLengthIndex: samples of core and output frame. */
const USAC_FRAMES: readonly (readonly [number, number])[] = [
  [768, 768],
  [1024, 1024],
  [768, 2048],
  [1024, 2048],
  [1024, 4096],
];
/** Channels by channelConfigurationIndex: ISO/IEC 23003-3, Table 68. */
const USAC_CHANNELS: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 8, 2, 3, 4, 7, 8];

/** The beginning of UsacConfig: ISO/IEC 23003-3, 5.2. Its rate is that of the output. */
function readUsac(bits: BitReader): Core {
  const rateIndex = bits.u(5);
  const outputRate = rateIndex === USAC_EXPLICIT_RATE ? bits.u(24) : (USAC_RATES[rateIndex] ?? 0);
  const [frameSize, outputFrameSize] = USAC_FRAMES[bits.u(3)] ?? [0, 0];
  const channels = USAC_CHANNELS[bits.u(5)] ?? 0;
  if (!bits.overrun && (outputRate === 0 || frameSize === 0))
    throw corrupt('UsacConfig with reserved values');
  const isExtended = outputFrameSize > frameSize;
  return {
    samplingRate: isExtended ? (outputRate * frameSize) / outputFrameSize : outputRate,
    frameSize,
    channels,
    elements: null,
    extension: isExtended ? { rate: outputRate, ps: false } : null,
    isComplete: false,
  };
}

