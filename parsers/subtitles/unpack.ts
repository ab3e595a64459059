import { Gunzip, Unzip, UnzipInflate } from 'fflate';
import { concat } from '../../src/core/bytes.ts';
import { corrupt, MediaError, unsupported } from '../../src/core/errors.ts';

/** Packed bytes taken at a time: at most 1032 times as many come out before the limit is looked at. */
const STEP = 4096;

/** Bytes of a file with subtitles: scripts of a season of songs have some 10 MB. */
export const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** An archive may lie in a packed answer. */
const MAX_LAYERS = 2;

/** Names of files with subtitles, by how they end. */
const SUBTITLES = /\.(srt|vtt|webvtt|ass|ssa|sub|txt|smi|sami|ttml|dfxp|xml|itt)$/i;

/**
 * What gzip, or a zip archive with subtitles in it, holds; other bytes as they are.
 * @throws MediaError `limit` for what swells beyond `MAX_FILE_BYTES`, `corrupt`, and `unsupported` for an archive without subtitles
 */
export function unpackSubtitles(bytes: Uint8Array): Uint8Array {
  let unpacked = bytes;
  for (let i = 0; i < MAX_LAYERS; i++) {
    if (unpacked[0] === 0x1f && unpacked[1] === 0x8b) unpacked = gunzip(unpacked);
    else if (startsWith(unpacked, 'PK\x03\x04')) unpacked = unzip(unpacked);
  }
  if (unpacked.length > MAX_FILE_BYTES) throw tooLarge();
  return unpacked;
}

export const startsWith = (bytes: Uint8Array, text: string): boolean =>
  [...text].every((one, i) => bytes[i] === one.charCodeAt(0));

const tooLarge = (): MediaError => new MediaError('limit', `Subtitles of more than ${MAX_FILE_BYTES} bytes`);

/** Collects parts up to the limit. */
class Collected {
  readonly #parts: Uint8Array[] = [];
  #size = 0;

  add(part: Uint8Array): void {
    this.#size += part.length;
    if (this.#size > MAX_FILE_BYTES) throw tooLarge();
    this.#parts.push(part);
  }

  get bytes(): Uint8Array {
    return concat(this.#parts);
  }
}

function gunzip(bytes: Uint8Array): Uint8Array {
  const collected = new Collected();
  const stream = new Gunzip((part) => collected.add(part));
  pushAll(bytes, (part, isLast) => stream.push(part, isLast));
  return collected.bytes;
}

/** The first file in the archive that its name says to be one. */
function unzip(bytes: Uint8Array): Uint8Array {
  const collected = new Collected();
  let found: string | null = null;
  const stream = new Unzip((file) => {
    if (found !== null || !SUBTITLES.test(file.name)) return;
    found = file.name;
    file.ondata = (error, part) => {
      if (error) throw error;
      collected.add(part);
    };
    file.start();
  });
  stream.register(UnzipInflate);
  pushAll(bytes, (part, isLast) => stream.push(part, isLast));
  if (found === null) throw unsupported('This is an archive without subtitles in it');
  return collected.bytes;
}

function pushAll(bytes: Uint8Array, push: (part: Uint8Array, isLast: boolean) => void): void {
  try {
    for (let at = 0; at < bytes.length; at += STEP)
      push(bytes.subarray(at, at + STEP), at + STEP >= bytes.length);
  } catch (error) {
    if (error instanceof MediaError) throw error;
    throw corrupt(`Packed subtitles: ${error instanceof Error ? error.message : 'cannot be unpacked'}`);
  }
}
