import type { Nanoseconds, Ticks } from '../core/time.ts';
import { ticks } from '../core/time.ts';
import type { Cut } from '../core/timeline.ts';
import type { TrackClock } from './clock.ts';

/** Pictures that may follow an open cut in decode order and precede it in output order. */
export const MAX_LEADING = 16;

interface Seen {
  readonly cuts: readonly Cut[];
  /** Of pictures in decode order: all of them, or those of the places looked at. */
  readonly stamps: ArrayLike<Nanoseconds>;
  readonly clock: TrackClock;
}

/**
 * When the first picture of each segment is shown: its cut's own, or the earliest that follows an open cut and is shown
 * before it. Where nobody looked, as early as is usual in the title.
 */
export function firstShown({ cuts, stamps, clock }: Seen): Ticks[] {
  const open = new Map(
    cuts.filter(({ point }) => !point.isClosed).map(({ point, time }) => [point.time as number, time]),
  );
  if (open.size === 0) return cuts.map(({ time }) => time);
  const firsts = new Map<number, Ticks>();
  for (let i = 0; i < stamps.length; i++) {
    const cut = open.get(stamps[i] ?? -1);
    if (cut !== undefined && !firsts.has(cut)) firsts.set(cut, earliest(stamps, i, { cut, clock }));
  }
  const leads = [...firsts].map(([cut, first]) => cut - first).sort((a, b) => a - b);
  const usual = leads[leads.length >> 1] ?? 0;
  return cuts.map(({ time, point }, n) =>
    point.isClosed || n === 0 ? time : (firsts.get(time) ?? ticks(time - usual)),
  );
}

function earliest(
  stamps: ArrayLike<Nanoseconds>,
  at: number,
  { cut, clock }: { readonly cut: Ticks; readonly clock: TrackClock },
): Ticks {
  let first = cut;
  for (let i = at + 1; i <= at + MAX_LEADING && i < stamps.length; i++) {
    const time = clock.ticksAt(stamps[i] as Nanoseconds);
    if (time > cut) break;
    if (time < first) first = time;
  }
  return first;
}
