import { ByteCursor } from '../../src/core/bytes.ts';
import { attempt, corrupt, MediaError, orNull } from '../../src/core/errors.ts';
import type { Box } from './box.ts';
import type { Edit } from './edit-list.ts';
import { withOpenBeginnings } from './random-access.ts';
import { firstBoxes, partOf, readableBoxes, readFullBox } from './readable-boxes.ts';
import { parseSampleDescriptions, type SampleDescription } from './sample-entry.ts';
import type { SampleTables, TableBytes } from './table-entries.ts';
import {
  type Handler,
  IDENTITY,
  type Matrix,
  readEdits,
  readHandler,
  readMediaHeader,
  readReferences,
  readTrackHeader,
  rotationOf,
  type TrackHeader,
} from './track-header.ts';
import { readUserData } from './user-data.ts';

const TABLES = ['stts', 'ctts', 'stss', 'stsc', 'stsz', 'stz2', 'stco', 'co64'] as const;

/** A TrackBox: 8.3.1. */
export interface MovieTrack extends Omit<TrackHeader, 'matrix'> {
  /** Unique in the file; that of a later track with an earlier one's number, or with none, is made up. */
  readonly id: number;
  /** handler_type: `vide`, `soun`. Empty when the file does not say. */
  readonly handler: string;
  /** Clockwise degrees: 0, 90, 180 or 270. */
  readonly rotation: number;
  /** Of the media, units a second; at least 1. */
  readonly timescale: number;
  /** In `timescale`, without edits; null when unknown. */
  readonly mediaDuration: number | null;
  /** BCP 47. */
  readonly language: string;
  readonly name: string | null;
  /** By type: `chap`, `sync`, `vdep`. */
  readonly references: ReadonlyMap<string, readonly number[]>;
  /** As the file has them. */
  readonly edits: readonly Edit[];
  /** Samples refer to them by number from 1 on. */
  readonly descriptions: readonly SampleDescription[];
  /**
   * Tables of SampleTableBox, not yet read: ISO/IEC 14496-12, 8.5.1. Contents with version and flags; `stss` also has
   * what partial sync samples and groups tell.
   */
  readonly tables: SampleTables;
  /** As `stsz` or `stz2` says; 0 where all samples are in fragments. */
  readonly sampleCount: number;
  /** The description of the first sample in `tables`, from 1 on; null where there is none. */
  readonly firstDescription: number | null;
  /** All tables that it takes to find samples are there and tell of at least one. */
  readonly hasSampleTables: boolean;
  /** Why nothing of it can be read; null when it can. */
  readonly unreadable: string | null;
}

/** What the movie says of all its tracks. */
export interface MovieContext {
  readonly timescale: number;
  readonly matrix: Matrix;
}

const PARTS = ['tkhd', 'mdia', 'edts', 'tref', 'udta', 'meta'];
const MEDIA = ['mdhd', 'hdlr', 'elng', 'minf'];

/** What is broken in it is told in its `unreadable`: the other tracks still play. */
export function readMovieTrack(trak: Box, movie: MovieContext): MovieTrack {
  const parts = firstBoxes(trak, PARTS);
  const media = firstBoxes(parts.get('mdia'), MEDIA);
  const { type: handler, name } = readIf(media.get('hdlr'), readHandler) ?? NO_HANDLER;
  const { matrix, ...shown } = readIf(parts.get('tkhd'), readTrackHeader) ?? NO_HEADER;
  const header = attempt(() => readMediaHeader(needed(media.get('mdhd'), 'mdhd'), media.get('elng')));
  const information = readInformation(media.get('minf'), handler);
  const elst = firstBoxes(parts.get('edts'), ['elst']).get('elst');
  const edits = attempt(() => (elst ? readEdits(elst) : []));
  const clock = intact(header);
  return {
    ...shown,
    rotation: rotationOf(matrix, movie.matrix),
    handler,
    timescale: clock?.timescale || movie.timescale || 1,
    mediaDuration: clock?.duration ?? null,
    language: clock?.language ?? 'und',
    name: readUserData(parts.get('udta'), parts.get('meta')).title ?? name,
    references: readIf(parts.get('tref'), readReferences) ?? new Map(),
    edits: intact(edits) ?? [],
    ...information,
    unreadable: failureOf(header, edits) ?? information.unreadable,
  };
}

/** What a track cannot be read without. @throws MediaError `corrupt` */
function needed(box: Box | undefined, name: string): Box {
  if (!box) throw corrupt(`The track has no ${name}`);
  return box;
}

/** The first of the failures among what was read. */
const failureOf = (...parts: readonly unknown[]): string | null =>
  parts.find((part) => part instanceof MediaError)?.message ?? null;

const intact = <T>(part: T | MediaError): T | null => (part instanceof MediaError ? null : part);

const NO_HANDLER: Handler = { type: '', name: null };
const NO_HEADER: TrackHeader = {
  id: 0,
  isEnabled: true,
  alternateGroup: 0,
  matrix: IDENTITY,
  width: 0,
  height: 0,
};

/** Null where there is none, and where it is broken. */
const readIf = <T>(box: Box | undefined, read: (box: Box) => T): T | null =>
  box ? orNull(() => read(box)) : null;

type Information = Pick<
  MovieTrack,
  'descriptions' | 'tables' | 'sampleCount' | 'firstDescription' | 'hasSampleTables' | 'unreadable'
>;

/** MediaInformationBox: 8.4.4. */
function readInformation(minf: Box | undefined, handler: string): Information {
  const parts = firstBoxes(minf, ['dinf', 'stbl']);
  const external = externalReferences(firstBoxes(parts.get('dinf'), ['dref']).get('dref'));
  const stbl = parts.get('stbl');
  const stsd = firstBoxes(stbl, ['stsd']).get('stsd');
  const listed = attempt(() => parseSampleDescriptions(needed(stsd, 'stsd'), handler));
  const tables = readTables(stbl);
  const sampleCount = countSamples(tables);
  const { stts, stsc, stco, co64 } = tables;
  return {
    descriptions: (intact(listed) ?? []).map((one) => withReference(one, external)),
    tables,
    sampleCount,
    firstDescription: sampleCount > 0 ? firstDescription(tables) : null,
    hasSampleTables: sampleCount > 0 && stts !== null && stsc !== null && (stco ?? co64) !== null,
    unreadable: failureOf(listed),
  };
}

const SELF_CONTAINED = 1;

/** Numbers of the entries of DataReferenceBox (8.7.2) that lead out of the file, from 1 on. */
function externalReferences(dref: Box | undefined): ReadonlySet<number> {
  const external = new Set<number>();
  if (!dref || dref.bytes.length < DREF_HEAD) return external;
  let number = 0;
  for (const entry of readableBoxes(partOf(dref, DREF_HEAD))) {
    number++;
    const head = orNull(() => readFullBox(entry));
    if (head && (head.flags & SELF_CONTAINED) === 0 && head.fields.remaining > 1) external.add(number);
  }
  return external;
}

/** Version, flags and count. */
const DREF_HEAD = 8;

const withReference = (one: SampleDescription, external: ReadonlySet<number>): SampleDescription =>
  external.has(one.dataReference)
    ? { ...one, unreadable: one.unreadable ?? 'its media lie in another file' }
    : one;

function readTables(stbl: Box | undefined): SampleTables {
  const first = firstBoxes(stbl, TABLES);
  const entries = TABLES.map((type) => {
    const box = first.get(type);
    return [type, box ? tableOf(box) : null] as const;
  });
  const tables = Object.fromEntries(entries) as Record<keyof SampleTables, TableBytes | null>;
  return { ...tables, stss: stbl ? withOpenBeginnings(tables, stbl) : null };
}

const tableOf = ({ bytes, content }: Box): TableBytes => ({ bytes, base: content });

/** sample_count of `stsz` or `stz2`: 8.7.3. */
const countSamples = ({ stsz, stz2 }: SampleTables): number => readField(stsz ?? stz2, 8) ?? 0;

/** sample_description_index of the first chunk: 8.7.4. */
const firstDescription = ({ stsc }: SampleTables): number | null => readField(stsc, 16);

/** 32 bits of a table; null where it has none there. */
const readField = (table: TableBytes | null, at: number): number | null =>
  table && orNull(() => new ByteCursor(table.bytes.subarray(at), table.base + at).u32());
