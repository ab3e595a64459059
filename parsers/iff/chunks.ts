import type { ByteRange, Source } from '../../src/core/contracts.ts';
import { corrupt } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { bytesAt, type Held } from '../audio-file/held-bytes.ts';

/** How chunks are written: what their kin differ in. */
export interface ChunkForm {
  readonly headerBytes: number;
  /** Chunks begin at multiples of it. */
  readonly alignment: number;
  /** Null for what can be no chunk. @param header as many bytes as the form has */
  read(header: Uint8Array): { readonly id: string; readonly size: number } | null;
}

export interface Chunk {
  readonly id: string;
  /** Of its content, as far as it is in the file. */
  readonly range: ByteRange;
  /** Of its content as it says itself. */
  readonly size: number;
}

interface Walk {
  readonly form: ChunkForm;
  readonly held: Held;
  readonly range: ByteRange;
  readonly signal: AbortSignal;
  /** Length of a chunk whose own is not to be believed; null for the others. */
  readonly lengthOf?: (chunk: { readonly id: string; readonly size: number }) => number | null;
}

const idOf = (bytes: Uint8Array): string => String.fromCharCode(...bytes.subarray(0, 4));

/** Interchange File Format with the low byte first, as in RIFF, or the high one, as in AIFF. */
export const plainForm = (isLittleEndian: boolean): ChunkForm => ({
  headerBytes: 8,
  alignment: 2,
  read: (header) => ({
    id: idOf(header),
    size: new DataView(header.buffer, header.byteOffset).getUint32(4, isLittleEndian),
  }),
});

const GUID_BYTES = 16;

/** Sony's: names of 16 bytes that begin with the plain ones, lengths of 64 bits that count the header. */
export const WAVE_64: ChunkForm = {
  headerBytes: GUID_BYTES + 8,
  alignment: 8,
  read(header) {
    const size = Number(new DataView(header.buffer, header.byteOffset).getBigUint64(GUID_BYTES, true));
    if (size < this.headerBytes || !Number.isSafeInteger(size)) return null;
    return { id: idOf(header), size: size - this.headerBytes };
  },
};

/** Chunks one after the other; reading goes on only as long as the caller does. @throws MediaError `corrupt` for more than 64 */
export async function* walkChunks(source: Source, walk: Walk): AsyncGenerator<Chunk> {
  const { form, held, range, signal, lengthOf } = walk;
  let at = range.start;
  for (let count = 0; at + form.headerBytes <= range.end; count++) {
    if (count > LIMITS.elementHops)
      throw corrupt(`More than ${LIMITS.elementHops} chunks before the sound`, at);
    const header = await bytesAt(source, held, { at, size: form.headerBytes, signal });
    const head = header.length === form.headerBytes ? form.read(header) : null;
    if (!head) return;
    const start = at + form.headerBytes;
    const size = lengthOf?.(head) ?? head.size;
    yield { id: head.id, size, range: { start, end: Math.min(range.end, start + size) } };
    at = start + size + (-size & (form.alignment - 1));
  }
}
