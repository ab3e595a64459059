import { orNull } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import type { Master } from './ebml.ts';
import { inflateZlib } from './inflate.ts';

/** What was done to a track's frames before they were stored (RFC 9559, 5.1.4.1.31), and its undoing. */
export interface ContentEncoding {
  /**
   * The frame as it was before it was stored: the same view where nothing was done to it.
   * @throws MediaError `corrupt` or `limit` when it does not decompress
   */
  decode(frame: Uint8Array): Uint8Array;
  /** CodecPrivate, decoded where the encodings reach it; null when absent or unreadable. */
  readonly privateData: Uint8Array | null;
  /** False when a frame's beginning alone cannot be decoded. */
  readonly isPrefixUsable: boolean;
  /** Why the frames cannot be read; null when they can. */
  readonly unreadable: string | null;
}

type Decode = (data: Uint8Array) => Uint8Array;

interface Step {
  readonly decode: Decode;
  readonly isPrefixUsable: boolean;
}

const SCOPE_FRAMES = 1;
const SCOPE_PRIVATE = 2;
const TYPE_COMPRESSION = 0;
const TYPE_ENCRYPTION = 1;
const HEADER_STRIPPING = 3;
const ALGORITHMS = ['zlib', 'bzlib', 'lzo1x'] as const;

export function readContentEncoding(track: Master): ContentEncoding {
  const stored = track.binary('CodecPrivate');
  const encodings = inOrder(track.master('ContentEncodings')?.masters('ContentEncoding') ?? []);
  const frames = readChain(encodings, SCOPE_FRAMES);
  const ofPrivate = readChain(encodings, SCOPE_PRIVATE);
  const unreadable = frames.unreadable ?? (stored ? ofPrivate.unreadable : null);
  const plain = { decode: unchanged, isPrefixUsable: true };
  if (unreadable !== null)
    return { ...plain, privateData: ofPrivate.unreadable === null ? stored : null, unreadable };
  return { ...chain(frames.steps), privateData: decodePrivate(stored, ofPrivate.steps), unreadable: null };
}

const unchanged: Decode = (data) => data;

/** Those that reach frames or private data, the one that was applied last first (5.1.4.1.31.2). */
const inOrder = (encodings: readonly Master[]): Master[] =>
  encodings.toSorted((a, b) => (b.uint('ContentEncodingOrder') ?? 0) - (a.uint('ContentEncodingOrder') ?? 0));

function readChain(
  encodings: readonly Master[],
  scope: number,
): { readonly steps: readonly Step[]; readonly unreadable: string | null } {
  const own = encodings.filter((e) => ((e.uint('ContentEncodingScope') ?? SCOPE_FRAMES) & scope) !== 0);
  if (own.length > LIMITS.contentEncodings)
    return { steps: [], unreadable: `${own.length} content encodings in a chain` };
  const steps = own.map(readStep);
  const reasons = steps.filter((step) => typeof step === 'string');
  return {
    steps: steps.filter((step) => typeof step !== 'string'),
    unreadable: reasons.find((reason) => reason === ENCRYPTED) ?? reasons[0] ?? null,
  };
}

const ENCRYPTED = 'encrypted';

/** How one encoding is undone, or why it cannot be. */
function readStep(encoding: Master): Step | string {
  const type = encoding.uint('ContentEncodingType') ?? TYPE_COMPRESSION;
  if (type === TYPE_ENCRYPTION || encoding.has('ContentEncryption')) return ENCRYPTED;
  if (type !== TYPE_COMPRESSION) return `content encoding of type ${type}`;
  const compression = encoding.master('ContentCompression');
  const algorithm = compression?.uint('ContentCompAlgo') ?? 0;
  if (algorithm === 0) return { decode: inflateZlib, isPrefixUsable: false };
  if (algorithm !== HEADER_STRIPPING)
    return `compressed with ${ALGORITHMS[algorithm] ?? `algorithm ${algorithm}`}`;
  return {
    decode: headerRestorer(compression?.binary('ContentCompSettings') ?? null),
    isPrefixUsable: true,
  };
}

/** Puts the bytes back that were taken from the front of each frame (5.1.4.1.31.7). */
function headerRestorer(header: Uint8Array | null): Decode {
  if (!header || header.length === 0) return unchanged;
  return (frame) => {
    const whole = new Uint8Array(header.length + frame.length);
    whole.set(header);
    whole.set(frame, header.length);
    return whole;
  };
}

const chain = (steps: readonly Step[]): Step => ({
  decode: (frame) => steps.reduce((data, step) => step.decode(data), frame),
  isPrefixUsable: steps.every((step) => step.isPrefixUsable),
});

/** Private data that do not decode are none: the frames may still tell what they would have. */
const decodePrivate = (stored: Uint8Array | null, steps: readonly Step[]): Uint8Array | null =>
  stored && orNull(() => chain(steps).decode(stored));
