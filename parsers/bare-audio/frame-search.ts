import { LIMITS } from '../../src/core/limits.ts';
import { ID3_HEADER_BYTES, id3Bytes } from '../audio-file/id3.ts';
import type { Framing, Part } from '../elementary/sound/framing.ts';
import type { FrameKind } from './kinds.ts';

/** What is the same in all frames of a stream, so that nothing else is taken for one of them. */
export interface Likeness {
  readonly kind: FrameKind;
  readonly framing: Framing;
  /** As `FrameKind.family` tells it. */
  readonly family: number;
}

/** Bytes of a stream from some place on. */
export interface Stretch {
  readonly bytes: Uint8Array;
  /** The stream ends with them; else more may tell what they do not. */
  readonly isLast: boolean;
}

/** A whole frame with all of its parts. */
export interface Measured {
  readonly end: number;
  readonly samples: number;
}

/** Too few bytes: as many are wanted from the beginning of the stretch on. */
export interface Wanted {
  readonly wanted: number;
}

/** Parts of one frame; E-AC-3 may have 48 of them. */
const MAX_PARTS = 64;
/** A header of any of the codecs. */
const HEADER_BYTES = 16;

const isLike = ({ kind, family }: Likeness, { key, bytes }: Part): boolean =>
  (key === null || kind.family(key) === family) && bytes >= kind.leastBytes;

/** The frame that begins at `at`; null where none of the stream does. */
export function measureFrame(
  likeness: Likeness,
  { bytes, isLast }: Stretch,
  at: number,
): Measured | Wanted | null {
  const { framing, kind } = likeness;
  const head = framing.partAt(bytes, at);
  if (head === 'more') return isLast ? null : { wanted: at + HEADER_BYTES };
  if (!head?.isHead || head.bytes > framing.maxBytes || !isLike(likeness, head)) return null;
  let end = at + head.bytes;
  let samples = head.samples;
  for (let parts = 1; kind.joins && parts < MAX_PARTS && end <= bytes.length; parts++) {
    const next = end < bytes.length ? framing.partAt(bytes, end) : 'more';
    if (next === 'more' && !isLast) return { wanted: end + HEADER_BYTES };
    if (next === null || next === 'more' || !isLike(likeness, next)) break;
    if (end + next.bytes - at > framing.maxBytes || !kind.joins(next, samples)) break;
    end += next.bytes;
    samples += next.samples;
  }
  if (end <= bytes.length) return { end, samples };
  return isLast ? null : { wanted: end };
}

/** What stands at `at` behind a frame bears it out: another one, a tag, or the end. Wanted bytes where they must tell. */
export function followsAt(likeness: Likeness, { bytes, isLast }: Stretch, at: number): boolean | Wanted {
  if (at >= bytes.length) return isLast || { wanted: at + HEADER_BYTES };
  const part = likeness.framing.partAt(bytes, at);
  if (part === 'more') return isLast ? false : { wanted: at + HEADER_BYTES };
  if (part !== null) return isLike(likeness, part);
  const tag = tagAt({ bytes, isLast }, at);
  return typeof tag === 'number' || tag;
}

const TAGS = [
  { name: [0x49, 0x44, 0x33], bytes: id3Bytes },
  // ID3v1
  { name: [0x54, 0x41, 0x47], bytes: () => 128 },
] as const;

/** Bytes of the tag that stands between frames, as it does where files were joined; false where none does. */
export function tagAt({ bytes, isLast }: Stretch, at: number): number | false | Wanted {
  const tag = TAGS.find(({ name }) => name.every((byte, i) => (bytes[at + i] ?? byte) === byte));
  if (!tag || at >= bytes.length) return false;
  if (bytes.length - at < ID3_HEADER_BYTES) return isLast ? false : { wanted: at + ID3_HEADER_BYTES };
  const size = tag.bytes(bytes, at);
  return size !== null && size <= LIMITS.metadata ? size : false;
}

/** The first place at or after `from` where a frame begins that another one follows; wanted bytes, or null. */
export function findFollowed(
  likeness: Likeness,
  stretch: Stretch,
  span: { readonly from: number; readonly end: number },
): number | (Wanted & { readonly at: number }) | null {
  for (let at = span.from; at < span.end; at++) {
    const frame = measureFrame(likeness, stretch, at);
    if (frame === null) continue;
    const follows = 'wanted' in frame ? frame : followsAt(likeness, stretch, frame.end);
    if (follows === true) return at;
    if (follows !== false) return { at, wanted: follows.wanted };
  }
  return null;
}
