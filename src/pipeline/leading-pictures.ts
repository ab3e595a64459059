import type { Nanoseconds, Ticks } from '../core/time.ts';
import { ticks } from '../core/time.ts';
import type { Cut } from '../core/timeline.ts';
import type { TrackClock } from './clock.ts';
import { isAt } from './probe-point.ts';
import type { Title } from './title.ts';

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

/** Cuts that are looked at where nobody has looked: encoders lead all of them alike. */
const LOOKED_AT = 2;
/** Bytes that are asked for behind a cut: its picture, and the next ones. */
const LOOK = 512 * 1024;

/** The title with what its segments begin with, as far as a look at two open cuts tells it; one request each. */
export async function withFirstShown(title: Title, signal: AbortSignal): Promise<Title> {
  const { video, timeline, locator } = title;
  const open = timeline.cuts.filter(({ point }, n) => n > 0 && !point.isClosed);
  const isKnown = video?.starts.some((start, n) => start !== timeline.cuts[n]?.time);
  if (!video || locator || open.length === 0 || isKnown) return title;
  const looked = [open[0], open[open.length >> 1]].slice(0, Math.min(LOOKED_AT, open.length));
  const leads = await Promise.all(looked.map((cut) => (cut ? leadOf(title, cut, signal) : 0)));
  const usual = Math.max(...leads);
  const starts = timeline.cuts.map(({ time, point }, n) =>
    n === 0 || point.isClosed ? time : ticks(time - usual),
  );
  return { ...title, video: { ...video, starts } };
}

/** Ticks from the earliest picture that leads a cut to the cut's own. */
async function leadOf({ demuxer, video }: Title, { time, point }: Cut, signal: AbortSignal): Promise<number> {
  if (!video) return 0;
  const { position: start } = point;
  const { end } = demuxer.payload;
  const query = { start, soft: Math.min(end, start + LOOK), end, tracks: new Set([video.track.id]) };
  let first: number = time;
  let seen = -1;
  for await (const { samples } of demuxer.samples(query, signal))
    for (const sample of samples) {
      if (seen < 0 && !isAt(sample, point, video.track.id, demuxer.precision)) continue;
      const shown = video.clock.ticksAt(sample.time);
      if (++seen > MAX_LEADING || (seen > 0 && shown > time)) return time - first;
      first = Math.min(first, shown);
    }
  return time - first;
}
