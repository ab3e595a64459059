import { corrupt, MediaError, unsupported } from '../../src/core/errors.ts';
import { GrowingBytes } from '../../src/core/growing-bytes.ts';
import { readZip, wayOf, type ZipEntry } from './zip.ts';

/** Bytes of a file with subtitles: scripts of a season of songs have some 10 MB. */
export const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** An archive may lie in a packed answer. */
const MAX_LAYERS = 2;

/** Names of files with subtitles, by how they end; those that other files have as well come last. */
const SUBTITLES: readonly RegExp[] = [
  /\.(srt|vtt|webvtt|ass|ssa|smi|sami|ttml|dfxp|itt)$/i,
  /\.(sub|txt|xml)$/i,
];

/** Folders, and what systems put beside the files. */
const HIDDEN = /^__MACOSX\/|(^|\/)\.[^/]*$|\/$/;

/**
 * What gzip, or a zip archive with subtitles in it, holds; other bytes as they are.
 * @throws MediaError `limit` for what swells beyond `MAX_FILE_BYTES`, `corrupt`, and `unsupported` for an archive without subtitles
 */
export async function unpackSubtitles(bytes: Uint8Array): Promise<Uint8Array> {
  let unpacked = bytes;
  for (let i = 0; i < MAX_LAYERS; i++) {
    if (unpacked[0] === 0x1f && unpacked[1] === 0x8b) unpacked = await inflate(unpacked, 'gzip');
    else if (startsWith(unpacked, 'PK\x03\x04')) unpacked = await unzip(unpacked);
  }
  if (unpacked.length > MAX_FILE_BYTES) throw tooLarge();
  return unpacked;
}

export const startsWith = (bytes: Uint8Array, text: string): boolean =>
  [...text].every((one, i) => bytes[i] === one.charCodeAt(0));

const tooLarge = (): MediaError => new MediaError('limit', `Subtitles of more than ${MAX_FILE_BYTES} bytes`);

/** The first file in the archive whose name says most clearly that it is one. */
async function unzip(bytes: Uint8Array): Promise<Uint8Array> {
  const entries = readZip(bytes).filter(({ name }) => !HIDDEN.test(name));
  const found = SUBTITLES.flatMap((names): ZipEntry[] => entries.filter(({ name }) => names.test(name)))[0];
  if (!found) throw unsupported('This is an archive without subtitles in it');
  return wayOf(found) === 'stored' ? found.packed : inflate(found.packed, 'deflate-raw');
}

async function inflate(bytes: Uint8Array, format: 'gzip' | 'deflate-raw'): Promise<Uint8Array> {
  const packed = new Blob([new Uint8Array(bytes)]).stream();
  const reader = packed.pipeThrough(new DecompressionStream(format)).getReader();
  const unpacked = new GrowingBytes(MAX_FILE_BYTES, tooLarge);
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) unpacked.add(part.value);
    return unpacked.bytes;
  } catch (error) {
    await reader.cancel().catch(() => undefined); // it says the same error again
    if (error instanceof MediaError) throw error;
    throw corrupt(`Packed subtitles: ${error instanceof Error ? error.message : 'cannot be unpacked'}`);
  }
}
