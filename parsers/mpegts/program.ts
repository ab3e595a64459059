import { equalBytes } from '../../src/core/bytes.ts';
import { MediaError, orNull } from '../../src/core/errors.ts';
import type { PacketFraming } from './framing.ts';
import { PacketHead } from './packet.ts';
import { type Pat, type Pmt, type PmtStream, parsePat, parsePmt, SectionReader } from './psi.ts';
import { type StreamKind, streamKind } from './stream-types.ts';

const PAT_PID = 0;
/** Programs of one multiplex that are looked at. */
const MAX_PROGRAMS = 64;

/** Follows the tables that say what is in a stream: ISO/IEC 13818-1, 2.4.4. */
export class ProgramTables {
  readonly #sections = new Map<number, SectionReader>([[PAT_PID, new SectionReader()]]);
  readonly #pats = new Map<number, Pat>();
  /** What was read of each, by table: repetitions change nothing, and a new content does whatever its version says. */
  readonly #read = new Map<string, Uint8Array>();
  /** By program number. */
  readonly pmts = new Map<number, Pmt>();
  readonly pids = new Set<number>([PAT_PID]);
  /** Of all sections of the program association table. */
  programs: Pat['programs'] = [];

  /** @returns whether something changed */
  push(pid: number, payload: Uint8Array, isStart: boolean): boolean {
    const sections = this.#sections.get(pid)?.push(payload, isStart) ?? [];
    return sections
      .map((section) => (pid === PAT_PID ? this.#readPat(section) : this.#readPmt(pid, section)))
      .includes(true);
  }

  #readPat(section: Uint8Array): boolean {
    const pat = orNull(() => parsePat(section));
    if (!pat?.isCurrent || pat.section > pat.lastSection || !this.#isNew(`PAT ${pat.section}`, section))
      return false;
    for (const number of this.#pats.keys()) if (number > pat.lastSection) this.#pats.delete(number);
    this.#pats.set(pat.section, pat);
    this.programs = [...this.#pats.values()].flatMap(({ programs }) => programs).slice(0, MAX_PROGRAMS);
    if (this.pmts.size > 2 * MAX_PROGRAMS) this.#forget();
    for (const { pid } of this.programs) {
      if (this.#sections.has(pid) || this.pids.size > MAX_PROGRAMS) continue;
      this.pids.add(pid);
      this.#sections.set(pid, new SectionReader());
    }
    return true;
  }

  #readPmt(pid: number, section: Uint8Array): boolean {
    const pmt = orNull(() => parsePmt(section));
    const isListed = this.programs.some((program) => program.number === pmt?.program && program.pid === pid);
    if (!pmt?.isCurrent || !isListed || !this.#isNew(`PMT ${pmt.program}`, section)) return false;
    this.pmts.set(pmt.program, pmt);
    return true;
  }

  /** What is not listed any more. */
  #forget(): void {
    const listed = new Set(this.programs.map(({ number }) => number));
    for (const number of this.pmts.keys()) {
      if (listed.has(number)) continue;
      this.pmts.delete(number);
      this.#read.delete(`PMT ${number}`);
    }
  }

  #isNew(table: string, section: Uint8Array): boolean {
    const before = this.#read.get(table);
    if (before && equalBytes(before, section)) return false;
    this.#read.set(table, section);
    return true;
  }

  /** Whether every program is known. */
  get isComplete(): boolean {
    const { programs } = this;
    return programs.length > 0 && programs.every(({ number }) => this.pmts.has(number));
  }
}

/** Feeds the tables from whole packets. */
export function readTables(
  tables: ProgramTables,
  bytes: Uint8Array,
  { stride, lead, start }: PacketFraming,
): void {
  const head = new PacketHead();
  for (let at = start; at + stride <= bytes.length && !tables.isComplete; at += stride)
    if (head.read(bytes, at + lead) && head.hasPayload && !head.isDamaged && tables.pids.has(head.pid))
      tables.push(head.pid, bytes.subarray(head.payloadStart, head.payloadEnd), head.isStart);
}

/** A stream of the chosen program. */
export interface ProgramStream extends Omit<StreamKind, 'kind'> {
  /** Of private data it changes once their first frames were recognised. */
  kind: StreamKind['kind'];
  readonly pid: number;
  readonly descriptors: PmtStream['descriptors'];
  readonly source: PmtStream;
}

/**
 * The program that was asked for, else the first with pictures, else the first with sound.
 * @throws MediaError `unsupported` when there is none
 */
export function chooseProgram({ programs, pmts }: ProgramTables, wanted: number | null): Pmt {
  const listed = programs.flatMap(({ number }) => pmts.get(number) ?? []);
  const all = listed.length > 0 ? listed : [...pmts.values()];
  const has = (kind: StreamKind['kind']) => (pmt: Pmt) =>
    streamsOf(pmt).some((stream) => stream.kind === kind);
  if (wanted !== null) {
    const found = pmts.get(wanted);
    if (found) return found;
    const numbers = all.map(({ program }) => program).join(', ');
    throw new MediaError('bad-request', `There is no program ${wanted}; there are ${numbers}`);
  }
  const best = all.find(has('video')) ?? all.find(has('audio')) ?? all[0];
  if (!best) throw new MediaError('unsupported', 'No program map says what the transport stream holds');
  return best;
}

/** PIDs between those of tables and that of null packets: ISO/IEC 13818-1, Table 2-3. */
const isStreamPid = (pid: number): boolean => pid >= 0x10 && pid < 0x1fff;

/** Streams in the order of the program map; of a PID that it lists again, as the first one says. */
export function streamsOf({ streams, descriptors }: Pmt): ProgramStream[] {
  const own = new Map<number, PmtStream>();
  for (const source of streams)
    if (isStreamPid(source.pid) && !own.has(source.pid)) own.set(source.pid, source);
  return [...own.values()].map((source) => ({
    ...streamKind(source, descriptors),
    pid: source.pid,
    descriptors: source.descriptors,
    source,
  }));
}

/** Where the streams of a program went in a new map of it: of the same name, in the same order. Old PID → new. */
export function movedStreams(
  before: readonly ProgramStream[],
  after: readonly ProgramStream[],
): Map<number, number> {
  const moved = new Map<number, number>();
  const ordinals = new Map<string, number>();
  for (const { name, pid } of before) {
    const ordinal = ordinals.get(name) ?? 0;
    ordinals.set(name, ordinal + 1);
    const target = after.filter((stream) => stream.name === name)[ordinal];
    if (target && target.pid !== pid && !after.some((stream) => stream.pid === pid))
      moved.set(pid, target.pid);
  }
  return moved;
}

/** The tables of a stream that is being read, for its PIDs may move. */
export interface FollowedTables {
  readonly pids: ReadonlySet<number>;
  /** @returns PIDs that moved, old → new; null when none did */
  push(pid: number, payload: Uint8Array, isStart: boolean): ReadonlyMap<number, number> | null;
  /** As the last program map has them. */
  readonly streams: readonly ProgramStream[];
}

/** @param streams as they are where the reading begins */
export function followTables(program: number, streams: readonly ProgramStream[]): FollowedTables {
  const tables = new ProgramTables();
  let current = streams;
  return {
    pids: tables.pids,
    get streams() {
      return current;
    },
    push(pid, payload, isStart) {
      const pmt = tables.push(pid, payload, isStart) ? tables.pmts.get(program) : undefined;
      if (!pmt || pmt.streams.length === 0) return null;
      const next = streamsOf(pmt);
      const moved = movedStreams(current, next);
      current = next;
      return moved.size > 0 ? moved : null;
    },
  };
}
