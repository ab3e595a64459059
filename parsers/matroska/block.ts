import { ByteCursor } from '../../src/core/bytes.ts';
import type { Sample, SampleHead } from '../../src/core/contracts.ts';
import { corrupt, MediaError } from '../../src/core/errors.ts';
import { type Nanoseconds, nanoseconds } from '../../src/core/time.ts';
import type { Joiner } from '../elementary/joiner.ts';
import { ID_LENGTH, Master, readElementHead, readVarint } from './ebml.ts';
import { ELEMENTS } from './elements.ts';
import { readFrames } from './lacing.ts';

/** What a block needs to know of its track. */
export interface BlockTrack {
  readonly id: number;
  /** Subtracted from every stamp (RFC 9559, 5.1.4.1.25). */
  readonly codecDelay: number;
  /** Factor of the track's stamps within a cluster and of its durations; 1 in all but ancient files (5.1.4.1.15). */
  readonly timestampScale: number;
  /** Nanoseconds from one laced frame to the next; null when unknown. */
  readonly frameDuration: number | null;
  /** Nanoseconds that one frame says it lasts; null when it does not say. */
  durationOf(frame: Uint8Array): number | null;
  /** False when a frame's beginning alone cannot be brought into MP4's form. */
  readonly isPrefixUsable: boolean;
  /** The frame as it was before compression and header stripping. Throws MediaError when it is damaged. */
  decode(frame: Uint8Array): Uint8Array;
  /**
   * To the form that MP4 stores: 4-byte lengths. Returns the same view where nothing is to be done.
   * @param addition BlockAdditional: what stands beside the frame
   */
  normalize(frame: Uint8Array, addition?: Uint8Array | null): Uint8Array;
  /** Where several blocks make one sample. */
  readonly joiner: (() => Joiner) | null;
}

/** The track with its frames as they were before compression and header stripping, on the container's own stamps. */
export const asStored = (track: BlockTrack): BlockTrack => ({
  ...track,
  codecDelay: 0,
  normalize: (frame) => frame,
  joiner: null,
});

export interface BlockContext {
  readonly timestampScale: number;
  /** EBMLMaxIDLength. */
  readonly maxIdLength: number;
  readonly tracks: ReadonlyMap<number, BlockTrack>;
}

/** The frames of one block, and the bytes of those that could not be decoded. */
export interface BlockSamples {
  readonly samples: readonly Sample[];
  readonly damaged: number;
}

const NOTHING: BlockSamples = { samples: [], damaged: 0 };

/** A block, with the stamp of its cluster. */
export interface BlockBytes {
  /** Of a SimpleBlock or a BlockGroup. */
  readonly id: number;
  /** File offset of the element. */
  readonly position: number;
  /** File offset of its content. */
  readonly contentPosition: number;
  /** File offset of the cluster it lies in. */
  readonly entry: number;
  readonly clusterTime: number;
}

/** Where the content of a block lies in memory. */
export interface BlockContent {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

interface BlockHeader {
  readonly trackNumber: number;
  readonly relativeTime: number;
  readonly flags: number;
}

const KEYFRAME = 0x80;

/** Track number, signed stamp, flags (RFC 9559, 10.2). */
const readBlockHeader = (cursor: ByteCursor): BlockHeader => ({
  trackNumber: readVarint(cursor),
  relativeTime: cursor.i16(),
  flags: cursor.u8(),
});

/** The samples of a SimpleBlock; none when its track is not in the context. */
export function parseSimpleBlock(
  block: BlockBytes,
  { bytes, start, end }: BlockContent,
  context: BlockContext,
): BlockSamples {
  const cursor = new ByteCursor(bytes, block.contentPosition - start, start, end);
  const header = readBlockHeader(cursor);
  const isKey = (header.flags & KEYFRAME) !== 0;
  const rest = { duration: null, discard: 0, addition: null };
  return readSamples({ block, header, cursor, isKey, ...rest }, context);
}

/** The samples of a BlockGroup: one without ReferenceBlock is a key picture (RFC 9559, 5.1.3.5). */
export function parseBlockGroup(
  block: BlockBytes,
  { bytes, start, end }: BlockContent,
  context: BlockContext,
): BlockSamples {
  const group = new Master(bytes.subarray(start, end), block.contentPosition);
  const content = group.binary('Block');
  if (!content) {
    if (group.has('EncryptedBlock')) throw corrupt('EncryptedBlock in a BlockGroup', block.position);
    return NOTHING;
  }
  const cursor = new ByteCursor(content, block.contentPosition);
  const header = readBlockHeader(cursor);
  const duration = blockDuration(group, context);
  const discard = group.int('DiscardPadding') ?? 0;
  const isKey = !group.has('ReferenceBlock');
  const addition = readAddition(group);
  return readSamples({ block, header, cursor, isKey, duration, discard, addition }, context);
}

/** The first of the block's additions: of texts there is no other (RFC 9559, 5.1.3.5.2). */
const readAddition = (group: Master): Uint8Array | null =>
  group.master('BlockAdditions')?.master('BlockMore')?.binary('BlockAdditional') ?? null;

/** BlockDuration; null where it is absent or stands for an unknown one: 2^64 − 1 and the like occur. */
function blockDuration(group: Master, { timestampScale }: BlockContext): number | null {
  const data = group.binary('BlockDuration');
  if (!data || data.length > 8) return null;
  const duration = new ByteCursor(data).uint(data.length);
  return Number.isSafeInteger(duration * timestampScale) ? duration : null;
}

interface OpenBlock {
  readonly block: BlockBytes;
  readonly header: BlockHeader;
  /** Behind the header. */
  readonly cursor: ByteCursor;
  readonly isKey: boolean;
  /** In units of TimestampScale, for all frames together. */
  readonly duration: number | null;
  /** DiscardPadding: nanoseconds, of the last frame's end or (negative) the first one's start. */
  readonly discard: number;
  /** BlockAdditional; null where there is none. */
  readonly addition: Uint8Array | null;
}

/** Stamps of the frames of a lace: the track's own grid, else equal parts of the block, else what each frame says. */
function readSamples(open: OpenBlock, context: BlockContext): BlockSamples {
  const { block, header, cursor, isKey, duration, discard, addition } = open;
  const track = context.tracks.get(header.trackNumber);
  if (!track) return NOTHING;
  const frames = readFrames(cursor, header.flags);
  const start = blockTime(block.clusterTime, header, track, context);
  const part =
    duration === null ? null : (duration * context.timestampScale * track.timestampScale) / frames.length;
  const samples: Sample[] = [];
  let damaged = 0;
  let elapsed = 0;
  for (const [i, stored] of frames.entries()) {
    const decoded = undo(track, { stored, addition });
    const own = part ?? track.frameDuration ?? (decoded ? track.durationOf(decoded.frame) : null);
    if (decoded === null) damaged += stored.length;
    else {
      const sample = {
        trackId: track.id,
        time: nanoseconds(start + Math.round(elapsed)),
        duration: own === null ? null : nanoseconds(Math.round(own)),
        isKey,
        position: block.position,
        entry: block.entry,
        data: decoded.data,
      };
      const place = { isFirst: i === 0, isLast: i === frames.length - 1 };
      samples.push(discard === 0 ? sample : { ...sample, ...discardOf(discard, place) });
    }
    elapsed += track.frameDuration ?? own ?? 0;
  }
  return { samples, damaged };
}

/** A frame before and after it was brought into MP4's form; null when it is damaged: it costs itself alone. */
function undo(
  track: BlockTrack,
  { stored, addition }: { readonly stored: Uint8Array; readonly addition: Uint8Array | null },
): { frame: Uint8Array; data: Uint8Array } | null {
  try {
    const frame = track.decode(stored);
    return { frame, data: track.normalize(frame, addition) };
  } catch (error) {
    if (error instanceof MediaError) return null;
    throw error;
  }
}

const discardOf = (
  discard: number,
  frame: { readonly isFirst: boolean; readonly isLast: boolean },
): { readonly discard?: Nanoseconds } =>
  (discard > 0 && frame.isLast) || (discard < 0 && frame.isFirst) ? { discard: nanoseconds(discard) } : {};

/** Ticks of the cluster and those of the track (RFC 9559, 11.2). */
const blockTime = (
  clusterTime: number,
  header: BlockHeader,
  track: BlockTrack,
  context: BlockContext,
): Nanoseconds => {
  const ticks = clusterTime + header.relativeTime * track.timestampScale;
  return nanoseconds(Math.round(ticks * context.timestampScale) - track.codecDelay);
};

/**
 * What the first bytes of a SimpleBlock or BlockGroup tell while the rest is under way; null when they do not reach
 * to the end of the block header, or when the track is not in the context (`isKnown` false).
 */
export function peekBlock(
  block: BlockBytes,
  content: Uint8Array,
  context: BlockContext,
): { readonly head: SampleHead | null; readonly isKnown: boolean } | null {
  const inner = block.id === ELEMENTS.SimpleBlock ? content : blockOfGroup(content, block.contentPosition);
  const first = inner?.[0];
  if (!inner || first === undefined) return null;
  const size = Math.clz32(first) - 23;
  if (size > 8) throw corrupt('Track number longer than 8 bytes', block.contentPosition);
  if (inner.length < size + 3) return null;
  const cursor = new ByteCursor(inner, block.contentPosition);
  const header = readBlockHeader(cursor);
  const track = context.tracks.get(header.trackNumber);
  if (!track) return { head: null, isKnown: false };
  const head: SampleHead = {
    trackId: track.id,
    time: blockTime(block.clusterTime, header, track, context),
    isKey: block.id === ELEMENTS.SimpleBlock ? (header.flags & KEYFRAME) !== 0 : null,
    position: block.position,
    entry: block.entry,
    prefix: track.isPrefixUsable ? track.decode(cursor.bytes(cursor.remaining)) : new Uint8Array(0),
  };
  return { head, isKnown: true };
}

/** The content of a BlockGroup's Block as far as it has arrived; null where it has not begun. */
function blockOfGroup(content: Uint8Array, contentPosition: number): Uint8Array | null {
  for (let at = 0; at < content.length; ) {
    const head = readElementHead(content, contentPosition + at, ID_LENGTH.most, at);
    if (!head || head.size === null) return null;
    const start = at + head.headSize;
    if (head.id === ELEMENTS.Block) return content.subarray(start, start + head.size);
    at = start + head.size;
  }
  return null;
}
