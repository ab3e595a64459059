/** What a player knows at a moment. */
export interface Moment {
  /** Milliseconds of a clock. */
  readonly now: number;
  /** Seconds that can be played without another byte. */
  readonly ahead: number;
  /** The part that is being loaded; null between two. */
  readonly loading: LoadingPart | null;
}

export interface LoadingPart {
  /** It is the first one after a start or a seek: nothing could be loaded ahead of it. */
  readonly isFirst: boolean;
  /** How long it plays. */
  readonly seconds: number;
  /** Milliseconds since its first byte: an encoder that starts keeps a player waiting, and may be fast then. */
  readonly flowing: number;
}

/** Chooses among variants of a film by how fast they come. */
export interface Pace {
  /** A part has come. @param factor how many times faster than it plays */
  loaded(factor: number): void;
  /** Which one is to be loaded, by its place. */
  at(moment: Moment): number;
}

/** Seconds ahead that make it safe to try a larger one. */
const AMPLE = 15;
/** Parts that must have come that fast. */
const SAMPLES = 3;
/** How much faster than needed: a network is not always the same. */
const MARGIN = 1.5;
/** Times its own length that the first part may take. */
const FIRST = 2;
/** Milliseconds until what was too slow is tried again; each time twice as long. */
const AGAIN = 30_000;

/**
 * Begins with the best variant and goes down by one when a part comes slower than it plays and what is ahead will not
 * last: the measure is time and not bits, since the parts that an encoder makes come as fast as it makes them, however
 * fast the network is. Goes up only where the better one would come in time by a margin.
 * @param bitrates of the variants, the best one first
 */
export function createPace(bitrates: readonly number[]): Pace {
  let at = 0;
  let factors: readonly number[] = [];
  const barred = bitrates.map(() => ({ until: Number.NEGATIVE_INFINITY, next: AGAIN }));

  function isTooSlow({ ahead, loading }: Moment): boolean {
    if (!loading) return false;
    const { seconds, flowing, isFirst } = loading;
    return ahead < seconds && flowing > 1000 * seconds * (isFirst ? FIRST : 1);
  }

  function mayGoUp({ now, ahead }: Moment): boolean {
    const [better, own] = [bitrates[at - 1], bitrates[at]];
    if (better === undefined || own === undefined || now < (barred[at - 1]?.until ?? now)) return false;
    return ahead >= AMPLE && factors.length >= SAMPLES && Math.min(...factors) >= (MARGIN * better) / own;
  }

  return {
    loaded(factor) {
      factors = [...factors, factor].slice(-SAMPLES);
    },
    at(moment) {
      const bar = barred[at];
      if (bar && at < bitrates.length - 1 && isTooSlow(moment)) {
        bar.until = moment.now + bar.next;
        bar.next *= 2;
        at += 1;
        factors = [];
      } else if (mayGoUp(moment)) {
        at -= 1;
        factors = [];
      }
      return at;
    },
  };
}
