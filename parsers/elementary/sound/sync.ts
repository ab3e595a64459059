import type { Framing, Part } from './framing.ts';

/** Where a frame begins. */
export interface Start {
  readonly at: number;
  /** Else more bytes must tell. */
  readonly isSure: boolean;
}

/** Where to look for a start: it lies in [at, end). */
export interface Span {
  readonly at: number;
  readonly end: number;
  /** Where the last payload begins: the frame there may be the last one of its format. */
  readonly aligned: number;
}

/** A whole frame. */
export interface Measured {
  readonly bytes: number;
  readonly parts: number;
  /** As headers tell them. */
  readonly samples: number;
  /** Where its last part begins in it. */
  readonly lastPart: number;
  /** Another part begins behind it, or the bytes end there. */
  readonly isFollowed: boolean;
}

/** A part that a frame may begin with. */
function headAt(framing: Framing, bytes: Uint8Array, at: number): Part | 'more' | null {
  const part = framing.partAt(bytes, at);
  if (part === null || part === 'more') return part;
  return part.isHead && part.bytes <= framing.maxBytes ? part : null;
}

/**
 * The first sure start, else the first that may be one; null where there is none at all. At the end of a sure one
 * another of the same format begins, or the payload that has all of it ends, and nothing before it may be a start.
 */
export function findStart(framing: Framing, bytes: Uint8Array, span: Span): Start | null {
  let possible: Start | null = null;
  for (let at = span.at; at < span.end; at++) {
    const part = headAt(framing, bytes, at);
    if (part === null) continue;
    const follower = part === 'more' ? 'more' : followerOf(framing, bytes, at + part.bytes);
    if (part !== 'more' && follower !== null && follower !== 'more') {
      const isLike = at === span.aligned || follower.key === part.key || follower.key === null;
      if (isLike) return { at, isSure: true };
      continue;
    }
    if (follower === null) continue;
    const isWithin = part !== 'more' && at >= span.aligned && at + part.bytes <= bytes.length;
    if (isWithin && !possible) return { at, isSure: true };
    possible ??= { at, isSure: false };
  }
  return possible;
}

/** The part that begins at the end of another. */
const followerOf = (framing: Framing, bytes: Uint8Array, end: number): Part | 'more' | null =>
  end >= bytes.length ? 'more' : framing.partAt(bytes, end);

/**
 * The frame that begins at `at`; null where none does. A number where the bytes do not reach to its end: how many from
 * `at` on are wanted before it is worth another try.
 */
export function measureFrame(
  framing: Framing,
  bytes: Uint8Array,
  at: number,
  isWhole: (frame: Measured) => boolean,
): Measured | number | null {
  const head = headAt(framing, bytes, at);
  if (head === null) return null;
  const there = bytes.length - at;
  if (head === 'more') return there + 1;
  let frame = { bytes: head.bytes, parts: 1, samples: head.samples, lastPart: 0, isFollowed: true };
  while (frame.bytes <= there) {
    if (frame.bytes === there) return !framing.joins || isWhole(frame) ? frame : there + 1;
    const next = framing.partAt(bytes, at + frame.bytes);
    if (next === 'more' && framing.joins) return there + 1;
    if (next === null || next === 'more') return { ...frame, isFollowed: next !== null };
    const size = frame.bytes + next.bytes;
    if (size > framing.maxBytes || !framing.joins?.(next, frame.samples)) return frame;
    const samples = frame.samples + next.samples;
    frame = { bytes: size, parts: frame.parts + 1, samples, lastPart: frame.bytes, isFollowed: true };
  }
  return frame.bytes;
}
