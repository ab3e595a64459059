import { EAC3_BLOCKS } from '../../src/codecs/eac3-metadata.ts';
import { concat } from '../../src/core/bytes.ts';
import type { Sample } from '../../src/core/contracts.ts';
import { NANOSECONDS_PER_SECOND, type Nanoseconds, nanoseconds } from '../../src/core/time.ts';
import type { Joiner } from './joiner.ts';

/** From which groups are counted. */
export interface GroupGrid {
  /** When a group begins: any. */
  readonly origin: Nanoseconds;
  /** Samples a second. */
  readonly rate: number;
}

/** Of a sample of MP4. */
const SAMPLES = 1536;
const BLOCKS = 6;
/** Where bsid lies in AC-3 and E-AC-3, and its first value of the latter. */
const BSID = { byte: 5, eac3: 11 } as const;
const RATE_BYTE = 4;
const HALF_RATE = 3;
/** Of a frame's length: a stamp that is off by less is taken for the one that continues. */
const TOLERANCE = 0.75;

/** Frames that make a sample of MP4, by numblkscod: ETSI TS 102 366, E.1.3.1.5. */
function framesInGroup(frame: Uint8Array): number {
  const [rate = 0, bsid = 0] = frame.subarray(RATE_BYTE, BSID.byte + 1);
  if (bsid >> 3 < BSID.eac3 || rate >> 6 === HALF_RATE) return 1;
  return BLOCKS / EAC3_BLOCKS[((rate >> 4) & 3) as 0 | 1 | 2 | 3];
}

/**
 * Frames of E-AC-3 with fewer than six blocks, those of dependent substreams behind them: as many as have six make one
 * sample of MP4 (ETSI TS 102 366, F.5). Groups are counted by time, so that they are the same wherever reading begins; one that
 * is not whole is left out.
 */
export function eac3GroupJoiner({ origin, rate }: GroupGrid): Joiner {
  const length = (SAMPLES / rate) * NANOSECONDS_PER_SECOND;
  let held: Sample[] = [];
  let last: { readonly index: number; readonly frames: number } | null = null;
  const indexOf = ({ time }: Sample, frames: number): number => {
    const exact = ((time - origin) / length) * frames;
    const expected = last?.frames === frames ? last.index + 1 : Number.NaN;
    return Math.abs(exact - expected) < TOLERANCE ? expected : Math.round(exact);
  };
  return {
    add(sample) {
      const frames = framesInGroup(sample.data);
      const index = indexOf(sample, frames);
      const place = ((index % frames) + frames) % frames;
      const isNext = last?.frames === frames && index === last.index + 1 && place === held.length;
      held = isNext || place === 0 ? [...(isNext ? held : []), sample] : [];
      last = { index, frames };
      const [first] = held;
      if (!first || held.length < frames) return [];
      const parts = held;
      held = [];
      if (frames === 1) return [sample];
      return [{ ...first, duration: total(parts), data: concat(parts.map(({ data }) => data)) }];
    },
    flush: () => [],
  };
}

/** Null where one of them is. */
function total(parts: readonly Sample[]): Nanoseconds | null {
  const durations = parts.map(({ duration }) => duration);
  const known = durations.filter((duration) => duration !== null);
  return known.length < parts.length ? null : nanoseconds(known.reduce((sum, one) => sum + one, 0));
}
