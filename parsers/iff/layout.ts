import { ByteCursor, readRange } from '../../src/core/bytes.ts';
import type { ByteRange, Source } from '../../src/core/contracts.ts';
import { corrupt } from '../../src/core/errors.ts';
import { bytesAt, type Held } from '../audio-file/held-bytes.ts';
import type { Told } from '../audio-file/told.ts';
import { type Chunk, walkChunks } from './chunks.ts';
import type { Family } from './families.ts';
import { toldByChunks } from './told-by-chunks.ts';

/** What the chunks of a file say. */
export interface ChunkedLayout {
  /** Content of the chunk with the format. */
  readonly format: Uint8Array;
  /** Of the sound. */
  readonly data: ByteRange;
  /** The end of the sound is known. */
  readonly hasEnd: boolean;
  readonly told: readonly Told[];
}

export interface Opening {
  readonly family: Family;
  readonly held: Held;
  /** Of the file. */
  readonly end: number;
  readonly isInOrder: boolean;
  readonly signal: AbortSignal;
}

/** How much of a chunk's content is read, by its name. */
const WANTED: Readonly<Record<string, number>> = {
  'fmt ': 1024,
  COMM: 1024,
  ds64: 28,
  LIST: 64 * 1024,
  'id3 ': 256 * 1024,
  'ID3 ': 256 * 1024,
  NAME: 1024,
  AUTH: 1024,
};
/** Read behind the sound, for tags. */
const BEHIND = 64 * 1024;

/**
 * Finds the chunks that matter. What stands behind the sound is read for tags, and for the format where that was not
 * met before.
 * @throws MediaError `corrupt` without format or sound
 */
export async function readLayout(source: Source, opening: Opening): Promise<ChunkedLayout> {
  const { family, end, isInOrder, signal } = opening;
  const { ids } = family;
  const found = new ChunkContents();
  const data = await findData(source, opening, found);
  if (!data) throw corrupt(`No chunk holds sound (${ids.data})`);
  const next = data.end + (-(data.end - family.start) & (family.form.alignment - 1));
  if (!isInOrder && next < end) {
    const bytes = await readRange(source, { start: next, end: Math.min(end, next + BEHIND) }, signal);
    const held = { position: next, bytes };
    const range = { start: next, end: next + bytes.length };
    for await (const chunk of walkChunks(source, { form: family.form, held, range, signal }))
      await found.add(source, held, { chunk, signal });
  }
  const [format] = found.of(ids.format);
  if (!format) throw corrupt(`No chunk says what the sound is (${ids.format.trim()})`);
  return { format, data, hasEnd: !isInOrder || data.isTold, told: toldByChunks(found) };
}

/** Contents of the chunks that are wanted, in order. */
export class ChunkContents {
  readonly #contents: { readonly id: string; readonly content: Uint8Array }[] = [];

  async add(
    source: Source,
    held: Held,
    { chunk, signal }: { readonly chunk: Chunk; readonly signal: AbortSignal },
  ): Promise<void> {
    const { start, end } = chunk.range;
    const size = Math.min(end - start, WANTED[chunk.id] ?? 0);
    if (size === 0) return;
    const content = await bytesAt(source, held, { at: start, size, signal });
    this.#contents.push({ id: chunk.id, content });
  }

  of(...ids: readonly string[]): Uint8Array[] {
    return this.#contents.filter(({ id }) => ids.includes(id)).map(({ content }) => content);
  }
}

interface Data extends ByteRange {
  /** The file says itself where it ends. */
  readonly isTold: boolean;
}

async function findData(source: Source, opening: Opening, found: ChunkContents): Promise<Data | null> {
  const { family, held, end, signal } = opening;
  const { ids, form } = family;
  const range = { start: family.start, end };
  for await (const chunk of walkChunks(source, { form, held, range, signal })) {
    if (chunk.id !== ids.data) {
      await found.add(source, held, { chunk, signal });
      continue;
    }
    const { start } = chunk.range;
    const head = await bytesAt(source, held, { at: start, size: HEAD, signal });
    const size = dataSize(chunk.size, found.of('ds64')[0]);
    const stop = size === null ? end : Math.min(end, start + size);
    return { start: Math.min(stop, start + family.lead(head)), end: stop, isTold: size !== null };
  }
  return null;
}

/** Of the chunk with the sound, what may say where that begins. */
const HEAD = 8;
/** Lengths of a writer that did not go back to fill them in. */
const UNTOLD: ReadonlySet<number> = new Set([0, 0xffffffff]);
/** ds64: size of all, then of the sound. */
const DS64_DATA = 8;

function dataSize(size: number, ds64: Uint8Array | undefined): number | null {
  if (!UNTOLD.has(size)) return size;
  if (!ds64 || ds64.length < DS64_DATA + 8) return null;
  const view = new DataView(ds64.buffer, ds64.byteOffset);
  const told = new ByteCursor(ds64.slice(DS64_DATA, DS64_DATA + 8).reverse()).uint(8);
  return view.byteLength > 0 && told > 0 && Number.isSafeInteger(told) ? told : null;
}
