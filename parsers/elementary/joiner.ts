import type { Sample } from '../../src/core/contracts.ts';
import { type Nanoseconds, nanoseconds } from '../../src/core/time.ts';

/** Makes one sample of several. Holds a few samples at most. */
export interface Joiner {
  /** Takes the track's next sample, in file order; gives those that are complete now. */
  add(sample: Sample): Sample[];
  /** Gives what is still held: nothing more comes. */
  flush(): Sample[];
  /** The first sample that is held, as far as it is known: where that is worth being told before it is whole. */
  readonly held?: Sample | null;
}

interface PartialRule<Part> {
  /** Which part's stamp is the whole's. */
  readonly stamp: 'first' | 'last';
  /** What the sample holds when it is only the beginning of one; null when it stands by itself. */
  beginning(data: Uint8Array): Part | null;
  /** The whole, when `data` completes what began; null when it does not belong to it. */
  complete(first: { readonly part: Part; readonly data: Uint8Array }, data: Uint8Array): Uint8Array | null;
}

/** Joins a sample that is only a beginning with the next one of its track; one that nothing completes stays as it is. */
export function pairJoiner<Part>(rule: PartialRule<Part>): Joiner {
  let held: { readonly sample: Sample; readonly part: Part } | null = null;
  const release = (): Sample[] => {
    const rest = held ? [held.sample] : [];
    held = null;
    return rest;
  };
  return {
    add(sample) {
      const joined = held && rule.complete({ part: held.part, data: held.sample.data }, sample.data);
      if (held && joined) {
        const whole = join([held.sample, sample], joined, rule.stamp);
        const part = rule.beginning(joined);
        held = part === null ? null : { sample: whole, part };
        return part === null ? [whole] : [];
      }
      const rest = release();
      const part = rule.beginning(sample.data);
      if (part === null) return [...rest, sample];
      held = { sample, part };
      return rest;
    },
    flush: release,
  };
}

/** One sample of two: place and key flag of the first. What is not shown by itself lasts no time. */
const join = (
  [first, last]: readonly [Sample, Sample],
  data: Uint8Array,
  stamp: 'first' | 'last',
): Sample => ({
  ...first,
  time: stamp === 'first' ? first.time : last.time,
  duration: stamp === 'first' ? sum(first.duration, last.duration) : last.duration,
  data,
});

const sum = (a: Nanoseconds | null, b: Nanoseconds | null): Nanoseconds | null =>
  a === null || b === null ? null : nanoseconds(a + b);
