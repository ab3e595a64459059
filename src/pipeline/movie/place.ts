import { MediaError } from '../../core/errors.ts';
import { type Ticks, ticks } from '../../core/time.ts';
import type { Cut } from '../../core/timeline.ts';
import type { Title } from '../title.ts';

/**
 * Where a movie begins that was asked for from a time on: at the cut at or before it, at or after it, or exactly there,
 * by an edit list over what lies between it and the cut before.
 */
export const SEEKS = ['before', 'after', 'accurate'] as const;
export type Seek = (typeof SEEKS)[number];

/** What part of a title is wanted. */
export interface Stretch {
  /** Seconds of the title; null: from its beginning. */
  readonly start: number | null;
  /** Seconds; null: to its end. */
  readonly duration: number | null;
  readonly seek: Seek;
}

/** A stretch of a title that can be written. Times are ticks of the timeline. */
export interface Place {
  /** Number of the segment that it begins with. */
  readonly n: number;
  /** Of that segment, where it lies in truth. */
  readonly cut: Cut;
  /** What is time zero of the movie. */
  readonly origin: Ticks;
  /** Of the movie's beginning, not to be shown. */
  readonly hidden: Ticks;
  /** Where it ends; the title's end at the latest. */
  readonly end: Ticks;
}

/** @throws MediaError `bad-request` for a stretch that is not in the title */
export async function findPlace(title: Title, stretch: Stretch, signal: AbortSignal): Promise<Place> {
  const { timescale, end } = title.timeline;
  const { start, duration, seek } = stretch;
  const target = ticks(Math.round((start ?? 0) * timescale));
  if (target >= end)
    throw new MediaError(
      'bad-request',
      `There is nothing from ${start} s on: it ends at ${(end / timescale).toFixed(3)} s`,
    );
  const { n, cut } = await (seek === 'after' ? cutBehind : cutBefore)(title, target, signal);
  const origin = n === 0 ? ticks(0) : cut.time;
  const until = duration === null ? end : Math.max(target, origin) + Math.round(duration * timescale);
  return {
    n,
    cut,
    origin,
    hidden: ticks(seek === 'accurate' ? target - origin : 0),
    end: ticks(Math.min(end, Math.max(until, origin + 1))),
  };
}

interface NumberedCut {
  readonly n: number;
  readonly cut: Cut;
}

async function cutBefore(title: Title, target: Ticks, signal: AbortSignal): Promise<NumberedCut> {
  const { cuts } = title.timeline;
  for (let n = cuts.findLastIndex(({ time }) => time <= target); n > 0; n--) {
    const cut = await trueCut(title, n, signal);
    if (cut.time <= target) return { n, cut };
  }
  return { n: 0, cut: await trueCut(title, 0, signal) };
}

async function cutBehind(title: Title, target: Ticks, signal: AbortSignal): Promise<NumberedCut> {
  const { cuts, timescale, end } = title.timeline;
  const n = target === 0 ? 0 : cuts.findIndex(({ time }) => time >= target);
  const cut = n < 0 ? null : await trueCut(title, n, signal);
  // What was found in truth may lie behind the end that was planned.
  if (cut && cut.time < end) return { n, cut };
  throw new MediaError(
    'bad-request',
    `No picture behind ${(target / timescale).toFixed(3)} s can be begun with; ask for the one before`,
  );
}

/** Where there is no index the plan has estimates only. */
async function trueCut({ timeline, locator, video }: Title, n: number, signal: AbortSignal): Promise<Cut> {
  const cut = timeline.cuts[n];
  if (!cut) throw new MediaError('corrupt', `There is no segment ${n}`);
  if (!locator || !video) return cut;
  const point = await locator.cut(n, signal);
  return { time: video.clock.ticksAt(point.time), point };
}
