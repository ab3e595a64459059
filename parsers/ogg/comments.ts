import { ByteCursor } from '../../src/core/bytes.ts';
import type { Attachment } from '../../src/core/contracts.ts';
import { orNull } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { NOTHING_TOLD, pictureOf, type Told } from '../audio-file/told.ts';
import { readComments } from '../flac/metadata.ts';
import type { SoundFormat } from './sound-format.ts';

/** What the headers of a stream of sound tell of the title; what is broken of them is left out. */
export function toldBy({ comments, pictures }: Pick<SoundFormat, 'comments' | 'pictures'>): Told {
  const told = (comments && orNull(() => readComments(comments))) ?? NOTHING_TOLD;
  const covers = comments ? coversOf(comments) : [];
  return { ...told, pictures: [...pictures.flatMap((block) => pictureOfBlock(block) ?? []), ...covers] };
}

/** Pictures that comments hold in base64: a block of FLAC each, or of old files nothing but the picture. */
const COVERS: Readonly<Record<string, (text: Uint8Array) => Attachment | null>> = {
  METADATA_BLOCK_PICTURE: (text) => pictureOfBlock(decoded(text.subarray(0, BLOCK_TEXT))),
  COVERART: (text) => pictureOf(null, 'image/jpeg', Math.floor((text.length * 3) / 4)),
};
/** Of a block in base64, more than what stands before the picture: a multiple of four. */
const BLOCK_TEXT = 4096;
const LONGEST_NAME = Math.max(...Object.keys(COVERS).map((name) => name.length));
const EQUALS = 0x3d;

const latin1 = new TextDecoder('latin1');
const utf8 = new TextDecoder();

function coversOf(comments: Uint8Array): Attachment[] {
  const cursor = new ByteCursor(comments);
  const covers: Attachment[] = [];
  orNull(() => {
    cursor.skip(littleEndian(cursor));
    const count = Math.min(littleEndian(cursor), LIMITS.listed);
    for (let i = 0; i < count; i++) {
      const field = cursor.bytes(littleEndian(cursor));
      const nameEnd = field.subarray(0, LONGEST_NAME + 1).indexOf(EQUALS);
      const read = COVERS[latin1.decode(field.subarray(0, Math.max(0, nameEnd))).toUpperCase()];
      const cover = read?.(field.subarray(nameEnd + 1)) ?? null;
      if (cover) covers.push(cover);
    }
  });
  return covers;
}

function littleEndian(cursor: ByteCursor): number {
  const [a = 0, b = 0, c = 0, d = 0] = cursor.bytes(4);
  return a + b * 2 ** 8 + c * 2 ** 16 + d * 2 ** 24;
}

/** As much of the bytes as is whole; none of what is no base64. */
function decoded(text: Uint8Array): Uint8Array {
  const whole = latin1.decode(text.subarray(0, text.length - (text.length % 4)));
  try {
    return Uint8Array.from(atob(whole), (char) => char.charCodeAt(0));
  } catch {
    return new Uint8Array(0);
  }
}

/** Type, MIME type, description, four sizes, length of the picture: RFC 9639, 8.8. Null for what is broken. */
function pictureOfBlock(block: Uint8Array): Attachment | null {
  return orNull(() => {
    const cursor = new ByteCursor(block);
    cursor.skip(4);
    const type = utf8.decode(cursor.bytes(cursor.u32()));
    const name = utf8.decode(cursor.bytes(cursor.u32()));
    cursor.skip(16);
    return pictureOf(name, type, cursor.u32());
  });
}
