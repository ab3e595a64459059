/** How far one sound is another, in place and in loudness of what differs. */

export interface Placed {
  readonly planes: readonly Float32Array[];
  /** Where the first sample is heard, in samples of the title. */
  readonly position: number;
}

export interface Lag {
  /** Samples by which `heard` comes later than `source`. */
  readonly samples: number;
  /** 1 when they are the same but for loudness. */
  readonly likeness: number;
}

const WINDOW = 4096;
/** More than a frame of AAC, and than what encoders delay. */
const FARTHEST = 1300;
const NOTHING = new Float32Array();

/** The window around `at`, as far as there is sound. */
const windowOf = (plane: Float32Array | undefined, position: number, at: number): Float32Array => {
  const from = at - WINDOW / 2 - position;
  return (plane ?? NOTHING).subarray(Math.max(0, from), Math.max(0, from + WINDOW));
};

/** By cross-correlation of the first channel, to the sample, around `at`. Likeness is the least of all channels. */
export function lagAt(source: Placed, heard: Placed, at: number): Lag {
  const expected = windowOf(source.planes[0], source.position, at);
  let best = { samples: Number.NaN, product: Number.NEGATIVE_INFINITY };
  for (let samples = -FARTHEST; samples <= FARTHEST; samples++) {
    const product = likeness(expected, windowOf(heard.planes[0], heard.position, at + samples));
    if (product > best.product) best = { samples, product };
  }
  const all = source.planes.map((plane, channel) =>
    likeness(
      windowOf(plane, source.position, at),
      windowOf(heard.planes[channel], heard.position, at + best.samples),
    ),
  );
  return { samples: best.samples, likeness: Math.min(...all) };
}

/** Normalised scalar product; 0 with silence. */
function likeness(ours: Float32Array, theirs: Float32Array): number {
  let [product, energy, other] = [0, 0, 0];
  for (let i = 0; i < theirs.length; i++) {
    const [a, b] = [ours[i] ?? 0, theirs[i] ?? 0];
    product += a * b;
    energy += a * a;
    other += b * b;
  }
  return energy * other === 0 ? 0 : product / Math.sqrt(energy * other);
}

/** What differs of `other` in [from, to) of the title: its energy over all channels, and the largest sample of it. */
export function differenceOf(
  { planes, position }: Placed,
  other: Placed,
  [from, to]: readonly [number, number] = [position, Number.POSITIVE_INFINITY],
): { readonly energy: number; readonly largest: number } {
  let [energy, largest] = [0, 0];
  planes.forEach((plane, channel) => {
    const theirs = other.planes[channel] ?? NOTHING;
    const end = Math.min(to - position, plane.length, theirs.length + other.position - position);
    for (let i = Math.max(0, from - position); i < end; i++) {
      const difference = (plane[i] ?? 0) - (theirs[i + position - other.position] ?? 0);
      energy += difference * difference;
      largest = Math.max(largest, Math.abs(difference));
    }
  });
  return { energy, largest };
}

/** Of a quotient of energies. */
export const decibels = (ratio: number): number => 10 * Math.log10(ratio);

export const energyOf = (planes: readonly Float32Array[]): number =>
  planes
    .flatMap((plane) => plane.reduce((sum, sample) => sum + sample * sample, 0))
    .reduce((a, b) => a + b, 0);
