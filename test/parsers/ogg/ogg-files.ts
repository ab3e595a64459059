import { expect } from 'vitest';
import type { Page } from '../../../parsers/ogg/page.ts';
import { pageCrc } from '../../../parsers/ogg/page-crc.ts';
import { PageWalker } from '../../../parsers/ogg/page-walker.ts';
import { concat } from '../../../src/core/bytes.ts';
import type { Demuxer, Source } from '../../../src/core/contracts.ts';
import { type ReadSample, read } from '../audio-file/sound-files.ts';

/** Ogg written by hand. */

export interface PageParts {
  readonly serial?: number;
  readonly sequence?: number;
  readonly granule?: number;
  readonly flags?: number;
  /** Whole packets. */
  readonly packets?: readonly Uint8Array[];
  /** Of the table of segments and what they hold, where the packets do not tell. */
  readonly segments?: readonly number[];
  readonly body?: Uint8Array;
}

export const CONTINUED = 1;
export const FIRST = 2;
export const LAST = 4;

const lacing = (size: number): number[] => [
  ...new Array<number>(Math.floor(size / 255)).fill(255),
  size % 255,
];

/** A page with the right checksum. @param granule -1: no packet ends on it */
export function page(parts: PageParts): Uint8Array {
  const { serial = 1, sequence = 0, granule = 0, flags = 0, packets = [] } = parts;
  const segments = parts.segments ?? packets.flatMap(({ length }) => lacing(length));
  const body = parts.body ?? concat(packets);
  const bytes = concat([new Uint8Array(27), Uint8Array.from(segments), body]);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  bytes.set([0x4f, 0x67, 0x67, 0x53, 0, flags]);
  view.setBigInt64(6, BigInt(granule), true);
  view.setUint32(14, serial, true);
  view.setUint32(18, sequence, true);
  bytes[26] = segments.length;
  view.setUint32(22, pageCrc(bytes), true);
  return bytes;
}

/** Its pages, those of wrong checksums left out. */
export function pagesOf(file: Uint8Array): Page[] {
  const walker = new PageWalker({ position: 0, isForeign: false });
  return [...walker.push(file), ...walker.flush()];
}

/** The file with some of what its pages say changed, checksums made right. */
export const rewritten = (
  file: Uint8Array,
  change: (page: Page, i: number) => PageParts | null | undefined,
): Uint8Array =>
  concat(
    pagesOf(file).flatMap((old, i) => {
      const changed = change(old, i);
      if (changed === null) return [];
      const flags = Number(old.isContinued) + 2 * Number(old.isFirst) + 4 * Number(old.isLast);
      const { serial, sequence, granule } = old;
      const segments = [...old.bytes.subarray(27, old.headerBytes)];
      const body = old.bytes.subarray(old.headerBytes);
      return page({ serial, sequence, granule: granule ?? -1, flags, segments, body, ...changed });
    }),
  );

/** The same packets on other pages, each of `segments` segments at most: packets go on from page to page. */
export function repaged(file: Uint8Array, segments: number): Uint8Array {
  const pages = pagesOf(file);
  const out: Uint8Array[] = [];
  let sequence = 0;
  for (const old of pages) {
    const table = [...old.bytes.subarray(27, old.headerBytes)];
    let at = old.headerBytes;
    let isOpen = old.isContinued;
    for (let from = 0; from < table.length; from += segments) {
      const part = table.slice(from, from + segments);
      const size = part.reduce((sum, segment) => sum + segment, 0);
      const isLastPart = from + segments >= table.length;
      const flags = Number(isOpen) + 2 * Number(old.isFirst) + 4 * Number(old.isLast && isLastPart);
      const ends = part.some((segment) => segment < 255);
      // Of the pages that one becomes, only the last can be stamped without knowing how long packets last.
      const granule = isLastPart && ends ? (old.granule ?? -1) : -1;
      const body = old.bytes.subarray(at, at + size);
      out.push(page({ serial: old.serial, sequence, granule, flags, segments: part, body }));
      at += size;
      isOpen = part.at(-1) === 255;
      sequence++;
    }
  }
  return concat(out);
}

/** Whatever place reading begins and ends at, the same samples come out: all but those of pages that are cut off. */
export async function expectSameFromAnywhere(
  open: (source: Source) => Promise<Demuxer>,
  source: Source,
): Promise<void> {
  const demuxer = await open(source);
  const tracks = new Set(demuxer.tracks.map(({ id }) => id));
  const { samples } = await read(demuxer, { tracks });
  const { start: first, end: last } = demuxer.payload;
  const span = last - first;
  const points = demuxer.tracks.flatMap(({ id }) => demuxer.seekPoints(id) ?? []);
  const places = [
    ...points.map(({ position }) => position),
    ...Array.from({ length: 9 }, (_, i) => first + Math.floor((span * i) / 9) + i),
  ];
  for (const start of places) {
    const end = Math.min(last, start + Math.floor(span / 5));
    const wanted = samples.filter(({ position }) => position >= start && position < end);
    const soft = Math.min(start + 1000, end);
    const found = await read(demuxer, { start, soft, end, tracks, isCompleting: true });
    expect(found.samples, `from ${start}`).toEqual(wanted);
    expectPrefix((await read(demuxer, { start, end, tracks })).samples, wanted);
  }
}

function expectPrefix(cut: readonly ReadSample[], wanted: readonly ReadSample[]): void {
  expect(cut).toEqual(wanted.slice(0, cut.length));
  const missing = new Set(wanted.slice(cut.length).map(({ position }) => position));
  expect(missing.size).toBeLessThan(3);
}
