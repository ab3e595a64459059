import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { concat } from '../core/bytes.ts';
import { MediaError, unsupported } from '../core/errors.ts';

/** Bytes of one guide when it is unpacked: those of whole countries have 300 MB. */
const MAX_GUIDE = 1024 * 1024 * 1024;
/** As it comes, packed: a gzip may have parts without end that hold nothing. */
const MAX_PACKED = 256 * 1024 * 1024;
/** Bytes in which the encoding is told. */
const PROLOG = 256;
/** A file that is gzip, sent as gzip. */
const MAX_LAYERS = 2;

/**
 * A guide as text, in the encoding that it says it has.
 * @throws MediaError `unsupported` for one that is packed by something else than gzip; `corrupt`, `limit`
 */
export async function* guideText(bytes: AsyncIterable<Uint8Array>, layers = 0): AsyncGenerator<string> {
  const chunks = bytes[Symbol.asyncIterator]();
  try {
    const head = await headOf(chunks);
    const all = withHead(head, chunks);
    if (hasMagic(head, XZ) || hasMagic(head, ZIP))
      throw unsupported('Guides are XML or gzip of it: unpack this one');
    if (hasMagic(head, GZIP) && layers < MAX_LAYERS)
      yield* guideText(unzipped(atMost(MAX_PACKED, all)), layers + 1);
    else yield* decoded(atMost(MAX_GUIDE, all), encodingOf(head));
  } finally {
    release(chunks);
  }
}

/** Lets go of what is read, even where no generator had begun. Nobody waits: it may hang until its signal aborts. */
function release(chunks: AsyncIterator<Uint8Array>): void {
  chunks.return?.().catch(() => undefined);
}

const GZIP = [0x1f, 0x8b];
const XZ = [0xfd, 0x37, 0x7a, 0x58, 0x5a];
const ZIP = [0x50, 0x4b, 0x03, 0x04];
const hasMagic = (head: Uint8Array, magic: readonly number[]): boolean =>
  magic.every((byte, i) => head[i] === byte);

async function headOf(chunks: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (let length = 0; length < PROLOG; ) {
    const { done, value } = await chunks.next();
    if (done) break;
    parts.push(value);
    length += value.length;
  }
  return concat(parts);
}

async function* withHead(head: Uint8Array, chunks: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield head;
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
  } finally {
    await chunks.return?.();
  }
}

async function* atMost(limit: number, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let length = 0;
  for await (const chunk of bytes) {
    length += chunk.length;
    if (length > limit) throw new MediaError('limit', `A guide has more than ${limit} bytes`);
    yield chunk;
  }
}

async function* unzipped(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip();
  // What goes wrong is thrown by the reader below.
  pipeline(Readable.from(bytes), gunzip, () => undefined);
  let length = 0;
  try {
    for await (const chunk of gunzip) {
      length += chunk.length;
      yield chunk;
    }
  } catch (error) {
    if (error instanceof MediaError) throw error;
    const isZlib = error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');
    // What lies behind a whole gzip is no other one: some servers append a text.
    if (isZlib && length > 0 && error.message === 'incorrect header check') return;
    throw isZlib ? new MediaError('corrupt', 'The guide is no whole gzip') : error;
  }
}

/** What the first bytes of an XML text in that encoding are: a mark of their order, or `<` itself. XML 1.0, F.1. */
const BEGINNINGS: readonly (readonly [string, readonly number[]])[] = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
  ['utf-16le', [0x3c, 0]],
  ['utf-16be', [0, 0x3c]],
];

/** By its first bytes, else by what the prolog says: XML 1.0, 4.3.3. */
function encodingOf(head: Uint8Array): string {
  const known = BEGINNINGS.find(([, magic]) => hasMagic(head, magic));
  if (known) return known[0];
  const prolog = new TextDecoder('latin1').decode(head.subarray(0, PROLOG));
  const told = /^<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]{1,40})["']/.exec(prolog)?.[1] ?? 'utf-8';
  // Who could read that it is UTF-16 has read no UTF-16.
  return decoderOf(told).encoding.startsWith('utf-16') ? 'utf-8' : told;
}

async function* decoded(bytes: AsyncIterable<Uint8Array>, encoding: string): AsyncGenerator<string> {
  const decoder = decoderOf(encoding);
  for await (const chunk of bytes) yield decoder.decode(chunk, { stream: true });
  yield decoder.decode();
}

function decoderOf(encoding: string): TextDecoder {
  try {
    return new TextDecoder(encoding);
  } catch {
    throw unsupported(`The guide is written in ${encoding}, which is not known here`);
  }
}
