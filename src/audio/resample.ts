/**
 * Samples at another rate, by straight lines between them: for streams whose rate changes on the way, where the time
 * line goes on at the first one. As long as the samples last, rounded.
 */
export function resample(samples: Float32Array, from: number, to: number): Float32Array {
  const length = Math.round((samples.length * to) / from);
  return Float32Array.from({ length }, (_, i) => {
    const at = (i * from) / to;
    const before = Math.floor(at);
    const left = samples[before] ?? 0;
    const right = samples[before + 1] ?? left;
    return left + (right - left) * (at - before);
  });
}
