import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { concat } from '../core/bytes.ts';
import { MediaError, unsupported } from '../core/errors.ts';

/** Bytes of one guide when it is unpacked: those of whole countries have 300 MB. */
const MAX_GUIDE = 1024 * 1024 * 1024;
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
  const head = await headOf(chunks);
  const all = withHead(head, chunks);
  if (hasMagic(head, XZ) || hasMagic(head, ZIP))
    throw unsupported('Guides are XML or gzip of it: unpack this one');
  if (hasMagic(head, GZIP) && layers < MAX_LAYERS) yield* guideText(unzipped(all), layers + 1);
  else yield* decoded(all, encodingOf(head));
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

async function* unzipped(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip();
  // What goes wrong is thrown by the reader below.
  pipeline(Readable.from(bytes), gunzip, () => undefined);
  try {
    for await (const chunk of gunzip) yield chunk;
  } catch (error) {
    if (error instanceof MediaError) throw error;
    const isZlib = error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');
    throw isZlib ? new MediaError('corrupt', 'The guide is no whole gzip') : error;
  }
}

/** By a byte order mark, else by what the prolog says: XML 1.0, 4.3.3. */
function encodingOf(head: Uint8Array): string {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  const prolog = new TextDecoder('latin1').decode(head.subarray(0, PROLOG));
  return /^(?:\xef\xbb\xbf)?<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]{1,40})["']/.exec(prolog)?.[1] ?? 'utf-8';
}

async function* decoded(bytes: AsyncIterable<Uint8Array>, encoding: string): AsyncGenerator<string> {
  const decoder = decoderOf(encoding);
  let length = 0;
  for await (const chunk of bytes) {
    length += chunk.length;
    if (length > MAX_GUIDE) throw new MediaError('limit', `A guide has more than ${MAX_GUIDE} bytes`);
    yield decoder.decode(chunk, { stream: true });
  }
  yield decoder.decode();
}

function decoderOf(encoding: string): TextDecoder {
  try {
    return new TextDecoder(encoding);
  } catch {
    throw unsupported(`The guide is written in ${encoding}, which is not known here`);
  }
}
