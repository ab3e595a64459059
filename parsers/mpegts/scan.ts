import { readRange } from '../../src/core/bytes.ts';
import type { ByteRange, Source } from '../../src/core/contracts.ts';
import { LIMITS } from '../../src/core/limits.ts';
import type { Elementary } from './elementary.ts';
import { findPacket, type PacketFraming } from './framing.ts';
import type { FollowedTables, ProgramStream } from './program.ts';
import { TransportReader } from './reader.ts';
import { CLOCK, JumpFinder, StampMap, type StampRule, unwrap } from './stamps.ts';

/** What of a file its stamps are looked for in. */
export interface ScanPlace {
  readonly source: Source;
  readonly framing: PacketFraming;
  /** PIDs of pictures and sound. */
  readonly pids: readonly number[];
  /** New for each stretch that is read. */
  readonly tables: () => FollowedTables;
  readonly signal: AbortSignal;
}

/** A stamp as it was met. */
interface Met {
  readonly pid: number;
  readonly stamp: number;
  readonly position: number;
}

const PASSED_OVER: Elementary = {
  begin: () => [],
  append: () => [],
  end: () => [],
  lose: () => [],
  flush: () => [],
  pending: null,
  takeSkipped: () => 0,
};

type See = (met: Met & { readonly isAnnounced: boolean }) => void;

const stampReader = ({ framing, pids, tables }: ScanPlace, position: number, see: See): TransportReader =>
  new TransportReader(position, {
    framing,
    streams: pids.map((pid) => ({ trackId: pid, pid, elementary: PASSED_OVER, joiner: null })),
    ticksOf: () => 0,
    tables: tables(),
    see: (pid, stamp, at) => see({ pid, stamp, ...at }),
  });

/** What stamps mean, and which PIDs the program has, by place. */
export interface Scanned {
  readonly stamps: StampMap;
  /** New program maps, ascending: in force from the first packet behind `position` on. */
  readonly maps: readonly { readonly position: number; readonly streams: readonly ProgramStream[] }[];
}

/** A file that is small enough to be read whole, with every jump of its stamps and its PIDs. */
export async function scanWhole(place: ScanPlace, range: ByteRange): Promise<Scanned> {
  const stamps = new StampMap();
  const maps: { position: number; streams: readonly ProgramStream[] }[] = [];
  const finder = new JumpFinder(stamps);
  const tables = place.tables();
  let reached = range.start;
  const following: FollowedTables = {
    ...tables,
    push(pid, payload, isStart) {
      const moved = tables.push(pid, payload, isStart);
      if (moved && maps.length < LIMITS.listed) maps.push({ position: reached, streams: tables.streams });
      return moved;
    },
  };
  const reader = stampReader({ ...place, tables: () => following }, range.start, ({ pid, stamp, ...at }) => {
    reached = at.position;
    finder.see(pid, stamp, at);
  });
  for await (const chunk of place.source.read(range, place.signal)) reader.push(chunk);
  return { stamps, maps };
}

/** Above so many seconds, as the first bytes let expect, wraps are looked for inside the file. */
const SURE = 6 * 3600;
/** Places looked at then: each stretch between them is less than half of 26.5 hours in a file of four days. */
const LOOKS = 8;
const LOOK = 128 * 1024;

/** The stamps of a large file by its beginning; where it is long by its end and places between. */
export async function scanPlaces(place: ScanPlace, head: Uint8Array, end: number): Promise<Scanned> {
  const { start } = place.framing;
  const first = metIn(place, head.subarray(start), start);
  const [origin] = first;
  if (!origin) return { stamps: new StampMap(), maps: [] };
  const rate = secondsPerByte(first);
  const rules: StampRule[] = [{ position: 0, near: origin.stamp, shift: 0 }];
  if (rate * (end - start) < SURE) return { stamps: new StampMap(rules), maps: [] };
  const positions = Array.from({ length: LOOKS }, (_, i) => start + ((end - start) * (i + 1)) / LOOKS - LOOK);
  const looks = await Promise.all(positions.map((from) => lookAt(place, Math.floor(from))));
  let [last, step] = [{ position: origin.position, near: origin.stamp }, rate];
  for (const met of looks) {
    if (!met || met.position <= last.position) continue;
    const bytes = met.position - last.position;
    const near = unwrap(met.stamp, last.near + bytes * step * CLOCK);
    if (near > last.near) step = (near - last.near) / CLOCK / bytes;
    last = { position: met.position, near };
    rules.push({ ...last, shift: 0 });
  }
  return { stamps: new StampMap(rules), maps: [] };
}

async function lookAt(place: ScanPlace, from: number): Promise<Met | null> {
  const bytes = await readRange(place.source, { start: from, end: from + LOOK }, place.signal);
  const at = findPacket(bytes, 0, place.framing);
  return at === null ? null : (metIn(place, bytes.subarray(at), from + at)[0] ?? null);
}

function metIn(place: ScanPlace, bytes: Uint8Array, position: number): Met[] {
  const met: Met[] = [];
  stampReader(place, position, (one) => met.push(one)).push(bytes);
  return met;
}

/** As the bytes of one PID's stamps tell; 0 where too few were met. */
function secondsPerByte(met: readonly Met[]): number {
  const [first] = met;
  const last = met.findLast(({ pid }) => pid === first?.pid);
  if (!first || !last || last.position <= first.position) return 0;
  const ticks = Math.max(0, unwrap(last.stamp, first.stamp) - first.stamp);
  return ticks / CLOCK / (last.position - first.position);
}

/** Whether a file is read whole for its stamps: so small ones are planned that way too. */
export const isScannedWhole = (size: number): boolean => size <= LIMITS.wholeWithoutIndex;
