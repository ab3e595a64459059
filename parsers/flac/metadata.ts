import { ByteCursor } from '../../src/core/bytes.ts';
import type { Attachment, Source } from '../../src/core/contracts.ts';
import { corrupt, orNull, truncated } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { bytesAt, type Held } from '../audio-file/held-bytes.ts';
import { NOTHING_TOLD, pictureOf, shortText, type Told } from '../audio-file/told.ts';

/** An entry of SEEKTABLE: RFC 9639, 8.5. */
export interface TablePoint {
  /** Number of the first sample of the frame. */
  readonly sample: number;
  /** Of its first byte, from the first frame on. */
  readonly offset: number;
}

/** What stands before the first frame. */
export interface FlacMetadata {
  /** Content of STREAMINFO. */
  readonly streamInfo: Uint8Array;
  /** Ascending; empty without SEEKTABLE. */
  readonly table: readonly TablePoint[];
  readonly told: Told;
  /** Where the first frame begins. */
  readonly end: number;
}

const BLOCK = { streamInfo: 0, seekTable: 3, comment: 4, picture: 6, invalid: 127 } as const;
const LAST = 0x80;
const BLOCK_HEADER = 4;
const STREAM_INFO_BYTES = 34;
/** Of a picture block, what stands before the picture. */
const PICTURE_HEAD = 1024;

/** How much of a block's content is read. */
const WANTED: Readonly<Record<number, number>> = {
  [BLOCK.streamInfo]: STREAM_INFO_BYTES,
  [BLOCK.seekTable]: LIMITS.metadata,
  [BLOCK.comment]: LIMITS.metadata,
  [BLOCK.picture]: PICTURE_HEAD,
};

interface Block {
  readonly type: number;
  readonly size: number;
  /** As much of its content as is wanted. */
  readonly content: Uint8Array;
}

/**
 * The metadata blocks behind `fLaC` at the beginning of the bytes held. What nobody wants of them (pictures) is not
 * read.
 * @throws MediaError `corrupt`, `truncated`
 */
export async function readMetadata(source: Source, held: Held, signal: AbortSignal): Promise<FlacMetadata> {
  const blocks: Block[] = [];
  let at = held.position + BLOCK_HEADER;
  for (let isLast = false; !isLast; ) {
    if (blocks.length === LIMITS.listed) throw corrupt(`More than ${LIMITS.listed} metadata blocks`, at);
    const [kind = 0, ...size] = await bytesAt(source, held, { at, size: BLOCK_HEADER, signal });
    if (size.length < 3) throw truncated('The file ends in its metadata', at);
    const type = kind & ~LAST;
    if (type === BLOCK.invalid) throw corrupt('A metadata block of the forbidden type', at);
    const length = size.reduce((sum, byte) => sum * 256 + byte, 0);
    const wanted = Math.min(length, WANTED[type] ?? 0);
    at += BLOCK_HEADER;
    blocks.push({ type, size: length, content: await bytesAt(source, held, { at, size: wanted, signal }) });
    at += length;
    isLast = (kind & LAST) !== 0;
  }
  const contentsOf = (type: number) => blocks.filter((block) => block.type === type);
  const streamInfo = blocks[0]?.type === BLOCK.streamInfo ? blocks[0].content : new Uint8Array(0);
  if (streamInfo.length < STREAM_INFO_BYTES) throw corrupt('FLAC metadata do not begin with STREAMINFO');
  const [table] = contentsOf(BLOCK.seekTable);
  const [comment] = contentsOf(BLOCK.comment);
  const told = comment ? orNull(() => readComments(comment.content)) : null;
  return {
    streamInfo,
    table: table ? readTable(table.content) : [],
    told: { ...(told ?? NOTHING_TOLD), pictures: contentsOf(BLOCK.picture).flatMap(pictureOfBlock) },
    end: at,
  };
}

const POINT_BYTES = 18;

/** Points but for placeholders, as long as they ascend. */
function readTable(content: Uint8Array): TablePoint[] {
  const points: TablePoint[] = [];
  const cursor = new ByteCursor(content);
  while (cursor.remaining >= POINT_BYTES) {
    const [sample, offset] = [cursor.uint(8), cursor.uint(8)];
    cursor.skip(2);
    if (!Number.isSafeInteger(sample) || !Number.isSafeInteger(offset)) continue;
    const last = points.at(-1);
    if (!last || (sample > last.sample && offset > last.offset)) points.push({ sample, offset });
  }
  return points;
}

const utf8 = new TextDecoder();

function littleEndian(cursor: ByteCursor): number {
  const [a = 0, b = 0, c = 0, d = 0] = cursor.bytes(4);
  return a + b * 2 ** 8 + c * 2 ** 16 + d * 2 ** 24;
}

/** Vendor, then fields as NAME=value: RFC 9639, 8.6; Vorbis I, 5. @throws MediaError `truncated` */
export function readComments(content: Uint8Array): Told {
  const cursor = new ByteCursor(content);
  const text = () => utf8.decode(cursor.bytes(littleEndian(cursor)));
  const writingApp = shortText(text());
  const count = Math.min(littleEndian(cursor), LIMITS.listed);
  const tags: { name: string; value: string }[] = [];
  for (let i = 0; i < count && cursor.remaining >= 4; i++) {
    const [name = '', ...value] = text().split('=');
    const whole = shortText(value.join('='));
    if (name && whole) tags.push({ name: name.toUpperCase(), value: whole });
  }
  const isPicture = ({ name }: { name: string }) => name === 'METADATA_BLOCK_PICTURE' || name === 'COVERART';
  const title = tags.find(({ name }) => name === 'TITLE')?.value ?? null;
  return {
    ...NOTHING_TOLD,
    title,
    writingApp,
    tags: tags.filter((tag) => tag.name !== 'TITLE' && !isPicture(tag)),
  };
}

/** Type, MIME type, description, four sizes, length of the picture: 8.8. */
function pictureOfBlock({ content, size }: Block): Attachment[] {
  const cursor = new ByteCursor(content);
  const attachment = orNull(() => {
    cursor.skip(4);
    const type = utf8.decode(cursor.bytes(cursor.u32()));
    const name = utf8.decode(cursor.bytes(cursor.u32()));
    cursor.skip(16);
    return pictureOf(name, type, Math.min(size, cursor.u32()));
  });
  return attachment ? [attachment] : [];
}
