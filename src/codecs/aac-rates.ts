import type { BitReader, BitWriter } from '../core/bits.ts';
import { corrupt } from '../core/errors.ts';

/** samplingFrequencyIndex: Table 1.18. 15 is followed by the rate itself. */
export const SAMPLING_RATES: readonly number[] = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
];
const EXPLICIT_RATE = 15;

/** A rate as index or, where the table lacks it, by itself. ISO/IEC 14496-3, 1.6.2.1. */
export function readRate(bits: BitReader): number {
  const index = bits.u(4);
  const rate = index === EXPLICIT_RATE ? bits.u(24) : (SAMPLING_RATES[index] ?? 0);
  if (rate === 0 && !bits.overrun) throw corrupt(`AAC with sampling frequency index ${index}`);
  return rate;
}

export function writeRate(bits: BitWriter, rate: number): void {
  const index = SAMPLING_RATES.indexOf(rate);
  if (index >= 0) bits.u(index, 4);
  else bits.u(EXPLICIT_RATE, 4).u(rate, 24);
}
