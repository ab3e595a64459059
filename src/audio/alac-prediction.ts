/** A predictor that adapts to the signs of its errors. */
export interface Predictor {
  /** Of the sum of products. */
  readonly shift: number;
  /** The last sample's first; changed on the way. */
  readonly coefficients: Int16Array;
}

/** Residuals become samples where they are, of `bits` each: every one is the difference to the one before. */
export function undoDifferences(samples: Int32Array, bits: number): void {
  const spare = 32 - bits;
  for (let i = 1; i < samples.length; i++) {
    samples[i] = (((samples[i] ?? 0) + (samples[i - 1] ?? 0)) << spare) >> spare;
  }
}

/**
 * Residuals become samples where they are, of `bits` each. The first are differences, as many as there are
 * coefficients; without coefficients residuals are samples. Apple Lossless Format, linear prediction.
 */
export function undoPrediction(samples: Int32Array, bits: number, { coefficients, shift }: Predictor): void {
  const order = coefficients.length;
  if (order === 0) return;
  undoDifferences(samples.subarray(0, order + 1), bits);
  const spare = 32 - bits;
  const half = shift === 0 ? 0 : 1 << (shift - 1);
  for (let i = order + 1; i < samples.length; i++) {
    const base = samples[i - order - 1] ?? 0;
    let sum = half;
    for (let k = 0; k < order; k++) {
      sum = (sum + Math.imul(coefficients[k] ?? 0, ((samples[i - 1 - k] ?? 0) - base) | 0)) | 0;
    }
    const residual = samples[i] ?? 0;
    samples[i] = ((residual + base + (sum >> shift)) << spare) >> spare;
    if (residual !== 0) adapt(samples, i, residual, { coefficients, shift });
  }
}

/** The oldest coefficients move first, each by one, until they have made up for the residual. */
function adapt(samples: Int32Array, at: number, residual: number, { coefficients, shift }: Predictor): void {
  const order = coefficients.length;
  const base = samples[at - order - 1] ?? 0;
  const direction = Math.sign(residual);
  let left = residual;
  for (let k = order - 1; k >= 0 && left * direction > 0; k--) {
    const difference = (base - (samples[at - 1 - k] ?? 0)) | 0;
    const sign = Math.sign(difference) * direction;
    coefficients[k] = (coefficients[k] ?? 0) - sign;
    left -= (order - k) * ((sign * difference) >> shift);
  }
}
