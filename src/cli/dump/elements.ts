import {
  type ElementHead,
  findId,
  ID_LENGTH,
  MAX_HEAD_SIZE,
  readElementHead,
  readVarint,
} from '../../../parsers/matroska/ebml.ts';
import { ELEMENTS, TOP_LEVEL } from '../../../parsers/matroska/elements.ts';
import { ByteCursor } from '../../core/bytes.ts';
import { attempt, MediaError, orNull } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { type ElementKind, elementOf } from './element-kinds.ts';
import { type DumpLine, type DumpWish, fault, hex, quoted } from './line.ts';
import type { PageReader } from './page-reader.ts';

/** One after the other without end: told by themselves unless a depth is asked for. */
const BULK: ReadonlySet<number> = new Set([ELEMENTS.Cluster, ELEMENTS.CuePoint]);
/** Most bytes of an element that are looked at. */
const LOOKED_AT = 1024;
/** How far a next cluster is looked for behind damage. */
const SEARCH = 64 * 1024 * 1024;
const SEARCH_STEP = 1024 * 1024;

/** Children that lie between two places; those of an element of unknown size end where one of another level begins. */
interface Stretch {
  readonly start: number;
  readonly end: number;
  readonly depth: number;
  /** Null within an element of unknown size or none. */
  readonly parent: number | null;
  /** Passed without being told: only its end is wanted. */
  readonly isSilent: boolean;
}

/** Elements of a Matroska or WebM file in their order: RFC 8794. What is broken is told where it is. */
export async function* dumpElements(reader: PageReader, wish: DumpWish): AsyncGenerator<DumpLine> {
  const whole = { start: 0, end: Number.POSITIVE_INFINITY, depth: 0, parent: null, isSilent: false };
  yield* dumpChildren(reader, wish, whole);
}

/** @returns where the stretch ended */
async function* dumpChildren(
  reader: PageReader,
  wish: DumpWish,
  stretch: Stretch,
): AsyncGenerator<DumpLine, number> {
  const { depth, parent } = stretch;
  let at = stretch.start;
  while (at < stretch.end && at < reader.size) {
    const head = await headAt(reader, at, stretch.end);
    if (head === 'end') return at;
    if (head instanceof MediaError) {
      yield fault(at, depth, { name: head.code, facts: head.message });
      const next = await nextCluster(reader, at + 1, Math.min(stretch.end, reader.size));
      if (parent !== ELEMENTS.Segment || next === null) return Math.min(stretch.end, reader.size);
      at = next;
      continue;
    }
    if (parent === ELEMENTS.Cluster && TOP_LEVEL.has(head.id) && stretch.end === Number.POSITIVE_INFINITY)
      return at;
    at = yield* dumpElement(reader, wish, { at, head, stretch });
  }
  return at;
}

async function headAt(
  reader: PageReader,
  at: number,
  end: number,
): Promise<ElementHead | MediaError | 'end'> {
  const bytes = await reader.bytes(at, Math.min(MAX_HEAD_SIZE, end - at));
  if (bytes.length === 0) return 'end';
  const head = attempt(() => readElementHead(bytes, at, ID_LENGTH.usual));
  return head ?? new MediaError('truncated', 'The head of an element is cut off', { offset: at });
}

interface Met {
  readonly at: number;
  readonly head: ElementHead;
  readonly stretch: Stretch;
}

/** @returns where it ended */
async function* dumpElement(
  reader: PageReader,
  wish: DumpWish,
  { at, head, stretch }: Met,
): AsyncGenerator<DumpLine, number> {
  const { name, kind } = elementOf(head.id);
  const { depth, isSilent } = stretch;
  const content = at + head.headSize;
  const declared = head.size === null ? Number.POSITIVE_INFINITY : content + head.size;
  const end = Math.min(declared, stretch.end, reader.size);
  if (!isSilent) {
    const size = head.size === null ? null : head.headSize + head.size;
    const facts = await factsOf(reader, { kind, id: head.id, content, end });
    yield {
      offset: at,
      size,
      depth,
      name,
      facts: head.size === null ? `unknown size ${facts}`.trim() : facts,
    };
    if (declared > end && head.size !== null)
      yield fault(at, depth, { name: 'truncated', facts: `${declared - end} bytes of ${name} are missing` });
  }
  if (kind !== 'master' || depth + 1 >= LIMITS.depth) return end;
  const isTold = !isSilent && (wish.depth === null ? !BULK.has(head.id) : depth + 1 < wish.depth);
  if (!isTold && head.size !== null) return end;
  const inner = {
    start: content,
    end: head.size === null ? Number.POSITIVE_INFINITY : end,
    depth: depth + 1,
  };
  return yield* dumpChildren(reader, wish, { ...inner, parent: head.id, isSilent: !isTold });
}

/** By its ID alone; null where none is found in reach. */
async function nextCluster(reader: PageReader, from: number, end: number): Promise<number | null> {
  const last = Math.min(end, from + SEARCH);
  for (let at = from; at < last; at += SEARCH_STEP) {
    // Three bytes more: an ID may lie across the border.
    const bytes = await reader.bytes(at, Math.min(SEARCH_STEP + 3, last - at));
    const found = findId(bytes, ELEMENTS.Cluster, 0);
    if (found !== null) return at + found;
    if (bytes.length < SEARCH_STEP) return null;
  }
  return null;
}

interface Content {
  readonly kind: ElementKind;
  readonly id: number;
  readonly content: number;
  readonly end: number;
}

async function factsOf(reader: PageReader, { kind, id, content, end }: Content): Promise<string> {
  const length = Math.max(0, Math.min(LOOKED_AT, end - content));
  if (id === ELEMENTS.Void || (kind === 'master' && id !== ELEMENTS.Cluster)) return '';
  const bytes = await reader.bytes(
    content,
    kind === 'binary' || kind === 'block' ? Math.min(16, length) : length,
  );
  return orNull(() => READERS[kind](bytes, end - content)) ?? '';
}

/** Milliseconds of a date count from 2001: RFC 8794, 7.6. */
const MILLENNIUM = Date.UTC(2001, 0, 1);

const READERS: Readonly<Record<ElementKind, (bytes: Uint8Array, size: number) => string>> = {
  master: clusterTime,
  uint: (bytes) => String(bytes.subarray(0, 8).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n)),
  int: (bytes) => String(signed(bytes)),
  float: (bytes) => {
    const cursor = new ByteCursor(bytes);
    return bytes.length === 0 ? '0' : String(bytes.length === 4 ? cursor.f32() : cursor.f64());
  },
  text: (bytes) => quoted(new TextDecoder().decode(bytes).replace(/\0.*$/s, '')),
  date: (bytes) => new Date(MILLENNIUM + Number(signed(bytes) / 1_000_000n)).toISOString(),
  binary: (bytes, size) => `${size} bytes ${hex(bytes)}${size > bytes.length ? '…' : ''}`,
  block: blockFacts,
  id: (bytes) => elementOf(bytes.reduce((sum, byte) => sum * 256 + byte, 0)).name,
};

const signed = (bytes: Uint8Array): bigint =>
  BigInt.asIntN(
    bytes.length * 8,
    bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n),
  );

/** The Timestamp of a cluster stands first, perhaps behind a checksum. */
function clusterTime(bytes: Uint8Array): string {
  for (let at = 0; at < bytes.length; ) {
    const head = readElementHead(bytes.subarray(at), at);
    if (!head || head.size === null) return '';
    const start = at + head.headSize;
    if (head.id === ELEMENTS.Timestamp)
      return `timestamp ${new ByteCursor(bytes.subarray(start)).uint(Math.min(8, head.size))}`;
    at = start + head.size;
  }
  return '';
}

const LACING = ['', ', Xiph lacing', ', fixed lacing', ', EBML lacing'];

/** Head of a block: RFC 9559, 10.1 and 10.2. */
function blockFacts(bytes: Uint8Array, size: number): string {
  const cursor = new ByteCursor(bytes);
  const track = readVarint(cursor);
  const [time, flags] = [cursor.i16(), cursor.u8()];
  const key = (flags & 0x80) !== 0 ? ', key' : '';
  return `track ${track}, time ${time >= 0 ? '+' : ''}${time}${key}${LACING[(flags >> 1) & 3] ?? ''}, ${size} bytes`;
}
