/**
 * Samples before and behind the one in the middle that an output sample hangs on. Of 96 kHz everything up to 20 kHz
 * passes, of 88.2 kHz up to 19 kHz, and what would fold into that is gone.
 */
export const HALVE_REACH = 43;

/** Of the window: 95 dB. */
const KAISER_BETA = 9.5;

/** Modified Bessel function of the first kind, order 0, by its series. */
function bessel(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= ((x / (2 * k)) * x) / (2 * k);
    sum += term;
  }
  return sum;
}

/**
 * Gains at the distances 1, 3, 5 … of a half-band filter: the sine cardinal in a Kaiser window. At even distances they
 * are 0, in the middle one half; the others add up to one half, so that a constant stays what it is.
 */
const SIDES: Float64Array = (() => {
  const ideal = Float64Array.from({ length: (HALVE_REACH + 1) / 2 }, (_, k) => {
    const distance = 2 * k + 1;
    const place = distance / (HALVE_REACH + 1);
    const window = bessel(KAISER_BETA * Math.sqrt(1 - place * place));
    return (k % 2 === 0 ? window : -window) / distance;
  });
  const sum = ideal.reduce((total, gain) => total + gain, 0);
  return ideal.map((gain) => gain / sum / 4);
})();

/**
 * Every second sample, at half the rate, without delay: the first is the one at `HALVE_REACH`. Input of
 * 2n + 2·`HALVE_REACH` samples gives n. Each depends on its surroundings alone, so that pieces give the same samples as
 * the whole. Up to 0.208 of the input's rate passes within 0.001 dB; stop band below -95 dB from 0.292 on.
 */
export function halve(samples: Float32Array): Float32Array {
  const length = Math.max(0, Math.floor((samples.length - 2 * HALVE_REACH + 1) / 2));
  const halved = new Float32Array(length);
  const others = Float64Array.from({ length: length + 2 * SIDES.length }, (_, i) => samples[2 * i] ?? 0);
  for (let i = 0; i < length; i++) {
    let sum = (samples[HALVE_REACH + 2 * i] ?? 0) / 2;
    const before = i + SIDES.length - 1;
    const behind = i + SIDES.length;
    for (let k = 0; k < SIDES.length; k++) {
      sum += (SIDES[k] ?? 0) * ((others[before - k] ?? 0) + (others[behind + k] ?? 0));
    }
    halved[i] = sum;
  }
  return halved;
}
