import { boxes } from '../../../parsers/mp4/box.ts';
import { concat } from '../../../src/core/bytes.ts';
import { box } from './table-writer.ts';

/** A box of a file that is taken apart to be put together otherwise. */
export interface Node {
  readonly type: string;
  /** Null where it holds no boxes. */
  children: Node[] | null;
  content: Uint8Array;
}

const PARENTS = new Set('moov trak mdia minf stbl edts udta moof traf mvex'.split(' '));

const take = (bytes: Uint8Array): Node[] =>
  [...boxes(bytes, 0)].map(({ type, bytes: content }) => ({
    type,
    children: PARENTS.has(type) ? take(content) : null,
    content: content.slice(),
  }));

const write = ({ type, children, content }: Node): Uint8Array =>
  box(type, ...(children ? children.map(write) : [content]));

/** A file with boxes changed; where its movie box comes last, media stay where they are. */
export function reshaped(file: Uint8Array, change: (top: Node[]) => void): Uint8Array {
  const top = take(file);
  change(top);
  return concat(top.map(write));
}

export const node = (type: string, ...parts: readonly Uint8Array[]): Node => ({
  type,
  children: null,
  content: concat(parts),
});

/** The first box at a path. */
export function at(list: readonly Node[], ...path: readonly string[]): Node {
  const [type, ...rest] = path;
  const found = list.find((one) => one.type === type);
  if (!found) throw new Error(`There is no ${type}`);
  return rest.length > 0 ? at(found.children ?? [], ...rest) : found;
}

/** Of a track, from 0 on. */
export function ofTrack(top: readonly Node[], index: number, ...path: readonly string[]): Node {
  const trak = at(top, 'moov').children?.filter(({ type }) => type === 'trak')[index];
  if (!trak) throw new Error(`There is no track ${index}`);
  return path.length > 0 ? at(trak.children ?? [], ...path) : trak;
}

export const sampleTable = (top: readonly Node[], index: number): Node =>
  ofTrack(top, index, 'mdia', 'minf', 'stbl');

export function setEdits(top: readonly Node[], index: number, edits: Uint8Array): void {
  ofTrack(top, index, 'edts', 'elst').content = edits;
}
