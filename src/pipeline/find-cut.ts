import type { Demuxer, Sample, Source } from '../core/contracts.ts';
import { corrupt } from '../core/errors.ts';
import type { VideoTrack } from '../core/media.ts';
import { NANOSECONDS_PER_SECOND, type Nanoseconds } from '../core/time.ts';
import type { CutPoint } from '../core/timeline.ts';
import type { Bisection, Knot } from './look.ts';
import { beginningOf, cutFacts, type PictureKind, pictureKind } from './pictures.ts';

export interface LocatorPlan {
  readonly source: Source;
  readonly demuxer: Demuxer;
  readonly video: VideoTrack | null;
  /** Every kept track. */
  readonly tracks: ReadonlySet<number>;
  readonly bisection: Bisection;
  /** Planned times, ascending; then the end of the title. */
  readonly times: readonly Nanoseconds[];
  /** The first picture to begin with, or the first packet of all. */
  readonly first: CutPoint;
  /** Interleave window. */
  readonly window: Nanoseconds;
}

/** Where a picture in the planned stretch is looked for at most. */
const MAX_SCAN = 64 * 1024 * 1024;
/** A picture shown this much later says that none of the stretch before it follows. */
const REORDER = NANOSECONDS_PER_SECOND;

export interface Scanning {
  anchor(n: number, signal: AbortSignal): Promise<Knot>;
  cut(n: number, signal: AbortSignal): Promise<CutPoint>;
  readonly signal: AbortSignal;
}

/**
 * The picture that begins segment n. The first one from its planned time on and before the next one's where every
 * player can begin, else where some can, else the first one at all. Where no picture at all is shown in between, one
 * of the last before: no segment is empty.
 * @throws MediaError `corrupt` when there are too few pictures for that
 */
export async function findCut(plan: LocatorPlan, n: number, scanning: Scanning): Promise<CutPoint> {
  const { position } = await scanning.anchor(n, scanning.signal);
  const stretch = { start: startOf(plan, n), stop: startOf(plan, n + 1) };
  const choice = new Choice(plan.bisection.takesAny);
  let behind: Nanoseconds | null = null;
  for await (const { sample, kind } of pictures(plan, position, scanning)) {
    const { time } = sample;
    if (time >= stretch.start && time < stretch.stop) choice.add(sample, kind);
    else if (time >= stretch.stop) behind ??= time;
    if (choice.isMade || time >= stretch.stop + REORDER) break;
  }
  if (choice.best) return choice.best;
  if (behind === null) throw corrupt('No picture where the plan wants a segment to begin', position);
  return bridge(plan, { n, behind }, scanning);
}

/** A stamp may be rounded down below its planned time. The last segment takes all that follows. */
const startOf = ({ times, demuxer }: LocatorPlan, n: number): number =>
  n + 1 >= times.length ? Number.POSITIVE_INFINITY : (times[n] ?? 0) - demuxer.precision;

interface Picture {
  readonly sample: Sample;
  readonly kind: PictureKind;
}

/** Pictures in decode order from a place on, until the caller has enough. */
async function* pictures(
  { demuxer, video }: LocatorPlan,
  position: number,
  { signal }: Scanning,
): AsyncGenerator<Picture> {
  if (!video) throw corrupt('Sound alone has no pictures to cut at');
  const end = Math.min(position + MAX_SCAN, demuxer.payload.end);
  // One request, broken off where the caller has enough.
  const query = { start: position, soft: end, end, tracks: new Set([video.id]) };
  for await (const batch of demuxer.samples(query, signal))
    for (const sample of batch.samples) {
      const kind = pictureKind(video, sample);
      if (kind !== 'none') yield { sample, kind };
    }
}

interface Hole {
  readonly n: number;
  /** Time of the first picture behind it. */
  readonly behind: Nanoseconds;
}

/**
 * Where no picture is shown for whole segments each of them takes one of the pictures before, which are shown a
 * little early: the last of them until the hole ends.
 */
async function bridge(plan: LocatorPlan, { n, behind }: Hole, scanning: Scanning): Promise<CutPoint> {
  const { signal } = scanning;
  const after = lastIndex(plan, behind);
  for (let before = n - 1; before >= 0; before--) {
    const { position } = await scanning.anchor(before, signal);
    const [start, stop] = [startOf(plan, before), startOf(plan, before + 1)];
    const points: CutPoint[] = [];
    for await (const { sample, kind } of pictures(plan, position, scanning)) {
      if (sample.time >= behind) break;
      points.push(pointOf(sample, kind));
    }
    if (!points.some(({ time }) => time >= start && time < stop) && before > 0) continue;
    const first = await scanning.cut(before, signal);
    const free = points.filter(({ blockPosition }) => (blockPosition ?? 0) > (first.blockPosition ?? 0));
    const point = free.at(n - after);
    if (point) return point;
    break;
  }
  throw corrupt(`No picture for segment ${n}, and too few before it`);
}

/** The segment in whose planned stretch a time lies. */
function lastIndex(plan: LocatorPlan, time: number): number {
  let n = 0;
  while (startOf(plan, n + 1) <= time) n++;
  return n;
}

/** Weighs the pictures of a planned stretch in decode order. */
class Choice {
  readonly #takesAny: boolean;
  #first: CutPoint | null = null;
  #beginning: CutPoint | null = null;
  #sync: CutPoint | null = null;

  constructor(takesAny: boolean) {
    this.#takesAny = takesAny;
  }

  /** True when no later picture can be a better one. */
  get isMade(): boolean {
    return this.#sync !== null || (this.#takesAny && this.#beginning !== null);
  }

  add(sample: Sample, kind: PictureKind): void {
    const point = pointOf(sample, kind);
    const { isSync, canBegin } = beginningOf(kind);
    this.#first ??= point;
    if (isSync || (canBegin && sample.isKey)) this.#beginning ??= point;
    if (isSync) this.#sync ??= point;
  }

  /** Null where there was none. */
  get best(): CutPoint | null {
    return (this.#takesAny ? this.#beginning : this.#sync) ?? this.#beginning ?? this.#first;
  }
}

function pointOf(sample: Sample, kind: PictureKind): CutPoint {
  return { time: sample.time, position: sample.entry, blockPosition: sample.position, ...cutFacts(kind) };
}
