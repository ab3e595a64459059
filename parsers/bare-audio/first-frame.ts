import { orNull } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import type { Framing, Part, SoundFormat } from '../elementary/sound/framing.ts';
import { followsAt, type Likeness, measureFrame, type Stretch, tagAt } from './frame-search.ts';
import type { FrameKind } from './kinds.ts';

/** Where frames begin, and what all of them have in common. */
export interface FirstFrame extends Likeness {
  /** In the bytes that were searched. */
  readonly at: number;
  readonly format: SoundFormat;
  /** As the file has it: what a reading from anywhere must know. */
  readonly frame: Uint8Array;
  readonly framings: () => Framing;
}

/** Headers in a row that are no accident: at the very beginning, and behind bytes that are something else. */
const ENOUGH = { atOnce: 2, behind: 4 } as const;

/**
 * The first frames of any of the kinds; null where there are none. Of a file that is shorter than it takes to be sure,
 * frames up to its end are enough.
 */
export function findFirstFrame(kinds: readonly FrameKind[], stretch: Stretch): FirstFrame | null {
  let first: FirstFrame | null = null;
  for (const kind of kinds) {
    const found = firstOfKind(kind, stretch, first?.at ?? LIMITS.leadingGarbage);
    if (found) first = found;
  }
  return first;
}

function firstOfKind(kind: FrameKind, stretch: Stretch, end: number): FirstFrame | null {
  const { bytes } = stretch;
  const framings = kind.framings(bytes.subarray(0, LIMITS.leadingGarbage));
  const framing = framings();
  const starts = new Uint8Array(256);
  for (const byte of kind.starts) starts[byte] = 1;
  for (let at = 0; at < Math.min(end, bytes.length); at++) {
    if (starts[bytes[at] ?? 0] === 0) continue;
    const head = framing.partAt(bytes, at);
    if (!isHead(head)) continue;
    const likeness = { kind, framing, family: kind.family(head.key) };
    if (!isRow(likeness, stretch, at)) continue;
    const told = formatAt(likeness, stretch, { at, framings });
    if (told) return { ...likeness, at, framings, ...told };
  }
  return null;
}

type Head = Part & { readonly key: number };

const isHead = (part: Part | 'more' | null): part is Head =>
  part !== null && part !== 'more' && part.isHead && part.key !== null;

/** As many headers follow each other as it takes to be sure, or whole frames up to a tag or the end. */
function isRow(likeness: Likeness, stretch: Stretch, from: number): boolean {
  const enough = from === 0 ? ENOUGH.atOnce : ENOUGH.behind;
  let at = from;
  for (let count = 1; count < enough; count++) {
    const frame = measureFrame(likeness, stretch, at);
    if (frame === null || 'wanted' in frame) return false;
    const isOver = frame.end === stretch.bytes.length || typeof tagAt(stretch, frame.end) === 'number';
    if (followsAt(likeness, stretch, frame.end) !== true) return false;
    if (isOver) return from === 0 || count > 1;
    at = frame.end;
  }
  return true;
}

interface Place {
  readonly at: number;
  readonly framings: () => Framing;
}

/** The format that the first frame tells; null where it makes no sound. */
function formatAt(
  likeness: Likeness,
  { bytes }: Stretch,
  { at, framings }: Place,
): Pick<FirstFrame, 'format' | 'frame'> | null {
  const measured = measureFrame(likeness, { bytes, isLast: true }, at);
  if (measured === null || 'wanted' in measured) return null;
  const frame = bytes.slice(at, measured.end);
  const [sound] = orNull(() => framings().sounds(frame)) ?? [];
  return sound ? { format: sound.format, frame } : null;
}
