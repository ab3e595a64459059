import { concat } from '../core/bytes.ts';
import { corrupt } from '../core/errors.ts';

/** superframe_marker in the upper three bits of both ends of the index: VP9 bitstream specification, B.2. */
const MARKER = 0b110;
const MAX_FRAMES = 8;
const MAX_FRAME_BYTES = 2 ** 32 - 1;

interface SuperframeIndex {
  /** Of the frames, in bytes. */
  readonly sizes: readonly number[];
  /** Of the index itself. */
  readonly bytes: number;
}

/**
 * Views of the frames of a sample: those that its index names, or all of it where it has none. An index whose sizes
 * reach past the frames is none: what follows from it would be nonsense, and a decoder has the last word anyway.
 * Bytes between the last frame and the index belong to no frame, and neither do frames of no bytes.
 * VP9 bitstream specification, Annex B.
 */
export function splitSuperframe(data: Uint8Array): Uint8Array[] {
  const index = readIndex(data);
  if (!index) return [data];
  const frames: Uint8Array[] = [];
  let at = 0;
  for (const size of index.sizes) {
    if (size > 0) frames.push(data.subarray(at, at + size));
    at += size;
  }
  return frames;
}

/** True where the data end with an index that adds up, as `splitSuperframe` takes it. */
export const hasSuperframeIndex = (data: Uint8Array): boolean => readIndex(data) !== null;

/**
 * Frames as one sample with an index behind them, even a single one: nothing tells by its bytes whether a frame ends
 * like an index. Each must be a frame by itself, not a superframe. VP9 bitstream specification, Annex B.
 * @throws MediaError `corrupt` for none or more than 8 frames, an empty one, or one beyond 32 bits of size
 */
export function joinSuperframe(frames: readonly Uint8Array[]): Uint8Array {
  if (frames.length < 1 || frames.length > MAX_FRAMES)
    throw corrupt(`Superframe of ${frames.length} frames, not 1 to ${MAX_FRAMES}`);
  const sizes = frames.map((frame) => frame.length);
  const largest = Math.max(...sizes);
  if (sizes.includes(0) || largest > MAX_FRAME_BYTES)
    throw corrupt(`Superframe with frames of ${sizes.join(', ')} bytes`);
  return concat([...frames, writeIndex(sizes, byteCount(largest))]);
}

/** Null without an index that adds up. */
function readIndex(data: Uint8Array): SuperframeIndex | null {
  const marker = data.at(-1) ?? 0;
  if (marker >> 5 !== MARKER) return null;
  const sizeBytes = ((marker >> 3) & 3) + 1;
  const count = (marker & 7) + 1;
  const bytes = 2 + sizeBytes * count;
  const start = data.length - bytes;
  if (start < 0 || data[start] !== marker) return null;
  const sizes = Array.from({ length: count }, (_, i) => readSize(data, start + 1 + i * sizeBytes, sizeBytes));
  return sizes.reduce((sum, size) => sum + size, 0) <= start ? { sizes, bytes } : null;
}

function readSize(data: Uint8Array, at: number, size: number): number {
  let value = 0;
  for (let i = size - 1; i >= 0; i--) value = value * 256 + (data[at + i] ?? 0);
  return value;
}

function writeIndex(sizes: readonly number[], sizeBytes: number): Uint8Array {
  const marker = (MARKER << 5) | ((sizeBytes - 1) << 3) | (sizes.length - 1);
  const littleEndian = (size: number) =>
    Array.from({ length: sizeBytes }, (_, i) => Math.floor(size / 256 ** i) % 256);
  return Uint8Array.of(marker, ...sizes.flatMap(littleEndian), marker);
}

const byteCount = (size: number): number => (size < 2 ** 8 ? 1 : size < 2 ** 16 ? 2 : size < 2 ** 24 ? 3 : 4);
