import { readRange } from '../../src/core/bytes.ts';
import type { Source } from '../../src/core/contracts.ts';
import { unsupported } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { ID3_HEADER_BYTES, id3Bytes, parseId3 } from './id3.ts';
import type { Told } from './told.ts';

/** What stands behind the tags that a file begins with. */
export interface Front {
  readonly position: number;
  /** As much from there on as came with one request. */
  readonly bytes: Uint8Array;
  readonly told: readonly Told[];
  /** Ticks of 90 kHz at which the sound begins, where a tag says so. */
  readonly timestamp: number | null;
}

/** Tags in front of one file: each may cost a request. */
const MAX_TAGS = 16;
/** Less than this behind a tag does not show what follows. */
const ENOUGH = 128 * 1024;

/**
 * Passes over the ID3v2 tags that a file begins with, of whatever size: what does not lie in the first bytes is not
 * read.
 * @throws MediaError `unsupported` for more than 16 of them
 */
export async function readFront(source: Source, signal: AbortSignal): Promise<Front> {
  const read = (position: number) =>
    readRange(source, { start: position, end: position + LIMITS.head }, signal);
  let position = 0;
  let bytes = await read(position);
  const told: Told[] = [];
  let timestamp: number | null = null;
  for (let count = 0; ; count++) {
    const size = id3Bytes(bytes);
    if (size === null) return { position, bytes, told, timestamp };
    if (count === MAX_TAGS) throw unsupported(`More than ${MAX_TAGS} tags in front of the sound`);
    const tag = parseId3(bytes.subarray(0, size));
    told.push(tag.told);
    timestamp ??= tag.timestamp;
    position += size;
    const rest = bytes.subarray(size);
    const isRead = bytes.length < LIMITS.head || rest.length >= ENOUGH || isTag(rest);
    bytes = isRead && rest.length > 0 ? rest : await read(position);
  }
}

const isTag = (bytes: Uint8Array): boolean => bytes.length >= ID3_HEADER_BYTES && id3Bytes(bytes) !== null;
