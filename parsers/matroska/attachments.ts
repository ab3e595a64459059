import type { AttachedFile, ByteRange } from '../../src/core/contracts.ts';
import { MediaError } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { type ElementHead, MAX_HEAD_SIZE, readElementHead } from './ebml.ts';
import { ELEMENTS } from './elements.ts';

export interface AttachmentHeads {
  readonly files: readonly AttachedFile[];
  /** False when there may be more of them. */
  readonly isComplete: boolean;
}

/**
 * Names and sizes of attached files (RFC 9559, 5.1.6), as far as the beginning of an Attachments element shows them:
 * the files themselves need not be there.
 * @param content what of the element's content has arrived
 * @param size of all of its content
 * @param position file offset of its first byte
 */
export function readAttachmentHeads(content: Uint8Array, size: number, position: number): AttachmentHeads {
  const files: AttachedFile[] = [];
  let reached = 0;
  for (const child of childrenSeen(content)) {
    if (files.length >= LIMITS.listed) break;
    const place = { start: position + child.start, end: position + Math.min(child.end, size) };
    const file = child.id === ELEMENTS.AttachedFile ? readFile(child.seen, place) : null;
    if (file) files.push(file);
    reached = child.end;
  }
  return { files, isComplete: reached >= size };
}

/** Name, type and size of one file; null when its data's head is not among the bytes, or its data end behind it. */
function readFile(seen: Uint8Array, place: ByteRange): AttachedFile | null {
  let name = '';
  let type = '';
  let range: ByteRange | null = null;
  for (const child of childrenSeen(seen)) {
    if (child.id === ELEMENTS.FileName) name = text(child.seen);
    if (child.id === ELEMENTS.FileMediaType) type = text(child.seen);
    if (child.id === ELEMENTS.FileData)
      range = { start: place.start + child.start, end: place.start + child.end };
  }
  return range && range.end <= place.end ? { name, type, range } : null;
}

interface SeenChild {
  readonly id: number;
  /** Where its content begins. */
  readonly start: number;
  /** As much of the content as is there. */
  readonly seen: Uint8Array;
  /** Where the next one begins. */
  readonly end: number;
}

/** Children of an element that may be cut off; ends where bytes are missing or make no sense. */
function* childrenSeen(content: Uint8Array): Generator<SeenChild> {
  for (let at = 0; at < content.length; ) {
    const head = headAt(content, at);
    if (!head || head.size === null) return;
    const start = at + head.headSize;
    const end = start + head.size;
    yield { id: head.id, start, seen: content.subarray(start, end), end };
    at = end;
  }
}

function headAt(content: Uint8Array, at: number): ElementHead | null {
  try {
    return readElementHead(content.subarray(at, at + MAX_HEAD_SIZE), at);
  } catch (error) {
    if (error instanceof MediaError) return null;
    throw error;
  }
}

/** Names of files are short; a long one is of no use to anybody. */
const MAX_TEXT = 1000;

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes.subarray(0, MAX_TEXT));
