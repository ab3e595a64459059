import { type BoxHead, MAX_BOX_HEAD, readBoxHead } from '../../../parsers/mp4/box.ts';
import { attempt, MediaError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { boxFacts, CHILDREN_AT, LOOKED_AT } from './box-facts.ts';
import { type DumpLine, type DumpWish, fault } from './line.ts';
import type { PageReader } from './page-reader.ts';

/** One after the other without end: told by themselves unless a depth is asked for. */
const BULK: ReadonlySet<string> = new Set(['moof']);

interface Stretch {
  readonly start: number;
  readonly end: number;
  readonly depth: number;
}

/** Boxes of an MP4 or QuickTime file in their order: ISO/IEC 14496-12, 4.2. What is broken is told where it is. */
export async function* dumpBoxes(
  reader: PageReader,
  wish: DumpWish,
  stretch: Stretch = { start: 0, end: Number.POSITIVE_INFINITY, depth: 0 },
): AsyncGenerator<DumpLine> {
  const { depth } = stretch;
  for (let at = stretch.start; at < stretch.end; ) {
    const bytes = await reader.bytes(at, Math.min(MAX_BOX_HEAD, stretch.end - at));
    if (isPadding(bytes, stretch.end - at)) return;
    const head = attempt(() => readBoxHead(bytes, 0, at));
    const problem = head instanceof MediaError || head === null || !isType(head.type) ? head : undefined;
    if (head instanceof MediaError || head === null || problem !== undefined) {
      yield fault(at, depth, told(head));
      return;
    }
    const end = Math.min(head.end, stretch.end, reader.size);
    yield await lineOf(reader, head, { depth, end });
    if (head.end > end && head.end !== Number.POSITIVE_INFINITY)
      yield fault(at, depth, {
        name: 'truncated',
        facts: `${head.end - end} bytes of ${shown(head.type)} are missing`,
      });
    yield* childrenOf(reader, head, { wish, depth: depth + 1, end });
    at = end;
  }
}

/** QuickTime ends lists with a zero; fewer bytes than a head at the end are no box. */
const isPadding = (bytes: Uint8Array, left: number): boolean =>
  bytes.length === 0 || (bytes.length < 8 && bytes.length <= left && bytes.every((byte) => byte === 0));

/** Any byte but those of control: `©nam` occurs. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what no type has
const isType = (type: string): boolean => !/[\u0000-\u001f]/.test(type);

/** `©nam` as it is. */
const shown = (type: string): string => type.replaceAll(/[\p{Cc}\p{Cf}]/gu, '·');

function told(head: BoxHead | MediaError | null): Pick<DumpLine, 'name' | 'facts'> {
  if (head instanceof MediaError) return { name: head.code, facts: head.message };
  if (head === null) return { name: 'truncated', facts: 'the head of a box is cut off' };
  return { name: 'corrupt', facts: `no box begins here (type ${JSON.stringify(shown(head.type))})` };
}

async function lineOf(
  reader: PageReader,
  head: BoxHead,
  { depth, end }: { readonly depth: number; readonly end: number },
): Promise<DumpLine> {
  const length = Math.max(0, Math.min(LOOKED_AT, end - head.content));
  const isRead = head.type !== 'mdat' && length > 0;
  const content = isRead ? await reader.bytes(head.content, length) : new Uint8Array();
  const facts = head.uuid ?? boxFacts(head.type, content);
  const size = Number.isFinite(end) ? end - head.start : null;
  return { offset: head.start, size, depth, name: shown(head.type), facts };
}

interface Inside {
  readonly wish: DumpWish;
  readonly depth: number;
  readonly end: number;
}

async function* childrenOf(
  reader: PageReader,
  { type, content }: BoxHead,
  { wish, depth, end }: Inside,
): AsyncGenerator<DumpLine> {
  const before = CHILDREN_AT[type];
  const isWanted = wish.depth === null ? !BULK.has(type) : depth < wish.depth;
  if (before === undefined || !isWanted || depth >= LIMITS.depth) return;
  const start = content + (type === 'meta' ? await metaHead(reader, content) : before);
  if (start < end) yield* dumpBoxes(reader, wish, { start, end, depth });
}

/** `meta` is a full box in ISO files and a plain one in QuickTime's: the first child's type tells. */
async function metaHead(reader: PageReader, content: number): Promise<number> {
  const bytes = await reader.bytes(content, 8);
  return new TextDecoder('latin1').decode(bytes.subarray(4, 8)) === 'hdlr' ? 0 : (CHILDREN_AT.meta ?? 0);
}
