import { beforeEach, describe, expect, it, test } from 'vitest';
import { joinConstant } from '../../../parsers/mp4/constant-samples.ts';
import { type Edit, planEdits } from '../../../parsers/mp4/edit-list.ts';
import { presentedTime } from '../../../parsers/mp4/presentation.ts';
import { isSync, readSampleTable, type SampleTable } from '../../../parsers/mp4/sample-table.ts';
import { needsFfmpeg } from '../../helpers/ffmpeg.ts';
import { ctts, stts } from './table-writer.ts';
import {
  elst,
  ffmpegFile,
  type ProbedPacket,
  probePackets,
  tracksOf,
  withBoxes,
  X264_AAC,
} from './track-files.ts';

beforeEach(needsFfmpeg);

const VIDEO = { stream: 0, presents: 'pictures', timescale: 12_800 } as const;
const SOUND = { stream: 1, presents: 'frames', timescale: 48_000 } as const;
type Kind = typeof VIDEO | typeof SOUND;

let made: Uint8Array | null = null;
function film(): Uint8Array {
  made ??= ffmpegFile(X264_AAC);
  return made;
}

interface Row {
  readonly position: number;
  readonly size: number;
  readonly isKey: boolean;
  /** In the media timescale: all edits here begin at whole ticks. */
  readonly time: number;
}

/** The samples that are presented, in decode order. */
function presentedRows(file: Uint8Array, { stream, presents, timescale }: Kind): Row[] {
  const track = tracksOf(file)[stream];
  if (!track) throw new Error(`There is no track ${stream}`);
  expect(track.timescale).toBe(timescale);
  const table = readSampleTable(track.tables, { fileEnd: file.length });
  const plan = planEdits(track.edits, track.movieTimescale, timescale, { presents, table });
  return Array.from({ length: table.count }, (_, i) => i).flatMap((i) => {
    const time = presentedTime(plan, table, i);
    if (time === null) return [];
    return [{ ...rowOf(table, i), time: Math.round((time * timescale) / 1e9) }];
  });
}

const rowOf = (table: SampleTable, i: number) => ({
  position: table.offsets[i] ?? 0,
  size: table.sizes[i] ?? 0,
  isKey: isSync(table, i),
});

/** What ffmpeg shows, moved by some ticks. */
const shown = (packets: readonly ProbedPacket[], shift: number): Row[] =>
  packets
    .filter(({ isDiscarded }) => !isDiscarded)
    .map(({ position, size, isKey, pts }) => ({ position, size, isKey, time: pts + shift }));

describe('a progressive file with B-frames', () => {
  test.each([
    { name: 'pictures', kind: VIDEO, samples: 50 },
    { name: 'frames of sound without the first, which the edit list leaves out', kind: SOUND, samples: 94 },
  ])('has the $name of ffprobe', ({ kind, samples }) => {
    const rows = presentedRows(film(), kind);
    expect(rows).toEqual(shown(probePackets(film(), kind.stream), 0));
    expect(rows).toHaveLength(samples);
  });

  it('without edit list has them later', () => {
    const file = withBoxes(film(), VIDEO.stream, { edts: new Uint8Array(0) });
    const rows = presentedRows(file, VIDEO);
    expect(rows).toEqual(shown(probePackets(file, VIDEO.stream), 0));
    expect(rows[0]?.time).toBe(1024);
  });
});

interface EditCase {
  readonly name: string;
  readonly edits: readonly (readonly [duration: number, mediaTime: number])[];
  /** Samples that are presented and ffmpeg decodes only. */
  readonly extra: number;
  /** Ticks by which ffmpeg has them sooner. */
  readonly later?: number;
}

const editsOf = (edits: EditCase['edits']): Edit[] =>
  edits.map(([duration, mediaTime]) => ({ duration, mediaTime, rate: 1 }));

/** The first picture of the film is composed at 1024, each lasts 512; the first frame of sound is priming. */
const PICTURE_EDITS: readonly EditCase[] = [
  { name: 'from the first picture', edits: [[2000, 1024]], extra: 0 },
  {
    name: 'after a delay',
    edits: [
      [500, -1],
      [2000, 1024],
    ],
    extra: 0,
  },
  {
    name: 'after two delays',
    edits: [
      [500, -1],
      [20, -1],
      [2000, 1024],
    ],
    extra: 0,
  },
  { name: 'from a sync picture', edits: [[800, 6144]], extra: 0 },
  { name: 'from the fifth picture of a group', edits: [[1000, 1024 + 5 * 512]], extra: 5 },
  { name: 'to the end of a group', edits: [[400, 1024]], extra: 0 },
  { name: 'to a picture that one before it needs', edits: [[200, 1024]], extra: 1 },
  {
    name: 'in two edits that go on',
    edits: [
      [400, 1024],
      [1600, 6144],
    ],
    extra: 0,
  },
  {
    name: 'in two edits that leave groups out',
    edits: [
      [400, 1024],
      [400, 11_264],
    ],
    extra: 0,
  },
  {
    name: 'with a delay between them',
    edits: [
      [400, 1024],
      [40, -1],
      [400, 11_264],
    ],
    extra: 0,
  },
  { name: 'within a picture: ffmpeg begins with the next', edits: [[1000, 3684]], extra: 6, later: 412 },
  { name: 'before the first: ffmpeg leaves no gap', edits: [[2000, 0]], extra: 1, later: 1024 },
];

const SOUND_EDITS: readonly EditCase[] = [
  { name: 'behind the priming', edits: [[2000, 1024]], extra: 0 },
  { name: 'within a frame, which is kept whole', edits: [[1000, 1500]], extra: 0 },
  { name: 'from the middle', edits: [[1000, 48_000]], extra: 0 },
  { name: 'to the middle of a frame', edits: [[500, 1024]], extra: 0 },
  {
    name: 'after a delay',
    edits: [
      [500, -1],
      [1000, 1024],
    ],
    extra: 0,
  },
];

describe('an edit list', () => {
  const check = (kind: Kind, { edits, extra, later = 0 }: EditCase) => {
    const file = withBoxes(film(), kind.stream, { elst: elst(editsOf(edits)) });
    const rows = presentedRows(file, kind);
    const judged = shown(probePackets(file, kind.stream), later);
    const positions = new Set(judged.map(({ position }) => position));
    expect(judged.length).toBeGreaterThan(0);
    expect(rows.filter(({ position }) => positions.has(position))).toEqual(judged);
    expect(rows.length - judged.length).toBe(extra);
  };

  test.each(PICTURE_EDITS)('presents pictures $name as ffmpeg does', (row) => check(VIDEO, row));
  test.each(SOUND_EDITS)('presents sound $name as ffmpeg does', (row) => check(SOUND, row));
});

describe('times that are bent as ffmpeg bends them', () => {
  test.each([
    { name: 'a delta of zero', table: stts([3, 512], [2, 0], [45, 512]) },
    { name: 'too few deltas', table: stts([5, 512], [3, 100]) },
    { name: 'a negative delta at the end', table: stts([49, 512], [1, -1]) },
    { name: 'an absurd delta at the end', table: stts([49, 512], [1, 2 ** 31 - 1]) },
  ])('$name', ({ table }) => {
    const file = withBoxes(film(), VIDEO.stream, {
      edts: new Uint8Array(0),
      stts: table.bytes,
      ctts: ctts().bytes,
    });
    const rows = presentedRows(file, VIDEO);
    expect(rows).toEqual(shown(probePackets(file, VIDEO.stream), 0));
    expect(rows).toHaveLength(50);
  });
});

describe('PCM', () => {
  /** Bytes that follow each other as one. */
  const stretches = (rows: readonly { readonly position: number; readonly size: number }[]) => {
    const out: { start: number; end: number }[] = [];
    for (const { position, size } of rows) {
      const last = out.at(-1);
      if (last?.end === position) last.end += size;
      else out.push({ start: position, end: position + size });
    }
    return out;
  };

  it('has the bytes that ffprobe finds, in fewer pieces', () => {
    const file = ffmpegFile(['-c:v', 'mpeg4', '-c:a', 'pcm_s16le', '-f', 'mov']);
    const track = tracksOf(file)[SOUND.stream];
    if (!track) throw new Error('There is no sound');
    const limits = { fileEnd: file.length, timescale: 48_000, sampleSize: null };
    const table = joinConstant(track.tables, limits);
    if (!table) throw new Error('It was not joined');
    const packets = probePackets(file, SOUND.stream);
    const rows = Array.from({ length: table.count }, (_, i) => rowOf(table, i));
    expect(stretches(rows)).toEqual(stretches(packets));
    expect(table).toMatchObject({ end: 96_000, missing: 0 });
    const starts = new Map(packets.map(({ position, pts }) => [position, pts]));
    const told = rows.flatMap(({ position }, i) =>
      starts.has(position) ? [[position, table.times[i]]] : [],
    );
    expect(told.length).toBeGreaterThan(20);
    expect(told).toEqual(told.map(([position]) => [position, starts.get(position ?? 0)]));
  });
});
