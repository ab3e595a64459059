import { corrupt, MediaError, unsupported, within } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { findClusterId } from './cluster.ts';
import { type ElementHead, MAX_HEAD_SIZE, Master, readElementHead } from './ebml.ts';
import { ELEMENTS, TOP_LEVEL } from './elements.ts';

/** Where the one Segment lies that is read; a second one in the file is ignored. */
export interface SegmentBounds {
  /** First byte of its content: positions in SeekHead and Cues count from here. */
  readonly start: number;
  /** Null for an unknown size. */
  readonly end: number | null;
}

/** The children of Segment that matter before any packet is read. */
export type TopName = 'SeekHead' | 'Info' | 'Tracks' | 'Cues' | 'Tags';
const WANTED: ReadonlyMap<number, TopName> = new Map(
  (['SeekHead', 'Info', 'Tracks', 'Cues', 'Tags'] as const).map((name) => [ELEMENTS[name], name]),
);

export interface TopElement {
  readonly name: TopName;
  readonly position: number;
  readonly content: Master;
}

export interface TopScan {
  readonly found: readonly TopElement[];
  /** Position of the first Cluster, where the scan ended; null when it did not come so far. */
  readonly cluster: number | null;
  /** Where an element begins that the bytes do not hold whole, and how many bytes it needs; null at a Cluster. */
  readonly unread: { readonly position: number; readonly size: number; readonly isWanted: boolean } | null;
}

/**
 * Reads the EBML header and the head of Segment (RFC 8794, 11.2; RFC 9559, 5.1).
 * @throws MediaError `corrupt` when they are not there, `unsupported` for another DocType
 */
export function readSegmentBounds(head: Uint8Array): SegmentBounds {
  const ebml = readElementHead(head.subarray(0, MAX_HEAD_SIZE), 0);
  if (ebml?.id !== ELEMENTS.EBML || ebml.size === null) throw corrupt('No EBML header', 0);
  const headerEnd = ebml.headSize + ebml.size;
  if (headerEnd > head.length) throw corrupt(`EBML header of ${ebml.size} bytes`, 0);
  const header = within('EBML', () => new Master(head.subarray(ebml.headSize, headerEnd), ebml.headSize));
  const docType = header.string('DocType') ?? 'matroska';
  if (docType !== 'matroska' && docType !== 'webm')
    throw unsupported(`EBML file of DocType "${docType.slice(0, 32)}": only matroska and webm are read`);
  return findSegment(head, headerEnd);
}

function findSegment(head: Uint8Array, from: number): SegmentBounds {
  let at = from;
  while (at < head.length) {
    const element = readElementHead(head.subarray(at, at + MAX_HEAD_SIZE), at);
    if (!element) break;
    const start = at + element.headSize;
    if (element.id === ELEMENTS.Segment)
      return { start, end: element.size === null || element.size === 0 ? null : start + element.size };
    if (element.size === null) throw corrupt('An element of unknown size before Segment', at);
    at = start + element.size;
  }
  throw new MediaError('truncated', 'The file ends before its Segment', {
    offset: Math.min(at, head.length),
  });
}

/** Walks children of Segment from the first byte of `bytes` on; ends at a Cluster or where bytes are missing. */
export function scanTopLevel(bytes: Uint8Array, position: number): TopScan {
  const found: TopElement[] = [];
  let at = 0;
  while (at < bytes.length) {
    const head = readTopHead(bytes, at, position);
    if (!head) break;
    if ('cluster' in head) return { found, cluster: position + head.cluster, unread: null };
    const name = WANTED.get(head.id);
    const start = at + head.headSize;
    const whole = head.headSize + head.size;
    if (at + whole > bytes.length)
      return {
        found,
        cluster: null,
        unread: { position: position + at, size: whole, isWanted: name !== undefined },
      };
    const content = name ? readContent(name, bytes.subarray(start, at + whole), position + start) : null;
    if (name && content) found.push({ name, position: position + at, content });
    at += whole;
  }
  const rest = { position: position + at, size: MAX_HEAD_SIZE, isWanted: false };
  return { found, cluster: null, unread: rest };
}

/** Elements that only help to find things: a broken one is none. */
const HINTS: ReadonlySet<TopName> = new Set(['SeekHead', 'Cues', 'Tags']);

/** @param base file offset of `bytes` */
function readContent(name: TopName, bytes: Uint8Array, base: number): Master | null {
  try {
    return within('Segment', () => within(name, () => new Master(bytes, base)));
  } catch (error) {
    if (error instanceof MediaError && HINTS.has(name)) return null;
    throw error;
  }
}

/** The head of a child of Segment; where none can be, the place of the next Cluster: damage costs what it hit. */
function readTopHead(bytes: Uint8Array, at: number, position: number): TopHead | { cluster: number } | null {
  try {
    const head = readElementHead(bytes.subarray(at, at + MAX_HEAD_SIZE), position + at);
    if (!head) return null;
    if (head.id === ELEMENTS.Cluster) return { cluster: at };
    return { ...head, size: knownSize(head, position + at) };
  } catch (error) {
    const cluster = findClusterId(bytes, at);
    if (!(error instanceof MediaError) || error.code !== 'corrupt' || cluster === null) throw error;
    return { cluster };
  }
}

interface TopHead extends ElementHead {
  readonly size: number;
}

function knownSize(head: ElementHead, position: number): number {
  if (head.size === null) throw corrupt('An element of unknown size before the first Cluster', position);
  const name = WANTED.get(head.id);
  const limit = name === 'Cues' ? LIMITS.index : LIMITS.metadata;
  if (name && head.size > limit)
    throw new MediaError('limit', `${name} of ${head.size} bytes, at most ${limit} are read`, {
      offset: position,
    });
  if (
    !TOP_LEVEL.has(head.id) &&
    head.id !== ELEMENTS.Void &&
    head.id !== ELEMENTS['CRC-32'] &&
    head.size > 2 ** 40
  )
    throw corrupt('Unknown element of impossible size', position);
  return head.size;
}

/** File offsets that a SeekHead names, by element; those outside the file are ignored (underflows occur). */
export function seekTargets(seekHead: Master, bounds: SegmentBounds, end: number): Map<TopName, number> {
  const targets = new Map<TopName, number>();
  for (const { id, position } of seekHead.soundMasters('Seek', readSeek)) {
    const name = WANTED.get(id);
    if (name && bounds.start + position < end && !targets.has(name))
      targets.set(name, bounds.start + position);
  }
  return targets;
}

const readSeek = (seek: Master): { readonly id: number; readonly position: number } => ({
  id: Number.parseInt(seek.identity('SeekID') ?? '', 16),
  position: seek.uint('SeekPosition') ?? 0,
});
