import type { BitReader } from '../core/bits.ts';
import { corrupt } from '../core/errors.ts';
import { SAMPLING_RATES } from './aac-rates.ts';

/** Rates by usacSamplingFrequencyIndex: ISO/IEC 23003-3, Table 67. Up to 12 as for AAC. */
const USAC_RATES: readonly number[] = [
  ...SAMPLING_RATES,
  0,
  0,
  57_600,
  51_200,
  40_000,
  38_400,
  34_150,
  28_800,
  25_600,
  20_000,
  19_200,
  17_075,
  14_400,
  12_800,
  9_600,
];
const USAC_EXPLICIT_RATE = 31;

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

/** xHE-AAC as far as it is recognised: rate and frame of the output, with frame of the core. */
export interface UsacInfo {
  readonly outputRate: number;
  readonly frameSize: number;
  readonly outputFrameSize: number;
  readonly channels: number;
}

/** The beginning of UsacConfig: ISO/IEC 23003-3, 5.2. */
export function readUsacConfig(bits: BitReader): UsacInfo {
  const rateIndex = bits.u(5);
  const outputRate = rateIndex === USAC_EXPLICIT_RATE ? bits.u(24) : (USAC_RATES[rateIndex] ?? 0);
  const [frameSize, outputFrameSize] = USAC_FRAMES[bits.u(3)] ?? [0, 0];
  const channels = USAC_CHANNELS[bits.u(5)] ?? 0;
  if (!bits.overrun && (outputRate === 0 || frameSize === 0))
    throw corrupt('UsacConfig with reserved values');
  return { outputRate, frameSize, outputFrameSize, channels };
}
