/** One structure of a file. */
export interface DumpLine {
  readonly offset: number;
  /** Bytes, head included; null where the file does not say. */
  readonly size: number | null;
  /** 0 for what lies in the file itself. */
  readonly depth: number;
  readonly name: string;
  readonly facts: string;
  /** What is wrong at this offset; the name is an error code then. */
  readonly isFault?: true;
}

/** How much of a file is told. */
export interface DumpWish {
  /** Levels that are told, the outermost is 1; null: all but what repeats without end (clusters, fragments). */
  readonly depth: number | null;
}

export const fault = (
  offset: number,
  depth: number,
  { name, facts }: Pick<DumpLine, 'name' | 'facts'>,
): DumpLine => ({
  offset,
  size: null,
  depth,
  name,
  facts,
  isFault: true,
});

const OFFSET_WIDTH = 12;
const SIZE_WIDTH = 12;

export const HEADING = `${'offset'.padStart(OFFSET_WIDTH)} ${'size'.padStart(SIZE_WIDTH)}  structure\n`;

export function lineText({ offset, size, depth, name, facts, isFault }: DumpLine): string {
  const places = `${String(offset).padStart(OFFSET_WIDTH)} ${String(size ?? '-').padStart(SIZE_WIDTH)}`;
  const text = `${isFault ? '!! ' : ''}${name}${facts ? `  ${facts}` : ''}`;
  return `${places}  ${'  '.repeat(depth)}${text}\n`;
}

/** Text of a file for a terminal: no control characters, bounded. */
export function quoted(text: string, most = 80): string {
  const plain = text.replaceAll(/[\p{Cc}\p{Cf}]/gu, '·');
  return JSON.stringify(plain.length > most ? `${plain.slice(0, most)}…` : plain);
}

export const hex = (bytes: Uint8Array, most = 16): string =>
  [...bytes.subarray(0, most)].map((byte) => byte.toString(16).padStart(2, '0')).join('') +
  (bytes.length > most ? '…' : '');
