import { findFraming } from '../../../parsers/mpegts/framing.ts';
import { readRange } from '../../core/bytes.ts';
import type { Source } from '../../core/contracts.ts';
import { MediaError, unsupported } from '../../core/errors.ts';
import { EXIT } from '../exit-codes.ts';
import { type InputFlags, wholeNumber, withInput } from '../input.ts';
import { note, print } from '../output.ts';
import { dumpBoxes } from './boxes.ts';
import { dumpElements } from './elements.ts';
import { type DumpLine, type DumpWish, HEADING, lineText } from './line.ts';
import { PageReader } from './page-reader.ts';
import { dumpTransport } from './transport.ts';

export interface DumpFlags extends InputFlags {
  readonly depth?: string;
  readonly limit?: string;
}

/** Lines that are told unless more are asked for: a broadcast has millions. */
const LIMIT = 10_000;
/** Lines that are written at once. */
const AT_ONCE = 200;
/** Looked at to tell the container. */
const HEAD = 64 * 1024;

/** `sluice dump`: the structure of a file with offsets and sizes, read by ranges, payload skipped. */
export function dump(target: string, flags: DumpFlags, signal: AbortSignal): Promise<number> {
  const depth = flags.depth === undefined ? null : wholeNumber('--depth', flags.depth);
  if (depth === 0) throw new MediaError('bad-request', '--depth wants 1 or more');
  const limit = flags.limit === undefined ? LIMIT : wholeNumber('--limit', flags.limit);
  return withInput(target, flags, async (input) => {
    const { source } = await input.openSource();
    return write(await structures(source, { depth }, signal), limit || Number.POSITIVE_INFINITY);
  });
}

/** @throws MediaError `unsupported` for other containers, `truncated` for nothing at all */
export async function structures(
  source: Source,
  wish: DumpWish,
  signal: AbortSignal,
): Promise<AsyncGenerator<DumpLine>> {
  const head = await readRange(source, { start: 0, end: HEAD }, signal);
  if (head.length === 0) throw new MediaError('truncated', 'The file is empty', { offset: 0 });
  const reader = new PageReader(source, signal);
  if (startsWith(head, '\x1a\x45\xdf\xa3')) return dumpElements(reader, wish);
  if (BOXES.some((type) => startsWith(head.subarray(4), type))) return dumpBoxes(reader, wish);
  if (findFraming(head)) return dumpTransport(source, wish, signal);
  throw unsupported('Only MP4, Matroska and transport streams can be dumped');
}

/** What MP4, QuickTime and segments of them begin with. */
const BOXES = [
  'ftyp',
  'styp',
  'moov',
  'moof',
  'mdat',
  'free',
  'skip',
  'wide',
  'sidx',
  'pnot',
  'uuid',
  'emsg',
];

const startsWith = (bytes: Uint8Array, text: string): boolean =>
  [...text].every((char, i) => bytes[i] === char.charCodeAt(0));

/** @returns 3 where something is broken */
async function write(lines: AsyncGenerator<DumpLine>, limit: number): Promise<number> {
  let [count, broken, text] = [0, 0, HEADING];
  for await (const line of lines) {
    if (count++ >= limit) {
      note(`Stopped after ${limit} lines; --limit 0 shows all, --depth 1 only the outermost`);
      break;
    }
    if (line.isFault) broken++;
    text += lineText(line);
    if (count % AT_ONCE > 0) continue;
    await print(text);
    text = '';
  }
  await print(text);
  if (broken === 0) return EXIT.done;
  note(`${broken} ${broken === 1 ? 'place is' : 'places are'} broken: see the lines with !! [corrupt]`);
  return EXIT.media;
}
