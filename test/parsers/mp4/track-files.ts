import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Box, boxes, children, findBox } from '../../../parsers/mp4/box.ts';
import type { Edit } from '../../../parsers/mp4/edit-list.ts';
import type { SampleTables, TableBytes } from '../../../parsers/mp4/table-entries.ts';
import { concat } from '../../../src/core/bytes.ts';
import { run } from '../../helpers/ffmpeg.ts';
import { box, u32 } from './table-writer.ts';

/** A file that ffmpeg makes of two test signals: 25 pictures a second, a tone at 48 kHz. */
export function ffmpegFile(options: readonly string[], seconds = 2): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-mp4-'));
  const path = join(folder, 'out.mp4');
  const video = ['-f', 'lavfi', '-i', `testsrc=size=64x48:rate=25:duration=${seconds}`];
  const sound = ['-f', 'lavfi', '-i', `sine=sample_rate=48000:duration=${seconds}`];
  try {
    run('ffmpeg', [...video, ...sound, ...options, '-y', path], new Uint8Array(0));
    return new Uint8Array(readFileSync(path));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Pictures in groups of ten with B-frames, and AAC. */
export const X264_AAC = ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-g', '10', '-c:a', 'aac'];

export interface ProbedPacket {
  readonly pts: number;
  readonly dts: number;
  readonly size: number;
  readonly position: number;
  readonly isKey: boolean;
  /** Not to be shown: ffmpeg decodes it since others need it. */
  readonly isDiscarded: boolean;
}

/** Packets of a stream as ffprobe reads them, in its timescale. */
export function probePackets(file: Uint8Array, stream: number): ProbedPacket[] {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-mp4-'));
  const path = join(folder, 'in.mp4');
  try {
    writeFileSync(path, file);
    const entries = ['-show_entries', 'packet=pts,dts,size,pos,flags', '-of', 'csv=p=0'];
    const { stdout } = run('ffprobe', ['-select_streams', `${stream}`, ...entries, path], new Uint8Array(0));
    return stdout
      .toString()
      .split('\n')
      .filter((line) => /^-?\d/.test(line))
      .map(parsePacket);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function parsePacket(line: string): ProbedPacket {
  const [pts, dts, size, position, flags = ''] = line.split(',');
  return {
    pts: Number(pts),
    dts: Number(dts),
    size: Number(size),
    position: Number(position),
    isKey: flags.startsWith('K'),
    isDiscarded: flags.includes('D'),
  };
}

export interface TestTrack {
  readonly id: number;
  readonly timescale: number;
  readonly movieTimescale: number;
  readonly edits: readonly Edit[];
  readonly tables: SampleTables;
}

const wordAt = (bytes: Uint8Array, at: number): number =>
  new DataView(bytes.buffer, bytes.byteOffset).getUint32(at);

function inside(from: Box, ...types: readonly string[]): Box | null {
  let found: Box | null = from;
  for (const type of types) found = found && findBox(children(found), type);
  return found;
}

function need(found: Box | null): Box {
  if (!found) throw new Error('A box is missing');
  return found;
}

/** A field that lies behind the times of creation and modification, which are longer in version 1. */
const fieldOf = ({ bytes }: Box): number => wordAt(bytes, bytes[0] === 1 ? 20 : 12);

/** The tracks of a file that ffmpeg wrote. */
export function tracksOf(file: Uint8Array): TestTrack[] {
  const moov = need(findBox(boxes(file, 0), 'moov'));
  const movieTimescale = fieldOf(need(inside(moov, 'mvhd')));
  return [...children(moov)]
    .filter(({ type }) => type === 'trak')
    .map((trak) => ({
      id: fieldOf(need(inside(trak, 'tkhd'))),
      timescale: fieldOf(need(inside(trak, 'mdia', 'mdhd'))),
      movieTimescale,
      edits: editsOf(inside(trak, 'edts', 'elst')),
      tables: tablesOf(need(inside(trak, 'mdia', 'minf', 'stbl'))),
    }));
}

function tablesOf(stbl: Box): SampleTables {
  const table = (type: string): TableBytes | null => {
    const found = findBox(children(stbl), type);
    return found && { bytes: found.bytes, base: found.content };
  };
  return {
    stts: table('stts'),
    ctts: table('ctts'),
    stss: table('stss'),
    stsc: table('stsc'),
    stsz: table('stsz'),
    stz2: table('stz2'),
    stco: table('stco'),
    co64: table('co64'),
  };
}

function editsOf(elst: Box | null): Edit[] {
  if (!elst) return [];
  return Array.from({ length: wordAt(elst.bytes, 4) }, (_, i) => ({
    duration: wordAt(elst.bytes, 8 + i * 12),
    mediaTime: wordAt(elst.bytes, 12 + i * 12) | 0,
    rate: wordAt(elst.bytes, 16 + i * 12) / 65_536,
  }));
}

const PARENTS = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl', 'edts']);

/** The file with other boxes in one track; its `moov` is at the end, so that nothing moves. */
export function withBoxes(
  file: Uint8Array,
  trackIndex: number,
  contents: Readonly<Record<string, Uint8Array>>,
): Uint8Array {
  let index = -1;
  const write = (from: Box): Uint8Array => {
    if (from.type === 'trak') index++;
    const own = index === trackIndex ? contents[from.type] : undefined;
    if (own) return box(from.type, own);
    return PARENTS.has(from.type)
      ? box(from.type, ...[...children(from)].map(write))
      : box(from.type, from.bytes);
  };
  const whole = [...boxes(file, 0)];
  if (whole.at(-1)?.type !== 'moov') throw new Error('moov is not the last box');
  return concat(whole.map(write));
}

export const elst = (edits: readonly Edit[]): Uint8Array =>
  u32(0, edits.length, ...edits.flatMap((edit) => [edit.duration, edit.mediaTime, edit.rate * 65_536]));
