import { corrupt, MediaError, truncated, unsupported, within } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { type AttachmentHeads, readAttachmentHeads } from './attachments.ts';
import { findClusterId } from './cluster.ts';
import { type ElementHead, findId, ID_LENGTH, MAX_HEAD_SIZE, Master, readElementHead } from './ebml.ts';
import { ELEMENTS, TOP_LEVEL } from './elements.ts';

/** Where the one Segment lies that is read; a second one in the file is ignored. */
export interface SegmentBounds {
  /** First byte of its content: positions in SeekHead and Cues count from here. */
  readonly start: number;
  /** Null for an unknown size. */
  readonly end: number | null;
  /** EBMLMaxIDLength: bytes of the longest ID that may be met. */
  readonly maxIdLength: number;
}

/** The children of Segment that matter before any packet is read, the more important ones first. */
export const TOP_NAMES = ['SeekHead', 'Tracks', 'Info', 'Cues', 'Tags', 'Chapters', 'Attachments'] as const;
export type TopName = (typeof TOP_NAMES)[number];
const WANTED: ReadonlyMap<number, TopName> = new Map(TOP_NAMES.map((name) => [ELEMENTS[name], name]));

export interface TopElement {
  readonly name: Exclude<TopName, 'Attachments'>;
  readonly position: number;
  readonly content: Master;
}

export interface TopScan {
  readonly found: readonly TopElement[];
  /** Of the first Attachments element, as far as the bytes show it; null when none was met. */
  readonly attachments: AttachmentHeads | null;
  /** Position of the first Cluster, where the scan ended; null when it did not come so far. */
  readonly cluster: number | null;
  /** Where an element begins that the bytes do not hold whole, and how many bytes it needs; null at a Cluster. */
  readonly unread: { readonly position: number; readonly size: number; readonly isWanted: boolean } | null;
}

/**
 * Reads the EBML header and the head of Segment (RFC 8794, 11.2; RFC 9559, 5.1). Up to 64 KiB without sense before
 * either are passed over.
 * @throws MediaError `corrupt` when they are not there, `unsupported` for another DocType
 */
export function readSegmentBounds(head: Uint8Array): SegmentBounds {
  const at = findId(head.subarray(0, LIMITS.leadingGarbage + 4), ELEMENTS.EBML, 0);
  if (at === null) throw corrupt('No EBML header', 0);
  const ebml = readElementHead(head.subarray(at, at + MAX_HEAD_SIZE), at);
  if (!ebml || ebml.size === null) throw corrupt('No EBML header', at);
  const start = at + ebml.headSize;
  const end = start + ebml.size;
  if (end > head.length) throw corrupt(`EBML header of ${ebml.size} bytes`, at);
  const header = within('EBML', () => new Master(head.subarray(start, end), start));
  const declared = header.uint('EBMLMaxIDLength') ?? ID_LENGTH.usual;
  const maxIdLength = Math.min(Math.max(declared, ID_LENGTH.usual), ID_LENGTH.most);
  try {
    return findSegment(head, end, maxIdLength);
  } catch (error) {
    const docType = header.string('DocType') ?? 'matroska';
    if (!(error instanceof MediaError) || DOC_TYPES.has(docType)) throw error;
    throw unsupported(`EBML file of DocType "${docType.slice(0, 32)}": only matroska and webm are read`);
  }
}

/** Others are read too when they have a Segment: damaged and home-made ones occur. */
const DOC_TYPES: ReadonlySet<string> = new Set(['matroska', 'webm']);

function findSegment(head: Uint8Array, from: number, maxIdLength: number): SegmentBounds {
  const at = locateSegment(head, from, maxIdLength);
  const element = readElementHead(head.subarray(at, at + MAX_HEAD_SIZE), at);
  if (!element) throw truncated('The file ends in the head of its Segment', at);
  const start = at + element.headSize;
  const end = element.size === null || element.size === 0 ? null : start + element.size;
  return { start, end, maxIdLength };
}

/** By way of the elements that may stand before it (Void), else by its ID behind what makes no sense. */
function locateSegment(head: Uint8Array, from: number, maxIdLength: number): number {
  try {
    return walkToSegment(head, from, maxIdLength);
  } catch (error) {
    const searched = head.subarray(0, from + LIMITS.leadingGarbage);
    const found = error instanceof MediaError ? findId(searched, ELEMENTS.Segment, from) : null;
    if (found === null) throw error;
    return found;
  }
}

function walkToSegment(head: Uint8Array, from: number, maxIdLength: number): number {
  let at = from;
  while (at < head.length) {
    const element = readElementHead(head.subarray(at, at + MAX_HEAD_SIZE), at, maxIdLength);
    if (!element) break;
    if (element.id === ELEMENTS.Segment) return at;
    if (element.size === null) throw corrupt('An element of unknown size before Segment', at);
    at += element.headSize + element.size;
  }
  throw truncated('The file ends before its Segment', Math.min(at, head.length));
}

/** Walks children of Segment from the first byte of `bytes` on; ends at a Cluster or where bytes are missing. */
export function scanTopLevel(
  bytes: Uint8Array,
  position: number,
  maxIdLength: number = ID_LENGTH.usual,
): TopScan {
  const found: TopElement[] = [];
  let attachments: AttachmentHeads | null = null;
  let at = 0;
  while (at < bytes.length) {
    const head = readTopHead(bytes, at, { position, maxIdLength });
    if (!head) break;
    if ('cluster' in head) return { found, attachments, cluster: position + head.cluster, unread: null };
    const name = wantedName(head);
    const start = at + head.headSize;
    const whole = head.headSize + head.size;
    const content = bytes.subarray(start, at + whole);
    if (name === 'Attachments') attachments ??= readAttachmentHeads(content, head.size, position + start);
    const isWanted = name !== null && name !== 'Attachments';
    if (at + whole > bytes.length)
      return {
        found,
        attachments,
        cluster: null,
        unread: { position: position + at, size: whole, isWanted },
      };
    const master = isWanted ? readContent(name, content, position + start) : null;
    if (isWanted && master) found.push({ name, position: position + at, content: master });
    at += whole;
  }
  const rest = { position: position + at, size: MAX_HEAD_SIZE, isWanted: false };
  return { found, attachments, cluster: null, unread: rest };
}

/** What is looked for, by its ID; hints that are too large to be one are not. */
function wantedName(head: TopHead): TopName | null {
  const name = WANTED.get(head.id) ?? null;
  return name && HINTS.has(name) && head.size > limitOf(name) ? null : name;
}

const limitOf = (name: TopName): number => (name === 'Cues' ? LIMITS.index : LIMITS.metadata);

/** Elements that only help to find things: a broken one is none. */
const HINTS: ReadonlySet<TopName> = new Set(['SeekHead', 'Cues', 'Tags', 'Chapters']);

/** Elements without which nothing can be read. */
const NEEDED: ReadonlySet<TopName> = new Set(['Tracks', 'Info']);

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
function readTopHead(
  bytes: Uint8Array,
  at: number,
  { position, maxIdLength }: { readonly position: number; readonly maxIdLength: number },
): TopHead | { cluster: number } | null {
  try {
    const head = readElementHead(bytes.subarray(at, at + MAX_HEAD_SIZE), position + at, maxIdLength);
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
  if (name && NEEDED.has(name) && head.size > limitOf(name))
    throw new MediaError('limit', `${name} of ${head.size} bytes, at most ${limitOf(name)} are read`, {
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

/** A place that a SeekHead names. */
export interface SeekTarget {
  readonly name: TopName;
  readonly position: number;
}

/** File offsets that a SeekHead names; those outside the file are ignored (underflows occur). */
export function seekTargets(seekHead: Master, bounds: SegmentBounds, end: number): SeekTarget[] {
  return seekHead.soundMasters('Seek', readSeek).flatMap(({ id, position }) => {
    const name = WANTED.get(id);
    return name && bounds.start + position < end ? [{ name, position: bounds.start + position }] : [];
  });
}

const readSeek = (seek: Master): { readonly id: number; readonly position: number } => ({
  id: Number.parseInt(seek.identity('SeekID') ?? '', 16),
  position: seek.uint('SeekPosition') ?? 0,
});
