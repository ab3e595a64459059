import type { ByteCursor } from '../../src/core/bytes.ts';
import { MediaError } from '../../src/core/errors.ts';
import { bcp47 } from '../../src/core/language.ts';
import type { Box } from './box.ts';
import type { Edit } from './edit-list.ts';
import { mediaLanguage } from './language.ts';
import { cursorOf, fullBoxContent, readableBoxes, readFullBox, readI64 } from './readable-boxes.ts';
import { readText } from './texts.ts';

/** The part of a transformation matrix that turns: a, b, c, d in 16.16, y downwards. ISO/IEC 14496-12, 6.2.2. */
export interface Matrix {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
}

export const IDENTITY: Matrix = { a: 1, b: 0, c: 0, d: 1 };

/** Nine numbers, of which the third, sixth and the last three move and project. */
export function readMatrix(fields: ByteCursor): Matrix {
  const number = () => (fields.u32() | 0) / 0x10000;
  const [a, b] = [number(), number()];
  fields.skip(4);
  const [c, d] = [number(), number()];
  fields.skip(4 + 12);
  return { a, b, c, d };
}

/**
 * Clockwise degrees (0, 90, 180, 270) of a track's matrix and then the movie's. What is upright or lies on its side is
 * what counts: of a mirrored picture, the turn that is left when it is mirrored from left to right.
 */
export function rotationOf({ a, b, c, d }: Matrix, movie: Matrix): number {
  const fromX = a * movie.b + b * movie.d;
  const fromY = c * movie.b + d * movie.d;
  const quarters = fromX === 0 && fromY === 0 ? 0 : Math.round(Math.atan2(fromX, fromY) / (Math.PI / 2));
  return ((quarters + 4) % 4) * 90;
}

/** TrackHeaderBox: 8.3.2. */
export interface TrackHeader {
  readonly id: number;
  readonly isEnabled: boolean;
  readonly alternateGroup: number;
  readonly matrix: Matrix;
  /** Of the presentation, before it is turned. */
  readonly width: number;
  readonly height: number;
}

const ENABLED = 1;

/** @throws MediaError `truncated` */
export function readTrackHeader(tkhd: Box): TrackHeader {
  const { version, flags, fields } = readFullBox(tkhd);
  const wide = version === 1 ? 8 : 4;
  fields.skip(2 * wide);
  const id = fields.u32();
  fields.skip(4 + wide + 8 + 2);
  const alternateGroup = fields.i16();
  fields.skip(2 + 2);
  const matrix = readMatrix(fields);
  const [width, height] = [fields.u32() / 0x10000, fields.u32() / 0x10000];
  return { id, isEnabled: (flags & ENABLED) !== 0, alternateGroup, matrix, width, height };
}

/** Timescale and duration, as `mvhd` and `mdhd` begin: 8.2.2 and 8.4.2. */
export interface Clock {
  /** Units a second; 0 where the file says so. */
  readonly timescale: number;
  /** Null where it is unknown: all ones, or 0. */
  readonly duration: number | null;
}

/** @param version of the box */
export function readClock(fields: ByteCursor, version: number): Clock {
  const wide = version === 1 ? 8 : 4;
  fields.skip(2 * wide);
  return { timescale: fields.u32(), duration: readDuration(fields, wide) };
}

export function readDuration(fields: ByteCursor, size: 4 | 8): number | null {
  const duration = fields.uint(size);
  const isKnown = duration > 0 && duration < 2 ** (size * 8) - 1 && Number.isSafeInteger(duration);
  return isKnown ? duration : null;
}

/** MediaHeaderBox (8.4.2) with ExtendedLanguageBox (8.4.6) beside it. */
export interface MediaHeader extends Clock {
  /** BCP 47. */
  readonly language: string;
}

/** @throws MediaError `truncated` */
export function readMediaHeader(mdhd: Box, elng: Box | undefined): MediaHeader {
  const { version, fields } = readFullBox(mdhd);
  const clock = readClock(fields, version);
  const extended = elng ? bcp47(readText(fullBoxContent(elng))) : 'und';
  const packed = fields.remaining >= 2 ? mediaLanguage(fields.u16()) : 'und';
  return { ...clock, language: extended === 'und' ? packed : extended };
}

/** HandlerBox: 8.4.3. */
export interface Handler {
  readonly type: string;
  /** Null where it says nothing of this track. */
  readonly name: string | null;
}

/** @throws MediaError `truncated` */
export function readHandler(hdlr: Box): Handler {
  const { fields } = readFullBox(hdlr);
  fields.skip(4);
  const type = String.fromCharCode(...fields.bytes(4));
  fields.skip(Math.min(12, fields.remaining));
  const name = readText(withoutCount(fields.bytes(fields.remaining)));
  return { type, name: name && SAYS_NOTHING.some((pattern) => pattern.test(name)) ? null : name };
}

/** QuickTime's names have their length in front. */
function withoutCount(name: Uint8Array): Uint8Array {
  const text = name.subarray(1);
  const zero = text.indexOf(0);
  return name[0] === (zero < 0 ? text.length : zero) ? text : name;
}

/** What muxers write into every file. */
const SAYS_NOTHING: readonly RegExp[] = [
  /handle/i,
  /gpac|#trackid|#(video|audio)$/i,
  /^(core media|iso media file|twitch|bento4)/i,
  /^(video|sound|audio|text|subtitles?|data|media|meta|timecode|vide|soun|und|null|\(null\)) ?(track|media)?$/i,
];

/** A film that was cut by hand has some hundreds. */
const MAX_EDITS = 65_536;

/**
 * EditListBox (8.6.6) as the file has it: as many entries as there are bytes for.
 * @throws MediaError `limit`
 */
export function readEdits(elst: Box): Edit[] {
  if (elst.bytes.length < 8) return [];
  const { version, fields } = readFullBox(elst);
  const isWide = version === 1;
  const count = Math.min(fields.u32(), Math.floor(fields.remaining / (isWide ? 20 : 12)));
  if (count > MAX_EDITS) throw new MediaError('limit', `${count} edits, at most ${MAX_EDITS} are read`);
  return Array.from({ length: count }, () => ({
    duration: fields.uint(isWide ? 8 : 4),
    mediaTime: isWide ? readI64(fields) : fields.u32() | 0,
    rate: (fields.u32() | 0) / 0x10000,
  }));
}

const MAX_REFERENCES = 256;

/** TrackReferenceBox: type → IDs of tracks. 8.3.3. */
export function readReferences(tref: Box): ReadonlyMap<string, readonly number[]> {
  const references = new Map<string, readonly number[]>();
  for (const box of readableBoxes(tref)) {
    if (references.size >= MAX_REFERENCES) break;
    const fields = cursorOf(box);
    const count = Math.min(Math.floor(fields.remaining / 4), MAX_REFERENCES);
    references.set(
      box.type,
      Array.from({ length: count }, () => fields.u32()),
    );
  }
  return references;
}
