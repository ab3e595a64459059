import { readRange } from '../../src/core/bytes.ts';
import type { ByteRange, Source } from '../../src/core/contracts.ts';
import { corrupt, MediaError, truncated, unsupported } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { type Box, type BoxHead, MAX_BOX_HEAD, printable, readBoxHead } from './box.ts';

/** What lies where in a file: ISO/IEC 14496-12, 4.2 and 6.2. */
export interface TopLevel {
  /** Boxes in the order of the file, as far as they were followed. */
  readonly heads: readonly BoxHead[];
  readonly moov: Box | null;
}

/**
 * Follows the boxes of a file to its movie box by their sizes, in order up to the first media: one request, and one more
 * where the movie box lies behind the media or is larger than the first.
 * @throws MediaError `corrupt` for what is no box, `truncated` where the file ends within the movie box or before it,
 * `limit` for one that is too large, `unsupported` for a picture
 */
export async function readTopLevel(
  source: Source,
  { end, access }: { readonly end: number; readonly access: 'anywhere' | 'in order' },
  signal: AbortSignal,
): Promise<TopLevel> {
  const heads: BoxHead[] = [];
  const window = new Window(source, end, signal);
  for (let at = 0; at + 8 <= end; ) {
    const head = await window.head(at);
    if (!head) break;
    heads.push(head);
    if (heads.length > LIMITS.elementHops) throw corrupt('No movie box among the first boxes', at);
    if (head.type === 'moof' || (head.type === 'mdat' && access === 'in order')) return { heads, moov: null };
    if (head.type === 'moov') return { heads, moov: await readMovieBox(window, head, end) };
    at = head.end;
  }
  await refusePicture(heads, window);
  refuseUnfinished(heads, end);
  return { heads, moov: null };
}

/** Brands of pictures (ISO/IEC 23008-12, 10; AV1 Image File Format, 7), whose boxes hold items instead of a movie. */
const PICTURES: ReadonlyMap<string, string> = new Map([
  ...['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx'].map((one) => [one, 'HEIC'] as const),
  ...['avif', 'avis'].map((one) => [one, 'AVIF'] as const),
  ...['mif1', 'msf1'].map((one) => [one, 'HEIF'] as const),
]);

async function refusePicture(heads: readonly BoxHead[], window: Window): Promise<void> {
  const [first] = heads;
  if (first?.type !== 'ftyp') return;
  const brand = await window.bytes({ start: first.content, end: first.content + 4 });
  const name = PICTURES.get(String.fromCharCode(...brand));
  if (name) throw unsupported(`This is a picture (${name}), which has neither duration nor sound`);
}

/** What records in one go writes the movie box last: where that was broken off, the media last to the end of the file. */
function refuseUnfinished(heads: readonly BoxHead[], end: number): void {
  const last = heads.at(-1);
  if (last?.type === 'mdat' && last.end >= end)
    throw truncated(
      'The file ends with its media and has no movie box, which says where its samples are: the recording or download was broken off. A tool that repairs such recordings may help',
      last.start,
    );
}

async function readMovieBox(window: Window, head: BoxHead, end: number): Promise<Box> {
  if (head.end - head.content > LIMITS.metadata && head.end !== Number.POSITIVE_INFINITY)
    throw new MediaError('limit', `The movie box has ${head.end - head.content} bytes`, {
      offset: head.start,
    });
  if (head.end > end && head.end !== Number.POSITIVE_INFINITY)
    throw truncated(
      'The file ends within its movie box, without which nothing says where its samples are',
      head.start,
    );
  const bytes = await window.bytes({ start: head.content, end: Math.min(head.end, end) });
  return { ...head, bytes };
}

/** What was read last. */
class Window {
  readonly #source: Source;
  readonly #end: number;
  readonly #signal: AbortSignal;
  #bytes: Uint8Array = new Uint8Array(0);
  #start = 0;

  constructor(source: Source, end: number, signal: AbortSignal) {
    this.#source = source;
    this.#end = end;
    this.#signal = signal;
  }

  /** The head of the box at a place; null where the file ends. */
  async head(at: number): Promise<BoxHead | null> {
    const wanted = Math.min(at + MAX_BOX_HEAD, this.#end);
    await this.#have({ start: at, end: wanted }, at === 0 ? LIMITS.head : LIMITS.metadata);
    const head = readBoxHead(this.#bytes, at - this.#start, this.#start);
    if (head && !/^[\x20-\x7e\xa9]{4}$/.test(head.type))
      throw corrupt(`No box begins with the type ${printable(head.type)}`, at);
    return head;
  }

  async bytes(range: ByteRange): Promise<Uint8Array> {
    await this.#have(range, range.end - range.start);
    return this.#bytes.subarray(range.start - this.#start, range.end - this.#start);
  }

  /** @param most bytes that are asked for where the range is not there */
  async #have({ start, end }: ByteRange, most: number): Promise<void> {
    if (start >= this.#start && end <= this.#start + this.#bytes.length) return;
    const range = { start, end: Math.min(this.#end, Math.max(end, start + most)) };
    this.#bytes = await readRange(this.#source, range, this.#signal);
    this.#start = start;
  }
}
