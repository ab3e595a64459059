import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import { openMp4 } from '../../parsers/mp4/demuxer.ts';
import { concat, memorySource } from '../../src/core/bytes.ts';
import { needsFfmpeg } from '../helpers/ffmpeg.ts';
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

const ROWS: readonly Row[] = [
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
];

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

const inOrder = ({ count }: Served): number[] => Array.from({ length: count }, (_, n) => n);

async function sums(served: Served, order: readonly number[]): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const n of order)
    for (const rendition of served.renditions)
      found.set(`${rendition.name}/${n}`, crc32(await segmentBytes(served, rendition, n)));
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

describe.each(ROWS)('MP4: $name', ({ make }) => {
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
      const { id } = rendition.kind === 'video' ? rendition.video.track : rendition.audio.track;
      const samples = (await allSegments(served, rendition)).flatMap(({ samples }) => samples);
      const theirs = (source.get(id) ?? []).map(({ sum }) => sum.toString(16).padStart(8, '0'));
      expect(samples.map((sample) => sample.crc32)).toEqual(theirs);
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
