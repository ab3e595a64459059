import type { Master } from '../ebml.ts';

/** A sampling rate in whole Hz; null where there is none that a rate can be: floats may be infinite. */
export function readRate(
  audio: Master | null,
  name: 'SamplingFrequency' | 'OutputSamplingFrequency',
): number | null {
  const rate = Math.round(audio?.float(name) ?? 0);
  return rate > 0 && rate <= MAX_RATE ? rate : null;
}

/** Twice the highest rate of DSD as PCM. */
const MAX_RATE = 1_536_000;
