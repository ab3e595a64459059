import type { Sample } from '../../src/core/contracts.ts';
import { nanoseconds } from '../../src/core/time.ts';
import type { Joiner } from './joiner.ts';

/** One picture of a packet. */
export interface PicturePart {
  readonly data: Uint8Array;
  /** Shown before the picture that was decoded last; no other one needs it. */
  readonly isB: boolean;
  /** False for what only takes a place in time: the picture that was decoded before is shown there. */
  readonly isCoded: boolean;
}

/** A picture with those that are shown before it though they are decoded after it. */
interface Group {
  readonly pictures: Sample[];
  readonly stamps: number[];
}

/** What is shown before one picture at most: no stream has more, and damage does not fill the memory. */
const MOST = 32;
/** Where no stamp tells when a picture is shown: behind the one before it. */
const LEAST_STEP = 1_000_000;

/**
 * Presentation times for packets that are stamped in the order in which they are decoded, as AVI has them: within each
 * group of a picture and those that are shown before it, the order of display takes the stamps as they come. Stamps that
 * are presentation times already stay as they are. Packets of several pictures become several samples, and what has no
 * picture is left out.
 * @param partsOf the pictures of a packet
 */
export function shownOrderJoiner(partsOf: (data: Uint8Array) => readonly PicturePart[]): Joiner {
  let group: Group | null = null;
  const release = (): Sample[] => {
    const whole = group;
    group = null;
    return whole ? inShownOrder(whole) : [];
  };
  return {
    add(sample) {
      const out: Sample[] = [];
      for (const [i, { data, isB, isCoded }] of partsOf(sample.data).entries()) {
        const picture = { ...sample, data, isKey: sample.isKey && i === 0 };
        const stamps = i === 0 ? [sample.time] : [];
        if (group && group.pictures.length >= MOST) out.push(...release());
        if (group && (isB || !isCoded)) {
          group.stamps.push(...stamps);
          if (isCoded) group.pictures.push(picture);
        } else if (isB) out.push(picture);
        else if (isCoded) {
          out.push(...release());
          group = { pictures: [picture], stamps };
        }
      }
      return out;
    },
    flush: release,
    get held() {
      return group?.pictures[0] ?? null;
    },
  };
}

/** In the order of decoding: the first picture is shown last. */
function inShownOrder({ pictures, stamps }: Group): Sample[] {
  const [first, ...before] = pictures;
  if (!first) return [];
  const times = [...stamps].sort((a, b) => a - b);
  const step = first.duration ?? LEAST_STEP;
  while (times.length < pictures.length) times.push((times.at(-1) ?? first.time) + step);
  const timeOf = (i: number) => nanoseconds(times[i] ?? first.time);
  const shown = before.map((sample, i) => ({ ...sample, time: timeOf(i) }));
  return [{ ...first, time: timeOf(before.length) }, ...shown];
}
