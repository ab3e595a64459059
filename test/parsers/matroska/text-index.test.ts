import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { openMatroska } from '../../../parsers/matroska/demuxer.ts';
import { unpackCues } from '../../../src/core/cues.ts';
import { MediaError } from '../../../src/core/errors.ts';
import * as w from '../../helpers/matroska-writer.ts';
import { pieceSource, random, signal } from './reading.ts';

const TEXT = 3;
const OTHER = 4;

interface Line {
  /** Milliseconds. */
  readonly time: number;
  readonly duration: number;
  readonly text: string;
  /** Bytes of another track before it. */
  readonly before?: number;
}

interface Layout {
  /** Bytes of the cluster's size. */
  readonly sizeBytes?: number;
  /** How far off positions in the index are. */
  readonly off?: number;
  readonly isSimple?: boolean;
  /** Of each line; null leaves something out. */
  readonly cueOf?: (line: Line, relative: number) => Partial<w.Cue> | null;
  readonly frames?: number;
  /** Texts are compressed. */
  readonly isPacked?: boolean;
  /** Milliseconds of the film. */
  readonly film?: number;
  /** Bytes behind all texts in their cluster. */
  readonly behind?: number;
}

const CLUSTER_TIME = 1000;
const filler = (size: number) => w.simpleBlock({ track: OTHER, time: 0 }, new Uint8Array(size).fill(0xa0));

function lineBlock({ time, duration, text }: Line, { isSimple = false, isPacked }: Layout): Uint8Array {
  const place = { track: TEXT, time: time - CLUSTER_TIME };
  const stored = new TextEncoder().encode(text);
  const data = isPacked ? new Uint8Array(deflateSync(stored)) : stored;
  return isSimple ? w.simpleBlock(place, data) : w.blockGroup({ ...place, duration }, data);
}

/** One cluster that holds everything, and an index of the lines. */
function fileOf(lines: readonly Line[], layout: Layout = {}): Uint8Array {
  const { sizeBytes = 8, off = 0, cueOf = () => ({}), frames, film = 9100 } = layout;
  const parts: Uint8Array[] = [w.uint(w.ID.Timestamp, CLUSTER_TIME)];
  const cues: w.Cue[] = [];
  for (const line of lines) {
    if (line.before !== undefined) parts.push(filler(line.before));
    const relative = w.bytes(parts).length;
    const { time, duration } = line;
    const change = cueOf(line, relative);
    if (change) cues.push({ time, track: TEXT, cluster: 0, relative: relative + off, duration, ...change });
    parts.push(lineBlock(line, layout));
  }
  if (layout.behind) parts.push(filler(layout.behind));
  const data = w.bytes(parts);
  const cluster = w.bytes(w.elementId(w.ID.Cluster), w.vint(data.length, sizeBytes), data);
  const uid = 77;
  return w.matroska(
    (at) => w.seekHead({ id: w.ID.Cues, position: at('cues') }),
    w.info({ duration: film }),
    w.tracks(
      w.subtitleTrack({
        number: TEXT,
        uid,
        codec: 'S_TEXT/UTF8',
        ...(layout.isPacked ? { extra: w.compression(0) } : {}),
      }),
      w.subtitleTrack({ number: OTHER, codec: 'S_VOBSUB' }),
    ),
    frames === undefined ? [] : w.tags(w.tag(uid, { NUMBER_OF_FRAMES: String(frames) })),
    w.labelled('cluster', cluster),
    w.labelled('cues', (at) => w.cues(...cues.map((cue) => ({ ...cue, cluster: at('cluster') })))),
  );
}

async function open(file: Uint8Array) {
  const source = pieceSource(file, () => 4096);
  const demuxer = await openMatroska(source, signal);
  return { source, index: demuxer.texts?.(TEXT) ?? null, other: demuxer.texts?.(OTHER) ?? null };
}

async function read(file: Uint8Array, wanted: readonly number[]) {
  const { source, index } = await open(file);
  if (!index) throw new Error('no index');
  source.reads.length = 0;
  const samples = await index.read(wanted, signal);
  const told = samples.map(({ time, duration, data }) => [
    time / 1e6,
    (duration ?? 0) / 1e6,
    unpackCues(data)[0]?.text,
  ]);
  const bytes = source.reads.reduce((sum, { start, end }) => sum + Math.min(end, file.length) - start, 0);
  return { told, reads: source.reads.length, bytes };
}

const LINES: readonly Line[] = [
  { time: 1000, duration: 500, text: 'one' },
  { time: 1200, duration: 900, text: 'two, at once', before: 100 },
  { time: 5000, duration: 700, text: 'x'.repeat(3000), before: 5000 },
  { time: 9000, duration: 100, text: 'last', before: 300_000 },
];
const TOLD = LINES.map(({ time, duration, text }) => [time, duration, text]);

/** Where each line's block lies in its cluster, and the next one's. */
const PLACES: number[] = [];
fileOf(LINES, {
  cueOf(_, relative) {
    PLACES.push(relative);
    return null;
  },
});
const [FIRST = 0] = PLACES;
const NEXT: ReadonlyMap<number, number> = new Map(PLACES.map((place, i) => [place, PLACES[i + 1] ?? place]));

describe('texts by the index', () => {
  test.each([3, 4, 5, 6, 7, 8])('in a cluster whose size has %i bytes', async (sizeBytes) =>
    expect((await read(fileOf(LINES, { sizeBytes }), [0, 1, 2, 3])).told).toEqual(TOLD));

  test('are told with their times', async () => {
    const { index, other } = await open(fileOf(LINES));
    expect([...(index?.times ?? [])]).toEqual(LINES.map(({ time }) => time * 1e6));
    expect([...(index?.ends ?? [])]).toEqual(LINES.map(({ time, duration }) => (time + duration) * 1e6));
    expect(other).toBeNull();
  });

  test.each([
    { name: 'near ones in one request', wanted: [0, 1], reads: 1 },
    { name: 'one that is longer than most', wanted: [2], reads: 2 },
    { name: 'those that lie far apart', wanted: [0, 3], reads: 2 },
    { name: 'none', wanted: [], reads: 0 },
  ])('$name: $reads', async ({ wanted, reads }) => {
    const result = await read(fileOf(LINES), wanted);
    expect(result).toMatchObject({ told: wanted.map((i) => TOLD[i]), reads });
  });

  test('times are those of the index, also of blocks without a duration', async () =>
    expect((await read(fileOf(LINES, { isSimple: true }), [3, 0])).told).toEqual([TOLD[0], TOLD[3]]));

  test('positions that are wrong: the cluster is read', async () =>
    expect((await read(fileOf(LINES, { off: 3 }), [1, 2])).told).toEqual([TOLD[1], TOLD[2]]));

  test.each<{ name: string; cueOf: NonNullable<Layout['cueOf']> }>([
    { name: 'the beginning of the cluster', cueOf: () => ({ relative: 0 }) },
    { name: 'the next text', cueOf: (_, relative) => ({ relative: NEXT.get(relative) ?? relative }) },
    { name: 'one text', cueOf: () => ({ relative: [...NEXT.keys()][1] ?? 0 }) },
    { name: 'what is no text', cueOf: (_, relative) => ({ relative: relative + 40 }) },
  ])('cues that all name $name: each text is that of its time', async ({ cueOf }) => {
    const file = fileOf(LINES, { cueOf, frames: 1, behind: 200_000 });
    for (const wanted of [[0, 1, 2, 3], [1], [3, 2]])
      expect((await read(file, wanted)).told.sort(byTime)).toEqual(
        wanted.map((i) => TOLD[i] ?? []).sort(byTime),
      );
  });

  test('texts of one time that are not where they should be: each is given once', async () => {
    const lines = [
      { time: 2000, duration: 300, text: 'short' },
      { time: 2000, duration: 900, text: 'long' },
      { time: 2000, duration: 900, text: 'also long' },
    ];
    const file = fileOf(lines, { off: 3, film: 2900 });
    const words = async (wanted: readonly number[]) =>
      (await read(file, wanted)).told.map(([, , text]) => text).sort();
    expect(await words([0, 1, 2])).toEqual(['also long', 'long', 'short']);
    expect(await words([1])).toEqual(['long']);
  });

  test('a text that many cues name is given once', async () => {
    const lines = Array.from({ length: 50 }, () => LINES[0] as Line);
    const file = fileOf(lines, { cueOf: () => ({ relative: FIRST }), frames: 1, behind: 100_000 });
    const { told } = await read(file, [...lines.keys()]);
    expect(told).toHaveLength(50);
  });

  test('wrong positions cost each cluster once, and at most 4 MB of it', async () => {
    const many = Array.from({ length: 300 }, (_, i) => ({ time: 1000 + i, duration: 20_000, text: `${i}` }));
    const file = fileOf(many, { cueOf: () => ({ time: 30_000, relative: 7_000_000 }), behind: 8_000_000 });
    const { told, bytes } = await read(file, [...many.keys()]);
    expect(told).toEqual([]);
    expect(bytes).toBeLessThan(4.3 * 1024 * 1024);
  });

  test.each([
    { name: 'a few', count: 3, limit: null },
    { name: 'more than may be held', count: 40, limit: 'limit' },
  ])('texts that swell when they are unpacked, $name', async ({ count, limit }) => {
    // What is left of them is not much.
    const text = ' '.repeat(900_000);
    const lines = Array.from({ length: count }, (_, i) => ({ time: 1000 + i, duration: 9000, text }));
    const { index } = await open(fileOf(lines, { isPacked: true }));
    const failure = await index?.read([...lines.keys()], signal).then(
      () => null,
      (error: MediaError) => error.code,
    );
    expect(failure).toBe(limit);
  });

  test('more texts than may be held are not begun with', async () => {
    const file = fileOf(LINES);
    const { index } = await open(file);
    await expect(index?.read(new Array(60_000).fill(1), signal)).rejects.toMatchObject({ code: 'limit' });
  });

  test.each<{ name: string; layout: Layout }>([
    { name: 'a last cue long before the end of the film', layout: { film: 60_000 } },
    {
      name: 'as many cues as blocks, some of them twice',
      layout: {
        cueOf: ({ time }, relative) => (time === 5000 ? { time: 1000, relative: FIRST } : { relative }),
        frames: 4,
      },
    },
    {
      name: 'a cue of numbers that cannot be',
      layout: { cueOf: ({ time }) => (time === 5000 ? { time: 2 ** 60 } : {}) },
    },
    { name: 'a cue without a position', layout: { cueOf: () => without('relative') } },
    { name: 'a cue without a duration', layout: { cueOf: () => without('duration') } },
    { name: 'a position behind the file', layout: { cueOf: () => ({ relative: 1e9 }) } },
    {
      name: 'fewer cues than blocks',
      layout: { cueOf: ({ time }) => (time === 5000 ? null : {}), frames: 4 },
    },
  ])('none where there is $name', async ({ layout }) => {
    const { index } = await open(fileOf(LINES, layout));
    expect(index).toBeNull();
  });

  test('as many cues as blocks', async () => {
    const { index } = await open(fileOf(LINES, { frames: 4 }));
    expect(index?.times).toHaveLength(4);
  });
});

const byTime = (a: readonly unknown[], b: readonly unknown[]) => Number(a[0]) - Number(b[0]);

/** A cue whose field is not written. */
const without = (field: 'relative' | 'duration'): Partial<w.Cue> =>
  ({ [field]: undefined }) as unknown as Partial<w.Cue>;

test('whatever is changed: texts or a MediaError', async () => {
  const file = fileOf(LINES.slice(0, 2));
  const next = random(7);
  for (let i = 0; i < 300; i++) {
    const changed = file.slice();
    changed[Math.floor(next() * file.length)] = Math.floor(next() * 256);
    const failure = await failureOf(changed);
    expect(failure === null || failure instanceof MediaError, `${i}: ${failure}`).toBe(true);
  }
});

async function failureOf(file: Uint8Array): Promise<unknown> {
  try {
    const { index } = await open(file);
    await index?.read([...index.times.keys()], signal);
    return null;
  } catch (error) {
    return error;
  }
}
