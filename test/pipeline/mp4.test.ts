import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import { openMp4 } from '../../parsers/mp4/demuxer.ts';
import { concat, memorySource } from '../../src/core/bytes.ts';
import type { Rendition } from '../../src/pipeline/renditions.ts';
import { needsFfmpeg, run } from '../helpers/ffmpeg.ts';
import { someOf } from '../helpers/rows.ts';
import { at, node, reshaped, sampleTable, setEdits } from '../parsers/mp4/reshape.ts';
import { ascii, u32 } from '../parsers/mp4/table-writer.ts';
import { byTrack, readAll } from '../parsers/mpegts/streams.ts';
import { expectLaws } from './laws.ts';
import { counted, inChunks, readLive } from './live-serve.ts';
import { allSegments, inPieces, NEVER, newCache, type Served, segmentBytes, serve } from './serve.ts';

beforeEach(needsFfmpeg);

const SECONDS = 12;
const VIDEO = ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-g', '50'];
const AAC = ['-c:a', 'aac', '-b:a', '96k'];

/** A film of 160x96 at 25 pictures a second and a tone in stereo. */
function make(options: readonly string[], format = 'mp4'): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-mp4-'));
  try {
    const path = join(folder, `film.${format}`);
    const pictures = ['-f', 'lavfi', '-i', `testsrc2=size=160x96:rate=25:duration=${SECONDS}`];
    const tone = [
      '-f',
      'lavfi',
      '-i',
      `sine=frequency=440:sample_rate=48000:duration=${SECONDS}`,
      '-ac',
      '2',
    ];
    execFileSync('ffmpeg', ['-v', 'error', ...pictures, ...tone, ...options, path]);
    return new Uint8Array(readFileSync(path));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Row {
  readonly name: string;
  make(): Uint8Array;
  /** It can be read in order. */
  readonly isInOrder?: boolean;
}

const flags = (...names: string[]) => ['-movflags', names.map((name) => `+${name}`).join('')];

const HEVC = ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'keyint=50:log-level=none'];

const ROWS: readonly Row[] = [
  {
    name: 'chapters, a cover and two languages',
    make: () => new Uint8Array(readFileSync(new URL('../../fixtures/progressive.mp4', import.meta.url))),
  },
  { name: 'the movie box at the end', make: () => make([...VIDEO, ...AAC]) },
  {
    name: 'the movie box in front',
    isInOrder: true,
    make: () => make([...VIDEO, ...AAC, ...flags('faststart')]),
  },
  { name: 'sound apart from pictures', make: () => apart(make([...VIDEO, ...AAC])) },
  { name: 'QuickTime with MP3', make: () => make([...VIDEO, '-c:a', 'libmp3lame'], 'mov') },
  {
    name: 'fragments without an index',
    isInOrder: true,
    make: () => make([...VIDEO, ...AAC, ...flags('frag_keyframe', 'delay_moov', 'skip_trailer')]),
  },
  {
    name: 'fragments with mfra',
    isInOrder: true,
    make: () => make([...VIDEO, ...AAC, ...flags('frag_keyframe', 'delay_moov')]),
  },
  {
    name: 'fragments with sidx',
    isInOrder: true,
    make: () => make([...VIDEO, ...AAC, ...flags('dash', 'delay_moov', 'global_sidx')]),
  },
  { name: 'open GOPs that only a group tells', make: () => grouped(make([...HEVC, ...AAC])) },
  {
    name: 'pictures with negative offsets, from its second second on',
    make: () =>
      reshaped(make([...VIDEO, ...AAC]), (top) => {
        const { content } = at(sampleTable(top, 0).children ?? [], 'ctts');
        const view = new DataView(content.buffer);
        for (let i = 12; i < content.length; i += 8) view.setInt32(i, view.getInt32(i) - 1024);
        setEdits(top, 0, u32(0, 1, 10_000, 2 * 12_800, 0x10000));
        setEdits(top, 1, u32(0, 1, 10_000, 2 * 48_000, 0x10000));
      }),
  },
  {
    name: 'a media box that says it is smaller',
    isInOrder: true,
    make: () => {
      const file = make([...VIDEO, ...AAC, ...flags('faststart')]);
      const mdat = Buffer.from(file).indexOf('mdat') - 4;
      new DataView(file.buffer).setUint32(mdat, 20_000);
      return file;
    },
  },
];

/** Only the first picture is sync: others at which decoding can begin are in a group, as GPAC has it. */
function grouped(file: Uint8Array): Uint8Array {
  return reshaped(file, (top) => {
    const stbl = sampleTable(top, 0);
    const stss = at([stbl], 'stbl', 'stss');
    const view = new DataView(stss.content.buffer);
    const syncs = Array.from({ length: view.getUint32(4) }, (_, i) => view.getUint32(8 + i * 4));
    const runs = syncs.slice(1).flatMap((sync, i) => [sync - (i > 0 ? (syncs[i] ?? 0) : 0) - 1, 0, 1, 1]);
    stss.content = u32(0, 1, 1);
    stbl.children?.push(node('sbgp', u32(0), ascii('rap '), u32(runs.length / 2, ...runs)));
  });
}

/** The same film with all pictures before all sound: chunks of each track moved together, offsets rewritten. */
function apart(file: Uint8Array): Uint8Array {
  const view = new DataView(file.buffer, file.byteOffset);
  const boxes = (from: number, to: number) => {
    const list: { type: string; at: number; end: number }[] = [];
    for (let at = from; at + 8 <= to; at += view.getUint32(at))
      list.push({
        type: String.fromCharCode(...file.subarray(at + 4, at + 8)),
        at,
        end: at + view.getUint32(at),
      });
    return list;
  };
  const inside = (box: { at: number; end: number }, type: string) =>
    boxes(box.at + 8, box.end).filter((child) => child.type === type);
  const top = boxes(0, file.length);
  const mdat = top.find(({ type }) => type === 'mdat');
  const moov = top.find(({ type }) => type === 'moov');
  if (!mdat || !moov) throw new Error('No such boxes');
  const chunkLists = inside(moov, 'trak').flatMap((trak) =>
    inside(trak, 'mdia').flatMap((mdia) =>
      inside(mdia, 'minf').flatMap((minf) => inside(minf, 'stbl').flatMap((stbl) => inside(stbl, 'stco'))),
    ),
  );
  const chunks = chunkLists.flatMap(({ at }, track) =>
    Array.from({ length: view.getUint32(at + 12) }, (_, i) => ({ track, field: at + 16 + i * 4 })),
  );
  const starts = chunks.map(({ field }) => view.getUint32(field)).sort((a, b) => a - b);
  const out = file.slice();
  const outView = new DataView(out.buffer);
  let to = mdat.at + 8;
  for (const { field } of chunks) {
    const from = view.getUint32(field);
    const end = starts[starts.indexOf(from) + 1] ?? mdat.end;
    out.set(file.subarray(from, end), to);
    outView.setUint32(field, to);
    to += end - from;
  }
  return out;
}

const trackOf = (rendition: Rendition) =>
  rendition.kind === 'video' ? rendition.video.track : rendition.audio.track;

interface Probed {
  readonly packets: readonly Readonly<Record<'pts_time' | 'duration_time' | 'flags' | 'data_hash', string>>[];
}

interface Packet {
  /** Seconds. */
  readonly time: number;
  readonly duration: number;
  readonly isHidden: boolean;
  readonly sum: string;
}

/** Packets of a stream; hidden ones are needed to decode what the edit list shows. */
function probed(file: Uint8Array, stream: number): Packet[] {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-mp4-'));
  try {
    const path = join(folder, 'film.mp4');
    writeFileSync(path, file);
    const show = ['-show_packets', '-show_data_hash', 'crc32', '-of', 'json', '-select_streams', `${stream}`];
    const { packets }: Probed = JSON.parse(
      run('ffprobe', [...show, path], new Uint8Array(0)).stdout.toString(),
    );
    return packets.map(({ pts_time, duration_time, flags, data_hash }) => ({
      time: Number(pts_time),
      duration: Number(duration_time ?? 0),
      isHidden: flags.includes('D'),
      sum: data_hash.replace('CRC32:', ''),
    }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const inOrder = ({ count }: Served): number[] => Array.from({ length: count }, (_, n) => n);

async function sums(served: Served, order: readonly number[]): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const n of order)
    for (const rendition of served.renditions)
      found.set(`${rendition.name}/${n}`, crc32(await segmentBytes(served, rendition, n)));
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

describe.each(someOf(ROWS, 3))('MP4: $name', ({ make }) => {
  let made: Uint8Array | null = null;
  const file = () => {
    made ??= make();
    return made;
  };

  test('segments follow the laws', async () => {
    const served = await serve(file());
    expect(served.count).toBeGreaterThan(2);
    for (const rendition of served.renditions)
      expectLaws(served, rendition, await allSegments(served, rendition));
  });

  test('every packet is in exactly one segment', async () => {
    const served = await serve(file());
    const source = byTrack(await readAll(await openMp4(memorySource(file()), NEVER)));
    for (const rendition of served.renditions) {
      const { id } = trackOf(rendition);
      const samples = (await allSegments(served, rendition)).flatMap(({ samples }) => samples);
      const theirs = (source.get(id) ?? []).map(({ sum }) => sum.toString(16).padStart(8, '0'));
      expect(samples.map((sample) => sample.crc32)).toEqual(theirs);
    }
  });

  test('packets are those that ffprobe reads, and when it has them', async () => {
    const served = await serve(file());
    for (const rendition of served.renditions) {
      const { index } = trackOf(rendition);
      const samples = (await allSegments(served, rendition)).flatMap(({ samples }) => samples);
      // Of fragments ffprobe does not say what the edit list hides.
      const isHeard = ({ time, duration, isHidden }: Packet) => time + duration > 0.0001 && !isHidden;
      const all = probed(file(), index);
      const theirs = rendition.kind === 'video' ? all : all.filter(isHeard);
      expect(samples.map((sample) => sample.crc32)).toEqual(theirs.map(({ sum }) => sum));
      const zero = served.title.zero / 1e9;
      const apart = samples.map(({ pts }, i) => pts / rendition.timescale + zero - (theirs[i]?.time ?? 0));
      expect(Math.max(...apart.map(Math.abs))).toBeLessThan(0.0006);
    }
  });

  test('asked for in any order, in pieces and beside each other they are the same', async () => {
    const served = await serve(file());
    const first = await sums(served, inOrder(served));
    const other = await serve(inPieces(memorySource(file()), 1000));
    expect(await sums(other, inOrder(served).reverse())).toEqual(first);
    const spans = newCache();
    for (const n of inOrder(served))
      for (const rendition of served.renditions)
        expect(crc32(await segmentBytes(served, rendition, n, spans))).toBe(
          first.get(`${rendition.name}/${n}`),
        );
  });
});

describe.each(ROWS.filter(({ isInOrder }) => isInOrder))('MP4 read in order: $name', ({ make }) => {
  test('gives the same segments', async () => {
    const file = make();
    const { segments, renditions, error } = await readLive(counted(() => inChunks(file, 5000)));
    expect(error).toBeNull();
    const served = await serve(file);
    for (const rendition of served.renditions) {
      const whole = await Promise.all(inOrder(served).map((n) => segmentBytes(served, rendition, n)));
      const live = renditions.find(({ name }) => name === rendition.name);
      const bytes = segments.map((segment) => segment.bytes.get(live?.name ?? '') ?? new Uint8Array(0));
      const size = (list: readonly Uint8Array[]) => concat(list).length;
      expect(Math.abs(size(bytes) - size(whole))).toBeLessThan(size(whole) / 20);
    }
  });
});
