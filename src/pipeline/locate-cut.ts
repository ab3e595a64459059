import { NANOSECONDS_PER_SECOND } from '../core/time.ts';
import type { CutPoint } from '../core/timeline.ts';
import { findCut, type LocatorPlan, type Scanning } from './find-cut.ts';
import {
  type Bisection,
  FIRST_PACKETS,
  type Knot,
  LOOK_BYTES,
  LOOK_REACH,
  type Looking,
  lookAt,
} from './look.ts';
import { Memo } from './memo.ts';

/** Finds the places of a title that has no index. Every answer is a function of the file's bytes alone. */
export interface CutLocator {
  /** Where reading must begin to meet all that is shown from planned time n on. */
  anchor(n: number, signal: AbortSignal): Promise<number>;
  /** The picture that begins segment n. */
  cut(n: number, signal: AbortSignal): Promise<CutPoint>;
  /** About where a time lies in the file. */
  estimate(time: number): number;
}

const SECOND = NANOSECONDS_PER_SECOND;
/** Looks until a place is found: bisecting 1 TB down to 256 KiB takes 22, interpolating 3. */
const MAX_LOOKS = 32;
/** From here on every other look halves what is left: times may be distributed as unevenly as they like. */
const PATIENCE = 4;
/** So many segments begin their search with the same look. */
const NEIGHBOURS = 4;
/** Reading on over this distance costs no more than another look would. */
const NEAR_BYTES = 512 * 1024;
const NEAR_TIME = SECOND;
/** Kept results; a cut takes some hundred bytes. */
const KEPT_CUTS = 4096;
const KEPT_LOOKS = 1024;

interface Found {
  readonly knot: Knot | null;
}

export function createLocator(plan: LocatorPlan): CutLocator {
  const alone = { isMadeAlone: plan.source.isReadAlone === true };
  const looks = new Memo<Found>(KEPT_LOOKS, alone);
  const anchors = new Memo<Knot>(KEPT_CUTS, alone);
  const cuts = new Memo<CutPoint>(KEPT_CUTS, alone);
  const looking: Looking = plan;
  const end = plan.demuxer.payload.end;
  const look: Look = async (from, signal) => {
    const reach = { from, end: Math.min(end, from + LOOK_REACH), behind: FIRST_PACKETS };
    const { knot } = await looks.get(
      from,
      async (shared) => ({ knot: await lookAt(looking, reach, shared) }),
      signal,
    );
    return knot;
  };
  const anchor: Scanning['anchor'] = (n, signal) =>
    anchors.get(n, (shared) => findAnchor(plan, n, { look, signal: shared }), signal);
  const cut: Scanning['cut'] = async (n, signal) =>
    n === 0 ? plan.first : cuts.get(n, (shared) => findCut(plan, n, { anchor, cut, signal: shared }), signal);
  return {
    anchor: async (n, signal) => (await anchor(n, signal)).position,
    cut,
    estimate: (time) => estimate(plan, time),
  };
}

type Look = (from: number, signal: AbortSignal) => Promise<Knot | null>;

interface Bracket {
  readonly low: Knot;
  readonly high: Knot;
}

/** The knots beside a time; the last one is the end of the title. */
function bracketOf({ bisection, demuxer, times }: LocatorPlan, time: number): Bracket {
  const { knots } = bisection;
  const [start = { position: 0, time: 0 }] = knots;
  const end = { position: demuxer.payload.end, time: times.at(-1) ?? start.time };
  return {
    low: knots.findLast((knot) => knot.time <= time) ?? start,
    high: knots.find((knot) => knot.time > time) ?? { ...end, time: Math.max(end.time, time + 1) },
  };
}

const between = ({ low, high }: Bracket, time: number): number =>
  low.position + ((high.position - low.position) * (time - low.time)) / Math.max(1, high.time - low.time);

function estimate(plan: LocatorPlan, time: number): number {
  const { start, end } = plan.demuxer.payload;
  return Math.min(end, Math.max(start, Math.round(between(bracketOf(plan, time), time))));
}

interface Search {
  readonly look: Look;
  readonly signal: AbortSignal;
}

/**
 * A place to begin reading, a window before planned time n and not much more: interpolates between the places known
 * from the plan, then between those met. What was met for other segments is not asked: the way is always the same.
 */
async function findAnchor(plan: LocatorPlan, n: number, { look, signal }: Search): Promise<Knot> {
  const { demuxer, times, window, bisection } = plan;
  const limit = (times[n] ?? 0) - window;
  const shared = (times[n - (n % NEIGHBOURS)] ?? limit) - window;
  let bracket = bracketOf(plan, limit);
  if (n === 0 || limit <= bracket.low.time)
    return { position: demuxer.payload.start, time: bracket.low.time };
  for (let round = 0; round < MAX_LOOKS && !isNear(bracket, limit, bisection.entryBytes); round++) {
    const from = nextPlace(bracket, { aim: round === 0 ? shared : limit, round, bisection });
    const knot = await look(from, signal);
    bracket = narrowed(bracket, { from, knot, limit });
  }
  return bracket.low;
}

/** Whether reading on from the place before the limit is as good as another look. */
function isNear({ low, high }: Bracket, limit: number, entryBytes: number): boolean {
  const rate = (high.position - low.position) / Math.max(1, high.time - low.time);
  const distance = Math.min(high.position - low.position, rate * (limit - low.time));
  return limit - low.time <= NEAR_TIME || distance <= NEAR_BYTES + entryBytes;
}

interface Step {
  readonly aim: number;
  readonly round: number;
  readonly bisection: Bisection;
}

/** The next byte to look at: so far before the wished time that a place is likely to be met before it. */
function nextPlace(bracket: Bracket, { aim, round, bisection }: Step): number {
  const { low, high } = bracket;
  const middle = (low.position + high.position) / 2;
  const guess = between(bracket, Math.max(low.time, aim)) - 0.75 * bisection.entryBytes - LOOK_BYTES / 2;
  const wished = round >= PATIENCE && round % 2 === 0 ? middle : guess;
  const margin = Math.min(LOOK_BYTES, (high.position - low.position) / 4);
  return Math.floor(Math.min(high.position - margin, Math.max(low.position + margin, wished)));
}

interface Met {
  readonly from: number;
  readonly knot: Knot | null;
  readonly limit: number;
}

/** No place between `from` and the one met: where that lies behind the limit, the search goes on before `from`. */
function narrowed({ low, high }: Bracket, { from, knot, limit }: Met): Bracket {
  if (!knot || knot.position >= high.position) return { low, high: { position: from, time: high.time } };
  return knot.time <= limit
    ? { low: knot.position > low.position ? knot : low, high }
    : { low, high: { position: from, time: knot.time } };
}
