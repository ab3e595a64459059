import {
  attachments,
  bytes,
  type Content,
  element,
  ID,
  labelled,
  layOut,
  type Positions,
  type SegmentPart,
  seekHead,
  sizedElement,
  uint,
  unknownSize,
} from './matroska-writer.ts';

/** Takes a well-formed Matroska file apart and puts it together differently, with all positions corrected. */

/** One element as it stands in a file; sizes are known. */
export interface Element {
  readonly id: number;
  /** Offset of its first byte in what was read. */
  readonly start: number;
  /** Header and data. */
  readonly whole: Uint8Array;
  readonly data: Uint8Array;
}

/** The elements that follow each other in `data`. */
export function elements(data: Uint8Array): readonly Element[] {
  const found: Element[] = [];
  for (let at = 0; at < data.length; ) {
    const idLength = Math.clz32(data[at] ?? 0) - 23;
    const id = Number(unsigned(data, at, idLength));
    const sizeLength = Math.clz32(data[at + idLength] ?? 0) - 23;
    const size = Number(unsigned(data, at + idLength, sizeLength) - (1n << BigInt(7 * sizeLength)));
    const end = at + idLength + sizeLength + size;
    if (end > data.length) throw new Error(`Element ${id.toString(16)} at ${at} ends after its parent.`);
    found.push({
      id,
      start: at,
      whole: data.subarray(at, end),
      data: data.subarray(at + idLength + sizeLength, end),
    });
    at = end;
  }
  return found;
}

export const child = (data: Uint8Array, id: number): Element | undefined =>
  elements(data).find((candidate) => candidate.id === id);

export const uintValue = (data: Uint8Array): number => Number(unsigned(data, 0, data.length));

function unsigned(data: Uint8Array, at: number, length: number): bigint {
  let value = 0n;
  for (let i = 0; i < length; i++) value = value * 256n + BigInt(data[at + i] ?? 0);
  return value;
}

/** Children of the Segment in file order. */
export function segmentElements(file: Uint8Array): readonly Element[] {
  const segment = child(file, ID.Segment);
  if (!segment) throw new Error('The file has no Segment.');
  return elements(segment.data);
}

const fileHead = (file: Uint8Array): Uint8Array => elements(file)[0]?.whole ?? new Uint8Array();

/** What stands in a rebuilt Segment: an element of the old one or new bytes. */
export type Part = Element | Content;

const isElement = (part: Part): part is Element => !Array.isArray(part) && 'whole' in part;

/**
 * The file with other children of its Segment. SeekHead and Cues are written anew: cues of clusters that are
 * gone are left out. Void elements between the children are dropped.
 */
export function rebuild(
  file: Uint8Array,
  change: (parts: readonly Element[]) => readonly Part[],
): Uint8Array {
  return bytes(fileHead(file), sizedElement(ID.Segment, 8, relaid(file, change)));
}

function relaid(file: Uint8Array, change: (parts: readonly Element[]) => readonly Part[]): Uint8Array {
  const parts = change(segmentElements(file).filter(({ id }) => id !== ID.Void));
  return layOut(parts.map((part) => (isElement(part) ? relocated(part, parts) : part)));
}

/** Level-1 elements that a SeekHead lists. */
const SEEKABLE: ReadonlySet<number> = new Set([
  ID.Info,
  ID.Tracks,
  ID.Cues,
  ID.Tags,
  ID.Attachments,
  ID.Chapters,
]);

function relocated(part: Element, parts: readonly Part[]): SegmentPart {
  const label = `${part.id}@${part.start}`;
  if (part.id === ID.SeekHead) return labelled(label, (at) => newSeekHead(parts, at));
  if (part.id === ID.Cues) return labelled(label, (at) => newCues(part, parts, at));
  return labelled(label, part.whole);
}

const newSeekHead = (parts: readonly Part[], at: Positions): Content =>
  seekHead(
    ...parts
      .filter(isElement)
      .filter(({ id }) => SEEKABLE.has(id))
      .map(({ id, start }) => ({ id, position: at(`${id}@${start}`) })),
  );

function newCues(old: Element, parts: readonly Part[], at: Positions): Content {
  const kept = new Set(
    parts
      .filter(isElement)
      .filter(({ id }) => id === ID.Cluster)
      .map(({ start }) => start),
  );
  const points = elements(old.data).flatMap((point) => {
    if (point.id !== ID.CuePoint) return [];
    const inner = elements(point.data).flatMap((entry) =>
      entry.id === ID.CueTrackPositions ? newPositions(entry, kept, at) : [entry.whole],
    );
    return inner.length > 1 ? [element(ID.CuePoint, inner)] : [];
  });
  return element(ID.Cues, points);
}

function newPositions(entry: Element, kept: ReadonlySet<number>, at: Positions): Uint8Array[] {
  const position = child(entry.data, ID.CueClusterPosition);
  const start = position ? uintValue(position.data) : -1;
  if (!kept.has(start)) return [];
  const inner = elements(entry.data).map((field) =>
    field.id === ID.CueClusterPosition
      ? uint(ID.CueClusterPosition, at(`${ID.Cluster}@${start}`), 8)
      : field.whole,
  );
  return [element(ID.CueTrackPositions, inner)];
}

/** `part` before the first child of that id. */
export const insertBefore = (file: Uint8Array, id: number, part: Content): Uint8Array =>
  rebuild(file, (parts) => {
    const at = parts.findIndex((candidate) => candidate.id === id);
    return [...parts.slice(0, at), part, ...parts.slice(at)];
  });

/** An attachment of `size` bytes between the header and the first cluster. */
export const withAttachment = (file: Uint8Array, size: number): Uint8Array => {
  const data = new Uint8Array(size).map((_, i) => (i * 7919) >>> 3);
  return insertBefore(file, ID.Cluster, attachments({ name: 'font.ttf', type: 'font/ttf', data }));
};

/** Without all children of these ids: `without(file, ID.Cues)`. */
export const without = (file: Uint8Array, ...ids: readonly number[]): Uint8Array =>
  rebuild(file, (parts) => parts.filter(({ id }) => !ids.includes(id)));

/** All children of one id moved before the first child of another: `moveBefore(file, ID.Cues, ID.Cluster)`. */
export const moveBefore = (file: Uint8Array, id: number, beforeId: number): Uint8Array =>
  rebuild(file, (parts) => {
    const rest = parts.filter((part) => part.id !== id);
    const at = rest.findIndex((part) => part.id === beforeId);
    return [...rest.slice(0, at), ...parts.filter((part) => part.id === id), ...rest.slice(at)];
  });

/** All children of one id moved to the end: `moveToEnd(file, ID.Tracks)`. */
export const moveToEnd = (file: Uint8Array, id: number): Uint8Array =>
  rebuild(file, (parts) => [
    ...parts.filter((part) => part.id !== id),
    ...parts.filter((part) => part.id === id),
  ]);

/** The first `fraction` of the file's bytes, as an interrupted download leaves it. */
export const cutAt = (file: Uint8Array, fraction: number): Uint8Array =>
  file.slice(0, Math.floor(file.length * fraction));

/** As a live muxer writes it: Segment and Clusters of unknown size, no SeekHead, Cues or Tags. */
export const asLive = (file: Uint8Array): Uint8Array =>
  bytes(
    fileHead(file),
    unknownSize(
      ID.Segment,
      relaid(file, (parts) =>
        parts
          .filter(({ id }) => id !== ID.SeekHead && id !== ID.Cues && id !== ID.Tags)
          .map((part) => (part.id === ID.Cluster ? unknownSize(ID.Cluster, part.data) : part)),
      ),
    ),
  );

/** Every child of every cluster replaced; Cues lose their CueRelativePosition, which would no longer be true. */
export const mapClusters = (file: Uint8Array, change: (entry: Element) => Content): Uint8Array =>
  rebuild(file, (parts) =>
    parts.map((part) => {
      if (part.id === ID.Cluster)
        return changed(
          part,
          elements(part.data).map((entry) => change(entry)),
        );
      return part.id === ID.Cues ? changed(part, withoutRelative(part.data)) : part;
    }),
  );

const withoutRelative = (cues: Uint8Array): Content =>
  elements(cues)
    .filter(({ id }) => id === ID.CuePoint)
    .map((point) => changed(point, elements(point.data).map(dropRelative)).whole);

const dropRelative = (entry: Element): Content =>
  entry.id === ID.CueTrackPositions
    ? changed(
        entry,
        elements(entry.data)
          .filter(({ id }) => id !== ID.CueRelativePosition)
          .map(({ whole }) => whole),
      ).whole
    : entry.whole;

/** The same element (it keeps its old place for SeekHead and Cues) with other data. */
export function changed(part: Element, data: Content): Element {
  const whole = element(part.id, data);
  const body = bytes(data);
  return { ...part, whole, data: body };
}

/** Changes the data of the first child of that id: `changeChild(file, ID.Tracks, (data) => …)`. */
export const changeChild = (
  file: Uint8Array,
  id: number,
  change: (data: Uint8Array) => Content,
): Uint8Array =>
  rebuild(file, (parts) => parts.map((part) => (part.id === id ? changed(part, change(part.data)) : part)));
