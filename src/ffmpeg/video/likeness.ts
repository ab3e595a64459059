/** Side of the squares that are compared. */
const SQUARE = 8;
/** (0.01 · 255)² and (0.03 · 255)²: what keeps flat squares from being divided by nothing. */
const C1 = 6.5025;
const C2 = 58.5225;

/** Planes of 8-bit samples, one behind the other. */
export interface Planes {
  readonly width: number;
  readonly height: number;
  readonly samples: Uint8Array;
}

/**
 * Structural similarity of two sets of planes, 1 where they are the same: the mean over squares that do not overlap, and
 * of it the worst plane. Z. Wang et al., Image Quality Assessment, 2004.
 * @returns 0 where their sizes differ
 */
export function likeness(a: Planes, b: Uint8Array): number {
  const plane = a.width * a.height;
  if (a.samples.length !== b.length || b.length === 0 || b.length % plane !== 0) return 0;
  let worst = 1;
  for (let start = 0; start < b.length; start += plane) worst = Math.min(worst, planeLikeness(a, b, start));
  return worst;
}

function planeLikeness(a: Planes, b: Uint8Array, start: number): number {
  let sum = 0;
  let squares = 0;
  for (let y = 0; y + SQUARE <= a.height; y += SQUARE)
    for (let x = 0; x + SQUARE <= a.width; x += SQUARE) {
      sum += squareLikeness(a, b, start + y * a.width + x);
      squares++;
    }
  return squares === 0 ? 0 : sum / squares;
}

function squareLikeness({ samples, width }: Planes, b: Uint8Array, start: number): number {
  let [sumA, sumB, squaresA, squaresB, products] = [0, 0, 0, 0, 0];
  for (let row = start; row < start + SQUARE * width; row += width)
    for (let i = row; i < row + SQUARE; i++) {
      const [p, q] = [samples[i] ?? 0, b[i] ?? 0];
      sumA += p;
      sumB += q;
      squaresA += p * p;
      squaresB += q * q;
      products += p * q;
    }
  const count = SQUARE * SQUARE;
  const [meanA, meanB] = [sumA / count, sumB / count];
  const varianceA = squaresA / count - meanA * meanA;
  const varianceB = squaresB / count - meanB * meanB;
  const covariance = products / count - meanA * meanB;
  return (
    ((2 * meanA * meanB + C1) * (2 * covariance + C2)) /
    ((meanA * meanA + meanB * meanB + C1) * (varianceA + varianceB + C2))
  );
}
