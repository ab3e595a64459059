import type { Master } from './ebml.ts';

/** What lies between a frame's stamp and what is heard of it, in nanoseconds. */
export interface CodecDelay {
  /** What the decoder gives before the first sample that was encoded. */
  readonly delay: number;
  /** To be subtracted from the stamps of blocks to know when their decoded sound begins. */
  readonly offset: number;
}

/** Subtracting less than a second from stamps can be meant; more is damage. */
const MAX_DELAY = 1_000_000_000;

/**
 * CodecDelay of a track (RFC 9559, 5.1.4.1.25).
 * @param muxingApp of Info; decides whether its muxer counted the delay as the specification says
 */
export function readCodecDelay(entry: Master, muxingApp: string | null): CodecDelay {
  const declared = entry.uint('CodecDelay') ?? 0;
  const delay = declared <= MAX_DELAY ? declared : 0;
  if (!leavesDelayOutOfStamps(muxingApp)) return { delay, offset: delay };
  return { delay: opusPreSkip(entry) ?? delay, offset: 0 };
}

/**
 * libavformat up to 59.30.100 wrote CodecDelay but did not add it to the stamps: a block is stamped with the time at
 * which its decoded sound begins, so nothing is to be subtracted. (Sound and picture that begin together, with 6.5 ms
 * of Opus delay, are stamped 0 and 7 ms; by the specification both would be 7.) It also took the delay of Opus
 * from another rate than 48 kHz for samples of 48 kHz; OpusHead has the right one.
 */
function leavesDelayOutOfStamps(muxingApp: string | null): boolean {
  const match = /^Lavf(\d+)\.(\d+)\.(\d+)$/.exec(muxingApp ?? '');
  if (!match) return false;
  const version = match.slice(1).map(Number);
  const difference = version.map((part, i) => part - (LAST_WRONG[i] ?? 0)).find((value) => value !== 0) ?? 0;
  return difference <= 0;
}

const LAST_WRONG = [59, 30, 100];

/** Nanoseconds of the pre-skip in OpusHead, which counts samples of 48 kHz (RFC 7845, 5.1); null when there is none. */
function opusPreSkip(entry: Master): number | null {
  const head = entry.string('CodecID') === 'A_OPUS' ? entry.binary('CodecPrivate') : null;
  const [low, high] = head?.subarray(10, 12) ?? [];
  if (low === undefined || high === undefined) return null;
  return Math.round(((low + high * 256) * 1_000_000) / 48);
}
