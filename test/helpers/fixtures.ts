import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = new URL('../../fixtures/', import.meta.url);

/** One packet as ffprobe reads it; times in nanoseconds on the container's clock, codec delay subtracted. */
export interface PacketRow {
  /** Zero-based position of the track in the file. */
  readonly stream: number;
  readonly pts: number;
  /** Derived by ffprobe: Matroska has none. Null where it did not know. */
  readonly dts: number | null;
  readonly duration: number | null;
  readonly size: number;
  readonly isKey: boolean;
  /** Of the payload as stored, after decompression: eight hexadecimal digits. */
  readonly crc32: string;
}

/** Path of a fixture by its name without extension. */
export function fixturePath(name: string): string {
  const path = ['mkv', 'mka', 'm2t', 'm2ts', 'mp4'].map((extension) =>
    fileURLToPath(new URL(`${name}.${extension}`, folder)),
  );
  const found = path.find(existsSync);
  if (!found) throw new Error(`There is no fixture ${name}; fixtures/make ${name} makes it.`);
  return found;
}

export const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(fixturePath(name)));

/** Packets of a fixture in file order. */
export function packetTable(name: string): readonly PacketRow[] {
  const [, ...lines] = readFileSync(new URL(`${name}.packets.tsv`, folder), 'utf8')
    .trimEnd()
    .split('\n');
  return lines.map(parseRow);
}

function parseRow(line: string): PacketRow {
  const [stream = '', pts = '', dts = '', duration = '', size = '', flags = '', crc32 = ''] =
    line.split('\t');
  return {
    stream: Number(stream),
    pts: nanoseconds(pts) ?? Number.NaN,
    dts: nanoseconds(dts),
    duration: nanoseconds(duration),
    size: Number(size),
    isKey: flags.startsWith('K'),
    crc32,
  };
}

/** The table holds microseconds with up to three decimals. */
const nanoseconds = (text: string): number | null => (text === '-' ? null : Math.round(Number(text) * 1000));
