import { ByteCursor } from '../../src/core/bytes.ts';
import { corrupt, within } from '../../src/core/errors.ts';
import { type Box, children, findBox } from './box.ts';
import { cutAtFileEnd, type SampleTable } from './sample-table.ts';
import {
  type BareBudget,
  bareBudget,
  readTrackRun,
  type SampleDefaults,
  samplesOfRuns,
  type TrackRun,
} from './track-run.ts';

/** What a movie fragment does not tell itself. */
export interface FragmentContext {
  /** `trex` by track. A track without one has defaults of zero. */
  readonly defaults: ReadonlyMap<number, SampleDefaults>;
  /**
   * Decode time, in the media timescale, with which each track goes on where the fragment does not tell: the end of the
   * one before, or what an index says. 0 for tracks that are not in it.
   */
  readonly times: ReadonlyMap<number, number>;
  /** For tracks of PCM: samples of a run that are all alike are joined up to this many ticks. */
  readonly joinTicks?: ReadonlyMap<number, number>;
  /** Bytes of the file; null when unknown. */
  readonly fileEnd: number | null;
  /** Of a reading of many fragments; each has its own when absent. */
  readonly budget?: BareBudget;
}

/** A stretch of one track in its timescale. */
export interface FragmentSpan {
  readonly time: number;
  readonly duration: number;
}

export interface TrackFragment {
  readonly trackId: number;
  /** Decode times are absolute. */
  readonly samples: SampleTable;
  /** Where the decode time comes from. */
  readonly timing: 'tfdt' | 'tfxd' | 'context' | 'none';
  /** What `tfrf` tells of fragments that follow: Smooth Streaming. */
  readonly upcoming: readonly FragmentSpan[];
  /** It carries what is needed to decrypt it; whether it is encrypted the sample entry decides. */
  readonly isEncrypted: boolean;
}

export interface MovieFragment {
  /** Of `mfhd`; 0 without one. */
  readonly sequence: number;
  /** In the order of their `traf`; a track may occur several times. */
  readonly tracks: readonly TrackFragment[];
}

/**
 * A `moof` box: ISO/IEC 14496-12, 8.8.4, with the extensions of Smooth Streaming ([MS-SSTR], 2.2.4).
 * @throws MediaError `corrupt`, `truncated`; `limit` for more samples than any fragment has
 */
export function parseMovieFragment(moof: Box, context: FragmentContext): MovieFragment {
  const header = findBox(children(moof), 'mfhd');
  const sequence = header && header.bytes.length >= 8 ? new ByteCursor(header.bytes.subarray(4)).u32() : 0;
  const state = {
    times: new Map(context.times),
    dataEnd: moof.start,
    moofStart: moof.start,
    budget: context.budget ?? bareBudget(),
  };
  const tracks: TrackFragment[] = [];
  for (const box of children(moof))
    if (box.type === 'traf') tracks.push(within('traf', () => readTrackFragment(box, context, state)));
  return { sequence, tracks };
}

interface FragmentState {
  readonly moofStart: number;
  readonly times: Map<number, number>;
  readonly budget: BareBudget;
  /** Behind the data of the track fragment before. */
  dataEnd: number;
}

function readTrackFragment(traf: Box, context: FragmentContext, state: FragmentState): TrackFragment {
  const parts = [...children(traf)];
  const tfhd = findBox(parts, 'tfhd');
  if (!tfhd) throw corrupt('A traf box without tfhd', traf.start);
  const header = within('tfhd', () => readHeader(tfhd, context, state));
  const { trackId } = header;
  const { time, timing } = startTime(parts, state.times.get(trackId));
  const runs = parts
    .filter(({ type }) => type === 'trun')
    .map((box) => within('trun', () => readTrackRun(new ByteCursor(box.bytes, box.content))));
  const { table, dataEnd } = samplesOfRuns(runs, {
    defaults: header.defaults,
    base: header.base ?? impliedBase(runs, state),
    time,
    joinTicks: context.joinTicks?.get(trackId) ?? 0,
    budget: state.budget,
  });
  state.dataEnd = dataEnd;
  state.times.set(trackId, table.end);
  return {
    trackId,
    samples: context.fileEnd === null ? table : cutAtFileEnd(table, context.fileEnd),
    timing,
    upcoming: upcomingOf(parts),
    isEncrypted: parts.some(isAboutEncryption),
  };
}

const HEADER = {
  baseDataOffset: 0x1,
  description: 0x2,
  duration: 0x8,
  size: 0x10,
  flags: 0x20,
  defaultBaseIsMoof: 0x20000,
} as const;

/** Defaults of a track without `trex`, which the specification does not allow. */
const NO_DEFAULTS: SampleDefaults = { description: 1, duration: 0, size: 0, flags: 0 };

/** Track Fragment Header: ISO/IEC 14496-12, 8.8.7. */
function readHeader({ bytes, content }: Box, context: FragmentContext, state: FragmentState) {
  const cursor = new ByteCursor(bytes, content);
  const flags = cursor.u32() & 0xffffff;
  const trackId = cursor.u32();
  const trex = context.defaults.get(trackId) ?? NO_DEFAULTS;
  const told = flags & HEADER.defaultBaseIsMoof ? state.moofStart : null;
  const base = flags & HEADER.baseDataOffset ? readOffset(cursor) : told;
  const own = (bit: number, otherwise: number) => (flags & bit ? cursor.u32() : otherwise);
  const defaults: SampleDefaults = {
    description: own(HEADER.description, trex.description) || 1,
    duration: own(HEADER.duration, trex.duration),
    size: own(HEADER.size, trex.size),
    flags: own(HEADER.flags, trex.flags),
  };
  return { trackId, base, defaults };
}

/**
 * Where nothing is told: the end of the data of the track fragment before, the fragment's beginning for the first (8.8.7).
 * Some writers count from the beginning always: their offsets reach behind the data before.
 */
function impliedBase([first]: readonly TrackRun[], { dataEnd, moofStart }: FragmentState): number {
  return (first?.dataOffset ?? 0) >= dataEnd - moofStart ? moofStart : dataEnd;
}

function readOffset(cursor: ByteCursor): number {
  const at = cursor.position;
  const offset = cursor.uint(8);
  if (!Number.isSafeInteger(offset)) throw corrupt(`${offset} is no offset`, at);
  return offset;
}

/** What the fragment says goes before what is known from elsewhere: it can then be read alone. */
function startTime(
  parts: readonly Box[],
  known: number | undefined,
): { time: number; timing: TrackFragment['timing'] } {
  const tfdt = findBox(parts, 'tfdt');
  if (tfdt) return { time: within('tfdt', () => readTime(fullCursor(tfdt))), timing: 'tfdt' };
  const tfxd = parts.find(({ uuid }) => uuid === TFXD);
  if (tfxd) return { time: within('tfxd', () => readTime(fullCursor(tfxd))), timing: 'tfxd' };
  return known === undefined ? { time: 0, timing: 'none' } : { time: known, timing: 'context' };
}

interface FullCursor {
  readonly isLong: boolean;
  readonly cursor: ByteCursor;
}

/** Behind version and flags. */
function fullCursor({ bytes, content }: Box): FullCursor {
  const cursor = new ByteCursor(bytes, content);
  return { isLong: cursor.u32() >>> 24 !== 0, cursor };
}

/** Signed where it is long: encoders begin a little below zero. */
function readTime({ isLong, cursor }: FullCursor): number {
  if (!isLong) return cursor.u32();
  const at = cursor.position;
  const time = (cursor.u32() | 0) * 2 ** 32 + cursor.u32();
  if (!Number.isSafeInteger(time)) throw corrupt(`${time} is no time`, at);
  return time;
}

const TFXD = '6d1d9b0542d544e680e2141daff757b2';
const TFRF = 'd4807ef2ca3946958e5426cb9e46a79f';
const PIFF_SENC = 'a2394f525a9b4f14a2446c427c648df4';

/** TfrfBox: [MS-SSTR], 2.2.4.5. */
function upcomingOf(parts: readonly Box[]): FragmentSpan[] {
  const tfrf = parts.find(({ uuid }) => uuid === TFRF);
  if (!tfrf) return [];
  return within('tfrf', () => {
    const full = fullCursor(tfrf);
    return Array.from({ length: full.cursor.u8() }, () => ({
      time: readTime(full),
      duration: readTime(full),
    }));
  });
}

/** Common Encryption (ISO/IEC 23001-7, 7) and its forerunner in PIFF. */
function isAboutEncryption({ type, uuid, bytes }: Box): boolean {
  if (type === 'senc' || uuid === PIFF_SENC) return true;
  if (type !== 'saiz' && type !== 'saio') return false;
  const tellsType = ((bytes[3] ?? 0) & 1) === 1;
  return !tellsType || ENCRYPTION_SCHEMES.has(String.fromCharCode(...bytes.subarray(4, 8)));
}

const ENCRYPTION_SCHEMES: ReadonlySet<string> = new Set(['cenc', 'cens', 'cbc1', 'cbcs', 'piff']);
