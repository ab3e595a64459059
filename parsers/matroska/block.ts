import { ByteCursor } from '../../src/core/bytes.ts';
import type { Sample, SampleHead } from '../../src/core/contracts.ts';
import { corrupt } from '../../src/core/errors.ts';
import { type Nanoseconds, nanoseconds } from '../../src/core/time.ts';
import { MAX_HEAD_SIZE, Master, readElementHead, readVarint } from './ebml.ts';
import { ELEMENTS } from './elements.ts';
import { readFrames } from './lacing.ts';

/** What a block needs to know of its track. */
export interface BlockTrack {
  readonly id: number;
  /** Subtracted from every stamp (RFC 9559, 5.1.4.1.25). */
  readonly codecDelay: number;
  /** Nanoseconds from one laced frame to the next; null when unknown. */
  readonly frameDuration: number | null;
  /** Bytes that header stripping took from the front of each frame (5.1.4.1.31.7). */
  readonly strippedHeader: Uint8Array | null;
  /** False when a frame's beginning alone cannot be brought into MP4's form. */
  readonly isPrefixUsable: boolean;
  /** To the form that MP4 stores: 4-byte lengths. Returns the same view where nothing is to be done. */
  normalize(frame: Uint8Array): Uint8Array;
}

export interface BlockContext {
  readonly timestampScale: number;
  readonly tracks: ReadonlyMap<number, BlockTrack>;
}

/** A block that lies whole in memory, with the stamp of its cluster. */
export interface BlockBytes {
  readonly content: Uint8Array;
  /** File offset of `content`. */
  readonly contentPosition: number;
  /** File offset of the element. */
  readonly position: number;
  /** File offset of the cluster it lies in. */
  readonly entry: number;
  readonly clusterTime: number;
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
export function parseSimpleBlock(block: BlockBytes, context: BlockContext): Sample[] {
  const cursor = new ByteCursor(block.content, block.contentPosition);
  const header = readBlockHeader(cursor);
  return readSamples({ block, header, cursor, duration: null }, (header.flags & KEYFRAME) !== 0, context);
}

/** The samples of a BlockGroup: one without ReferenceBlock is a key picture (RFC 9559, 5.1.3.5). */
export function parseBlockGroup(block: BlockBytes, context: BlockContext): Sample[] {
  const group = new Master(block.content, block.contentPosition);
  const content = group.binary('Block');
  if (!content) {
    if (group.has('EncryptedBlock')) throw corrupt('EncryptedBlock in a BlockGroup', block.position);
    return [];
  }
  const cursor = new ByteCursor(content, block.contentPosition);
  const header = readBlockHeader(cursor);
  const duration = blockDuration(group, context);
  return readSamples({ block, header, cursor, duration }, !group.has('ReferenceBlock'), context);
}

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
  /** In units of TimestampScale, for all frames together. */
  readonly duration: number | null;
}

function readSamples(open: OpenBlock, isKey: boolean, context: BlockContext): Sample[] {
  const track = context.tracks.get(open.header.trackNumber);
  if (!track) return [];
  const frames = readFrames(open.cursor, open.header.flags);
  const total = open.duration === null ? null : open.duration * context.timestampScale;
  const spacing = track.frameDuration ?? (total === null ? 0 : total / frames.length);
  const duration = total === null ? track.frameDuration : total / frames.length;
  const start = blockTime(open.block.clusterTime, open.header, track, context);
  return frames.map((frame, i) => ({
    trackId: track.id,
    time: nanoseconds(start + Math.round(i * spacing)),
    duration: duration === null ? null : nanoseconds(Math.round(duration)),
    isKey,
    position: open.block.position,
    entry: open.block.entry,
    data: track.normalize(restoreHeader(frame, track.strippedHeader)),
  }));
}

const blockTime = (
  clusterTime: number,
  header: BlockHeader,
  track: BlockTrack,
  context: BlockContext,
): Nanoseconds =>
  nanoseconds((clusterTime + header.relativeTime) * context.timestampScale - track.codecDelay);

function restoreHeader(frame: Uint8Array, header: Uint8Array | null): Uint8Array {
  if (!header || header.length === 0) return frame;
  const whole = new Uint8Array(header.length + frame.length);
  whole.set(header);
  whole.set(frame, header.length);
  return whole;
}

/**
 * What the first bytes of a SimpleBlock or BlockGroup tell while the rest is under way; null when they do not reach
 * to the end of the block header, or when the track is not in the context (`isKnown` false).
 */
export function peekBlock(
  block: BlockBytes & { readonly id: number },
  context: BlockContext,
): { readonly head: SampleHead | null; readonly isKnown: boolean } | null {
  const inner = block.id === ELEMENTS.SimpleBlock ? block.content : blockOfGroup(block);
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
    prefix: track.isPrefixUsable
      ? restoreHeader(cursor.bytes(cursor.remaining), track.strippedHeader)
      : new Uint8Array(0),
  };
  return { head, isKnown: true };
}

/** The content of the Block that a BlockGroup begins with, as far as it has arrived; null when it begins otherwise. */
function blockOfGroup(block: BlockBytes): Uint8Array | null {
  const head = readElementHead(block.content.subarray(0, MAX_HEAD_SIZE), block.contentPosition);
  if (head?.id !== ELEMENTS.Block || head.size === null) return null;
  return block.content.subarray(head.headSize, head.headSize + head.size);
}
