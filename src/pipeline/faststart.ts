import { box, type Part, serialize, u32 } from '../../muxers/fmp4/box.ts';
import { type Box, boxes } from '../../parsers/mp4/box.ts';
import { readTopLevel } from '../../parsers/mp4/top-level.ts';
import { readRange } from '../core/bytes.ts';
import type { ByteRange, Source } from '../core/contracts.ts';
import { corrupt, unsupported } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';

/** A part of a file as it is laid out anew: made here, or lying in the source. */
type Piece =
  | { readonly kind: 'made'; readonly bytes: Uint8Array }
  | { readonly kind: 'source'; readonly range: ByteRange };

/** An MP4 file with its movie box in front of its media, of which every byte can be asked for. */
export interface Faststart {
  readonly size: number;
  /** In the order of the file; a range that reaches beyond its end ends there. @throws MediaError of the source */
  read(range: ByteRange, signal: AbortSignal): AsyncGenerator<Uint8Array>;
}

/**
 * The same boxes in another order: what is in front of the media, the movie box with its chunk offsets moved, the
 * media, the rest. No byte of the media is touched; a file that is so already is left alone.
 * @throws MediaError `unsupported` for what is no MP4, has fragments, or an upstream without a size; as `openMp4`
 */
export async function openFaststart(source: Source, signal: AbortSignal): Promise<Faststart> {
  const head = await readRange(source, { start: 0, end: LIMITS.head }, signal);
  if (!BEGINNINGS.has(String.fromCharCode(...head.subarray(4, 8))))
    throw unsupported('Only an MP4 file can be laid out anew; use /remux.mp4 for others');
  const end = source.size;
  if (end === null)
    throw unsupported('The upstream does not say how long the file is; nothing can be moved in it');
  const { heads, moov } = await readTopLevel(source, { end, access: 'anywhere' }, signal);
  if (!moov || heads.some(({ type }) => type === 'moof'))
    throw unsupported('Only an MP4 file with one movie box for all its samples can be laid out anew');
  const media = heads.find(({ type }) => type === 'mdat');
  const whole: Piece = { kind: 'source', range: { start: 0, end } };
  return layOut(source, media ? moved(moov, { media: media.start, end }) : [whole]);
}

/** Types of a file's first box: ISO/IEC 14496-12, 4.3; QuickTime begins with others. */
const BEGINNINGS: ReadonlySet<string> = new Set([
  'ftyp',
  'moov',
  'mdat',
  'free',
  'skip',
  'wide',
  'pnot',
  'styp',
]);

interface Ends {
  /** Where the first media begin. */
  readonly media: number;
  /** Of the file. */
  readonly end: number;
}

function moved(moov: Box, { media, end }: Ends): Piece[] {
  const movieEnd = Math.min(moov.end, end);
  const old = { start: moov.start, end: movieEnd };
  const make = (size: number, width: ChunkWidth): Uint8Array => {
    const shift = (offset: number) => {
      if (offset >= media && offset < old.start) return offset + size;
      // What points into the movie box or out of the file means nothing, here as there.
      return offset >= old.end && offset < end ? offset + size - (old.end - old.start) : offset;
    };
    return serialize(movedMovie(moov, { shift, width, depth: 0 }));
  };
  // A chunk offset that no longer fits into 32 bits widens all of them: twice the box is more than that takes.
  const width = end + 2 * (old.end - old.start) > 2 ** 32 ? 8 : 4;
  const { length } = make(0, width);
  return [
    { kind: 'source', range: { start: 0, end: media } },
    { kind: 'made', bytes: make(length, width) },
    { kind: 'source', range: { start: media, end: old.start } },
    { kind: 'source', range: { start: old.end, end } },
  ];
}

type ChunkWidth = 4 | 8;

interface Moving {
  readonly shift: (offset: number) => number;
  /** Bytes of each chunk offset, where they were four. */
  readonly width: ChunkWidth;
  /** Boxes around this one. */
  readonly depth: number;
}

/** Boxes on the way to the chunk offsets: ISO/IEC 14496-12, 6.2.3. */
const WAY: ReadonlySet<string> = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl']);

/** Chunk Offset: ISO/IEC 14496-12, 8.7.5; bytes of an entry by type. */
const OFFSETS: ReadonlyMap<string, ChunkWidth> = new Map([
  ['stco', 4],
  ['co64', 8],
]);

/** Boxes beside each other on that way: some ten in all files, and as many tracks as can be. */
const MOST_BOXES = 4 * LIMITS.tracks;

function movedMovie(one: Box, moving: Moving): Part {
  if (one.type === 'cmov') throw unsupported('The movie box is compressed');
  if (one.type === 'mvex') throw unsupported('The samples of the movie lie in fragments');
  const width = OFFSETS.get(one.type);
  if (width) return movedOffsets(one, width, moving);
  if (!WAY.has(one.type)) return box(one.type, ...(one.uuid ? [fromHex(one.uuid)] : []), one.bytes);
  const { depth } = moving;
  if (depth >= LIMITS.depth) throw corrupt(`Boxes in ${depth} boxes`, one.start);
  const inner: Part[] = [];
  for (const child of boxes(one.bytes, one.content)) {
    inner.push(movedMovie(child, { ...moving, depth: depth + 1 }));
    if (inner.length > MOST_BOXES)
      throw corrupt(`More than ${MOST_BOXES} boxes in a ${one.type} box`, child.start);
  }
  return box(one.type, ...inner);
}

function movedOffsets({ bytes, content }: Box, width: ChunkWidth, moving: Moving): Part {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = bytes.length >= 8 ? view.getUint32(4) : 0;
  if (8 + count * width > bytes.length) throw corrupt('A table of chunk offsets is cut off', content);
  const isWide = width === 8 || moving.width === 8;
  const moved = new DataView(new ArrayBuffer(count * (isWide ? 8 : 4)));
  for (let i = 0; i < count; i++) {
    const at = 8 + i * width;
    const offset = width === 8 ? view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4) : view.getUint32(at);
    const next = moving.shift(offset);
    if (!isWide) moved.setUint32(4 * i, next);
    else {
      moved.setUint32(8 * i, Math.floor(next / 2 ** 32));
      moved.setUint32(8 * i + 4, next % 2 ** 32);
    }
  }
  return box(isWide ? 'co64' : 'stco', bytes.subarray(0, 4), u32(count), new Uint8Array(moved.buffer));
}

const fromHex = (digits: string): Uint8Array =>
  Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

function layOut(source: Source, pieces: readonly Piece[]): Faststart {
  const lengthOf = (piece: Piece) =>
    piece.kind === 'made' ? piece.bytes.length : piece.range.end - piece.range.start;
  const size = pieces.reduce((sum, piece) => sum + lengthOf(piece), 0);
  return {
    size,
    async *read({ start, end }, signal) {
      let at = 0;
      for (const piece of pieces) {
        const length = lengthOf(piece);
        const from = Math.max(0, start - at);
        const to = Math.min(length, end - at);
        at += length;
        if (from >= to) continue;
        if (piece.kind === 'made') yield piece.bytes.subarray(from, to);
        else {
          const base = piece.range.start;
          yield* source.read({ start: base + from, end: base + to }, signal);
        }
      }
    },
  };
}
