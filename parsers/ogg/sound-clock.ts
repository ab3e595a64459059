/**
 * Where a logical stream of sound is in time. Counts are samples on the track's time line, whose zero is that of its
 * first link's sound.
 */
export interface ClockState {
  /** To be added to granule positions. */
  readonly offset: number;
  readonly phase: 'beginning' | 'running';
  /** When the next packet begins; null where the next page is to tell: at first, and where pages are missing. */
  readonly next: number | null;
  /** When the sound of a link that follows another begins; null for the first, whose granule positions tell. */
  readonly joinAt: number | null;
  /** What lies before it is not heard. */
  readonly heardFrom: number;
  /** End of the last page as it said, where that does not fit: believed when the next page goes on from there. */
  readonly doubt: number | null;
  /** When the last packet began. */
  readonly last: number;
  /** When the last packet ended. */
  readonly end: number;
}

/** The packets of sound that end on a page, and what the page says of them. */
export interface PageOfSound {
  readonly granule: number | null;
  /** A logical stream ends with it. */
  readonly isLast: boolean;
  /** Samples of each packet. */
  readonly lengths: readonly number[];
  /** Samples of a stream's first packet of which nothing is heard, since it overlaps with none. */
  readonly lead: number;
}

export interface PageTimes {
  /** When the first packet begins by the length that it has. */
  readonly start: number;
  /** When it begins indeed: later where it would lie before the last one of another link. */
  readonly first: number;
  /** What lies behind it is padding. */
  readonly heardTo: number;
  readonly clock: ClockState;
}

/**
 * A stream before its first packet.
 * @param delay as `SoundFormat.delay`; its samples are heard
 */
export const beginningClock = (delay: number): ClockState => ({
  offset: -delay,
  phase: 'beginning',
  next: null,
  joinAt: null,
  heardFrom: -delay,
  doubt: null,
  last: Number.NEGATIVE_INFINITY,
  end: Number.NEGATIVE_INFINITY,
});

/** A stream at a place that was met by its content. */
export const clockAnywhere = (delay: number): ClockState => ({ ...beginningClock(delay), phase: 'running' });

/** A link of a chain before its first packet. @param before of the link before */
export const joinedClock = (before: ClockState, delay: number, joinAt: number): ClockState => ({
  ...beginningClock(delay),
  joinAt,
  last: before.last,
  end: before.end,
});

/** Behind pages that are missing. */
export const clockBehindLoss = (clock: ClockState): ClockState => ({ ...clock, next: null, doubt: null });

/**
 * When the packets of a page are heard: each when the one before ends; at first, and where pages are missing, as the
 * page's granule position says, which is the end of its last packet. On a stream's last page one that comes too early
 * cuts off padding (RFC 7845, 4.4; Vorbis I, Appendix A.2).
 */
export function timesOfPage(clock: ClockState, page: PageOfSound): PageTimes {
  const samples = page.lengths.reduce((sum, length) => sum + length, 0);
  const { offset, start, heardFrom } = placed(clock, page, samples);
  const end = start + samples;
  const claimed = page.granule === null ? end : page.granule + offset;
  const heardTo = page.isLast && claimed >= start ? Math.min(claimed, end) : end;
  const first = clock.phase === 'beginning' ? Math.max(start, clock.last + APART) : start;
  return {
    start,
    first,
    heardTo,
    clock: {
      offset,
      heardFrom,
      phase: 'running',
      next: heardTo,
      joinAt: null,
      doubt: page.isLast || claimed === end ? null : claimed,
      last: Math.max(first, end - (page.lengths.at(-1) ?? 0)),
      end: heardTo,
    },
  };
}

/** Samples from the last packet of a link to the first of the next: at 192 kHz, more than times are rounded by. */
const APART = 16;

type Placed = Pick<ClockState, 'offset' | 'heardFrom'> & { readonly start: number };

function placed(clock: ClockState, page: PageOfSound, samples: number): Placed {
  const { offset, heardFrom, next, doubt, last, end, phase } = clock;
  if (phase === 'beginning') return placedFirst(clock, page, samples);
  const own = page.granule === null ? Number.NEGATIVE_INFINITY : page.granule + offset - samples;
  // Where nothing tells, the track's zero is as good as any other place.
  if (next === null)
    return { offset, heardFrom, start: Number.isFinite(end) ? Math.max(own, end) : Math.max(own, offset) };
  const isConfirmed = doubt !== null && own === doubt && doubt > last;
  return { offset, heardFrom, start: isConfirmed ? doubt : next };
}

/**
 * Granule positions of a stream may begin with any number: it was cut out of a longer one. Of a stream of one page, one
 * that is too small says where sound ends that begins with 0.
 */
function placedFirst(
  { offset, joinAt, heardFrom, last }: ClockState,
  { granule, isLast, lead }: PageOfSound,
  samples: number,
): Placed {
  const sound = granule === null ? 0 : granule - (samples - lead);
  const first = (isLast ? Math.max(0, sound) : sound) - lead;
  if (joinAt === null) return { offset, heardFrom, start: first + offset };
  // Times grow from packet to packet: where the last one is all but cut off, the link begins a little later. But of
  // what is not heard at all a single sample is enough.
  const start = Math.max(joinAt + offset - lead, last + APART - Math.max(0, lead - 1));
  return { offset: start - first, heardFrom: start - offset + lead, start };
}
