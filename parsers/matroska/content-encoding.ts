import type { Master } from './ebml.ts';

/** What was done to a track's frames before they were stored (RFC 9559, 5.1.4.1.31). */
export interface ContentEncoding {
  /** Bytes taken from the front of each frame. */
  readonly strippedHeader: Uint8Array | null;
  /** Why the frames cannot be read; null when they can. */
  readonly unreadable: string | null;
}

const NONE: ContentEncoding = { strippedHeader: null, unreadable: null };
const SCOPE_FRAMES = 1;
const TYPE_ENCRYPTION = 1;
const HEADER_STRIPPING = 3;
const ALGORITHMS = ['zlib', 'bzlib', 'lzo1x'] as const;

export function readContentEncoding(track: Master): ContentEncoding {
  const encodings = track.master('ContentEncodings')?.masters('ContentEncoding') ?? [];
  const frames = encodings.filter((e) => ((e.uint('ContentEncodingScope') ?? 1) & SCOPE_FRAMES) !== 0);
  const [first] = frames;
  if (!first) return NONE;
  if (frames.some((e) => e.uint('ContentEncodingType') === TYPE_ENCRYPTION || e.has('ContentEncryption')))
    return { strippedHeader: null, unreadable: 'encrypted' };
  if (frames.length > 1)
    return { strippedHeader: null, unreadable: `${frames.length} content encodings in a chain` };
  const compression = first.master('ContentCompression');
  const algorithm = compression?.uint('ContentCompAlgo') ?? 0;
  if (algorithm === HEADER_STRIPPING)
    return { strippedHeader: compression?.binary('ContentCompSettings') ?? null, unreadable: null };
  return {
    strippedHeader: null,
    unreadable: `compressed with ${ALGORITHMS[algorithm] ?? `algorithm ${algorithm}`}`,
  };
}
