import type { Sample } from '../../core/contracts.ts';
import { type Cue, unpackCues } from '../../core/cues.ts';
import { NANOSECONDS_PER_SECOND, type Nanoseconds } from '../../core/time.ts';
import type { Timeline } from '../../core/timeline.ts';

const MILLISECOND = NANOSECONDS_PER_SECOND / 1000;

/** How long a text is shown that does not say it, where no other one follows sooner. */
export const LONGEST_UNTOLD = 10 * NANOSECONDS_PER_SECOND;

/** When a segment is shown: milliseconds from the title's zero. */
export interface Interval {
  readonly start: number;
  readonly end: number;
}

/** The first segment holds what begins before it, the last one what begins after it: so every cue is in one. */
export function intervalOf({ cuts, timescale }: Timeline, n: number): Interval {
  const at = (k: number) => ((cuts[k]?.time ?? 0) * 1000) / timescale;
  return {
    start: n === 0 ? Number.NEGATIVE_INFINITY : at(n),
    end: n + 1 < cuts.length ? at(n + 1) : Number.POSITIVE_INFINITY,
  };
}

/** What samples of one track show, in order of time. What ends before the title begins is not shown. */
export function cuesOf(samples: readonly Sample[], zero: Nanoseconds): Cue[] {
  const ordered = samples.toSorted((a, b) => a.time - b.time || a.position - b.position);
  const ends = endsOf(ordered);
  const milliseconds = (time: number) => Math.max(0, Math.round((time - zero) / MILLISECOND));
  return ordered.flatMap(({ time, data }, i) => {
    const start = milliseconds(time);
    const end = milliseconds(ends[i] ?? time);
    return end > start ? unpackCues(data).map((body) => ({ ...body, start, end })) : [];
  });
}

/** A text that does not say how long it is shown is shown until the next one. */
function endsOf(ordered: readonly Sample[]): number[] {
  const ends: number[] = [];
  let next = Number.POSITIVE_INFINITY;
  let here = Number.POSITIVE_INFINITY;
  for (const [i, { time, duration }] of [...ordered.entries()].reverse()) {
    if (time < here) [next, here] = [here, time];
    ends[i] = time + (duration ?? Math.min(LONGEST_UNTOLD, next - time));
  }
  return ends;
}

/** Cues that are shown in a segment: one over a border is in both, unchanged. */
export const cuesIn = (cues: readonly Cue[], { start, end }: Interval): Cue[] =>
  cues.filter((cue) => cue.start < end && cue.end > start);
