import { crc32 } from '../../src/codecs/crc.ts';
import { ByteCursor } from '../../src/core/bytes.ts';
import { corrupt } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';

/** Table id and length. */
const HEAD = 3;
/** Longest section: 2.4.4.11 allows 1024 bytes for these tables, private ones 4096. */
const MAX_SECTION = 4096;
const STUFFING = 0xff;

/** Joins the sections of one PID from the payloads of its packets; gives those whose CRC is right: ISO/IEC 13818-1, 2.4.4. */
export class SectionReader {
  #bytes = new Uint8Array(MAX_SECTION);
  #length = 0;
  #isOpen = false;

  push(payload: Uint8Array, isStart: boolean): Uint8Array[] {
    if (!isStart) return this.#isOpen ? this.#take(payload) : [];
    const [pointer = 0] = payload;
    const before = this.#isOpen ? this.#take(payload.subarray(1, 1 + pointer)) : [];
    this.#length = 0;
    this.#isOpen = true;
    return [...before, ...this.#take(payload.subarray(1 + pointer))];
  }

  /** Packets were lost: waits for the next beginning. */
  lose(): void {
    this.#isOpen = false;
  }

  #take(part: Uint8Array): Uint8Array[] {
    const sections: Uint8Array[] = [];
    let rest = part;
    while (rest.length > 0 && this.#isOpen) {
      if (this.#length === 0 && rest[0] === STUFFING) this.#isOpen = false;
      else {
        const wanted = this.#wanted() - this.#length;
        this.#append(rest.subarray(0, wanted));
        rest = rest.subarray(wanted);
        if (this.#length < HEAD || this.#length < this.#wanted()) continue;
        const section = this.#bytes.slice(0, this.#length);
        if (crc32(section) === 0) sections.push(section);
        this.#length = 0;
      }
    }
    return sections;
  }

  #wanted(): number {
    if (this.#length < HEAD) return HEAD;
    return Math.min(MAX_SECTION, HEAD + ((((this.#bytes[1] ?? 0) & 15) << 8) | (this.#bytes[2] ?? 0)));
  }

  #append(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }
}

interface Table {
  readonly version: number;
  /** current_next_indicator: false for what is only announced. */
  readonly isCurrent: boolean;
  readonly section: number;
  readonly lastSection: number;
}

/** Program association table: 2.4.4.3. */
export interface Pat extends Table {
  /** Without the network's. */
  readonly programs: readonly { readonly number: number; readonly pid: number }[];
}

/** Of a program or of one of its streams: 2.6. */
export interface Descriptor {
  readonly tag: number;
  /** Behind tag and length. */
  readonly data: Uint8Array;
}

export interface PmtStream {
  /** stream_type: Table 2-34. */
  readonly type: number;
  readonly pid: number;
  readonly descriptors: readonly Descriptor[];
}

/** Program map table: 2.4.4.8. */
export interface Pmt extends Table {
  readonly program: number;
  readonly pcrPid: number;
  readonly descriptors: readonly Descriptor[];
  readonly streams: readonly PmtStream[];
}

const TABLE = { pat: 0, pmt: 2 } as const;
const CRC = 4;

interface OpenTable extends Table {
  /** transport_stream_id or program_number. */
  readonly id: number;
  /** What follows, without the CRC. */
  readonly cursor: ByteCursor;
}

function openTable(section: Uint8Array, tableId: number): OpenTable | null {
  const cursor = new ByteCursor(section.subarray(0, Math.max(0, section.length - CRC)));
  if (cursor.u8() !== tableId) return null;
  cursor.skip(2);
  const id = cursor.u16();
  const flags = cursor.u8();
  const [number, lastSection] = [cursor.u8(), cursor.u8()];
  return {
    id,
    version: (flags >> 1) & 31,
    isCurrent: (flags & 1) === 1,
    section: number,
    lastSection,
    cursor,
  };
}

/** Null for another table. @throws MediaError `truncated` */
export function parsePat(section: Uint8Array): Pat | null {
  const table = openTable(section, TABLE.pat);
  if (!table) return null;
  const { cursor, id: _, ...rest } = table;
  const programs: { number: number; pid: number }[] = [];
  while (cursor.remaining >= 4) {
    const [number, pid] = [cursor.u16(), cursor.u16() & 0x1fff];
    if (number !== 0) programs.push({ number, pid });
  }
  return { ...rest, programs };
}

/** Null for another table. @throws MediaError `truncated`, `corrupt` for more streams than are read */
export function parsePmt(section: Uint8Array): Pmt | null {
  const table = openTable(section, TABLE.pmt);
  if (!table) return null;
  const { cursor, id: program, ...rest } = table;
  const pcrPid = cursor.u16() & 0x1fff;
  const descriptors = readDescriptors(cursor.bytes(cursor.u16() & 0xfff));
  const streams: PmtStream[] = [];
  while (cursor.remaining >= 5) {
    const [type, pid] = [cursor.u8(), cursor.u16() & 0x1fff];
    streams.push({ type, pid, descriptors: readDescriptors(cursor.bytes(cursor.u16() & 0xfff)) });
    if (streams.length > LIMITS.tracks) throw corrupt(`More than ${LIMITS.tracks} streams in a program`);
  }
  return { ...rest, program, pcrPid, descriptors, streams };
}

/** What is cut off at the end is left out. */
function readDescriptors(bytes: Uint8Array): Descriptor[] {
  const descriptors: Descriptor[] = [];
  for (let at = 0; at + 2 <= bytes.length; ) {
    const end = at + 2 + (bytes[at + 1] ?? 0);
    if (end > bytes.length) break;
    descriptors.push({ tag: bytes[at] ?? 0, data: bytes.subarray(at + 2, end) });
    at = end;
  }
  return descriptors;
}
