import { concat } from '../core/bytes.ts';
import type { ByteRange } from '../core/contracts.ts';

/** Bytes of a resource at several places. */
export interface Piece {
  readonly start: number;
  readonly bytes: Uint8Array;
}

/** What a plan was made from, and how to tell that it is still there. */
export interface PlanBlob {
  readonly size: number;
  /** Strong ETag. */
  readonly validator: string;
  /** Ascending, without overlaps. */
  readonly pieces: readonly Piece[];
}

/** In order of their places, each byte once. */
export function tidied(pieces: readonly Piece[]): Piece[] {
  const tidy: Piece[] = [];
  let end = 0;
  for (const { start, bytes } of [...pieces].sort((a, b) => a.start - b.start)) {
    const from = Math.max(start, end);
    if (from >= start + bytes.length) continue;
    tidy.push({ start: from, bytes: bytes.subarray(from - start) });
    end = start + bytes.length;
  }
  return tidy;
}

/** A range by what is there of it: pieces, and the holes between them. */
export function* partsOf(pieces: readonly Piece[], { start, end }: ByteRange): Generator<Piece | ByteRange> {
  let at = start;
  for (const piece of pieces) {
    const pieceEnd = piece.start + piece.bytes.length;
    if (pieceEnd <= at || piece.start >= end) continue;
    if (piece.start > at) yield { start: at, end: piece.start };
    const from = Math.max(at, piece.start);
    at = Math.min(end, pieceEnd);
    yield { start: from, bytes: piece.bytes.subarray(from - piece.start, at - piece.start) };
  }
  if (at < end) yield { start: at, end };
}

/** A line of JSON, then the bytes of all pieces. Those that follow each other become one. */
export function writeBlob({ size, validator, pieces }: PlanBlob): Uint8Array {
  const runs: { start: number; end: number }[] = [];
  for (const { start, bytes } of pieces) {
    const last = runs.at(-1);
    if (last?.end === start) last.end += bytes.length;
    else runs.push({ start, end: start + bytes.length });
  }
  const places = runs.flatMap(({ start, end }) => [start, end - start]);
  const head = new TextEncoder().encode(`${JSON.stringify({ size, validator, places })}\n`);
  return concat([head, ...pieces.map(({ bytes }) => bytes)]);
}

/** Null for what is no such text. */
export function parseBlob(bytes: Uint8Array): PlanBlob | null {
  const at = bytes.indexOf(NEW_LINE);
  const head = parseHead(new TextDecoder().decode(bytes.subarray(0, Math.max(at, 0))));
  if (!head) return null;
  const { size, validator, places } = head;
  const pieces: Piece[] = [];
  let position = at + 1;
  for (let i = 0; i + 1 < places.length; i += 2) {
    const [start = 0, length = 0] = places.slice(i, i + 2);
    pieces.push({ start, bytes: bytes.subarray(position, position + length) });
    position += length;
  }
  return position === bytes.length ? { size, validator, pieces } : null;
}

const NEW_LINE = 0x0a;

function parseHead(text: string) {
  try {
    const head = JSON.parse(text) as { size?: unknown; validator?: unknown; places?: unknown };
    const { size, validator, places } = head;
    const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
    if (!isCount(size) || typeof validator !== 'string') return null;
    return Array.isArray(places) && places.every(isCount) ? { size, validator, places } : null;
  } catch {
    return null;
  }
}
