import { ByteCursor } from '../../src/core/bytes.ts';
import { id3Bytes, parseId3 } from '../audio-file/id3.ts';
import { NOTHING_TOLD, shortText, type Told } from '../audio-file/told.ts';

interface Contents {
  of(...ids: readonly string[]): Uint8Array[];
}

const utf8 = new TextDecoder();
const textOf = (bytes: Uint8Array | undefined): string | null =>
  bytes ? shortText(utf8.decode(bytes).replace(/\0.*$/s, '')) : null;

/** What the chunks beside the sound say of it: the file's own ones, then an ID3v2 tag. */
export function toldByChunks(contents: Contents): Told[] {
  const infos = contents.of('LIST').flatMap((list) => (isInfo(list) ? [toldByInfo(list)] : []));
  const [title, artist] = [textOf(contents.of('NAME')[0]), textOf(contents.of('AUTH')[0])];
  const own = { ...NOTHING_TOLD, title, tags: artist ? [{ name: 'ARTIST', value: artist }] : [] };
  const tags = contents.of('id3 ', 'ID3 ').filter((tag) => id3Bytes(tag) !== null);
  const all = [...infos, ...(title || artist ? [own] : []), ...tags.map((tag) => parseId3(tag).told)];
  // They say the same things more than once: of those of several kinds the one that says most.
  const most = all.reduce((best, told) => Math.max(best, told.tags.length), 0);
  const main = all.find((told) => told.tags.length === most);
  return all.map((told) => (told === main ? told : { ...told, tags: [] }));
}

const isInfo = (list: Uint8Array): boolean => utf8.decode(list.subarray(0, 4)) === 'INFO';

/** Names that Matroska has for the fields of INFO. */
const NAMES: Readonly<Record<string, string>> = {
  IART: 'ARTIST',
  IPRD: 'ALBUM',
  ICRD: 'DATE',
  IGNR: 'GENRE',
  ITRK: 'TRACK_NUMBER',
};

function toldByInfo(list: Uint8Array): Told {
  const cursor = new ByteCursor(list.subarray(4));
  const fields = new Map<string, string>();
  while (cursor.remaining > 8) {
    const id = utf8.decode(cursor.bytes(4));
    const [a = 0, b = 0, c = 0, d = 0] = cursor.bytes(4);
    const size = a + b * 2 ** 8 + c * 2 ** 16 + d * 2 ** 24;
    const value = textOf(cursor.bytes(Math.min(size, cursor.remaining)));
    if (value !== null) fields.set(id, value);
    cursor.skip(Math.min(size & 1, cursor.remaining));
  }
  return {
    ...NOTHING_TOLD,
    title: fields.get('INAM') ?? null,
    writingApp: fields.get('ISFT') ?? null,
    tags: [...fields].flatMap(([id, value]) => {
      const name = NAMES[id];
      return name ? [{ name, value }] : [];
    }),
  };
}
