import { describe, expect, test } from 'vitest';
import { equalBytes } from '../../src/core/bytes.ts';
import type { Counters } from '../../src/pipeline/ledger.ts';
import { withAttachment } from '../helpers/matroska-edit.ts';
import { ID, uint, videoTrack } from '../helpers/matroska-writer.ts';
import { AUDIO, audio, enabled, film, type Packet, picture, RECORD, sumOf, VIDEO, video } from './film.ts';
import { expectLaws } from './laws.ts';
import { readSegment } from './mp4-reader.ts';
import { newCache, type Served, segmentBytes, serve } from './serve.ts';

interface Row {
  readonly name: string;
  readonly file: Uint8Array;
  readonly packets: readonly Packet[];
  readonly segments: number;
  /** Packets that the counters tell of and that are in no segment. */
  readonly lost?: (packet: Packet) => boolean;
  /** As in MP4 where the file stores it otherwise. */
  readonly stored?: (packet: Packet) => Uint8Array;
  readonly counters?: Partial<Counters>;
  /** Small and whole, or with an attachment of 3 MB and sampled; both when absent. */
  readonly only?: 'whole' | 'sampled';
  readonly renditions?: readonly string[];
}

const GOP = 'IPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPP'; // 50 pictures, 2 s
const plain = (seconds: number) => video({ pattern: GOP, count: seconds * 25 });

const row = (
  name: string,
  packets: readonly Packet[],
  options: Parameters<typeof film>[1],
  rest: Omit<Row, 'name' | 'file' | 'packets'>,
): Row => ({ name, packets, file: film(packets, options), ...rest });

const both = [...plain(12), ...audio({ toMs: 12_000 })];
const OPEN = `r${GOP.slice(1)}`;

const ROWS: readonly Row[] = [
  row('ordinary', both, {}, { segments: 4 }),
  row('clusters that hold several cuts', both, { clusterAtKeys: false, clusterMs: 7000 }, { segments: 4 }),
  row('Cues missing', both, { cues: null }, { segments: 4 }),
  row(
    'Cues for audio only',
    both,
    { cues: (points) => points.map((cue) => ({ ...cue, track: AUDIO })) },
    { segments: 4 },
  ),
  row(
    'Cues a second late',
    both,
    { cues: (points) => points.map((cue) => ({ ...cue, time: cue.time + 900 })) },
    { segments: 4 },
  ),
  row(
    'Cues that name one cluster only',
    both,
    { cues: (points) => points.slice(0, 1) },
    { segments: 1, only: 'sampled' },
  ),
  row('Cues without the first picture', both, { cues: (points) => points.slice(1) }, { segments: 4 }),
  row(
    'Cues behind the end of the file',
    both,
    { cues: (points) => [...points, { time: 13_000, track: VIDEO, cluster: 9_000_000 }] },
    { segments: 4 },
  ),
  row(
    'video begins 3 s after audio',
    [...video({ pattern: GOP, count: 250, startMs: 3000 }), ...audio({ toMs: 13_000 })],
    {},
    { segments: 4 },
  ),
  row(
    'audio begins 3 s after video',
    [...plain(12), ...audio({ fromMs: 3000, toMs: 12_000 })],
    {},
    { segments: 4 },
  ),
  row('audio ends 5 s before video', [...plain(12), ...audio({ toMs: 7000 })], {}, { segments: 4 }),
  row('audio lasts 9 s longer than video', [...plain(12), ...audio({ toMs: 21_000 })], {}, { segments: 4 }),
  row('audio muxed 2 s behind', [...plain(20), ...audio({ toMs: 20_000, lag: 2000 })], {}, { segments: 5 }),
  row('audio muxed 2 s ahead', [...plain(20), ...audio({ toMs: 20_000, lag: -2000 })], {}, { segments: 5 }),
  row(
    'two audio tracks, one of them late',
    [...both, ...audio({ fromMs: 8000, toMs: 12_000, track: 3 })],
    {},
    { segments: 4, renditions: ['v0', 'a1-copy', 'a2-copy'] },
  ),
  row(
    'a single picture',
    [...video({ pattern: 'I', count: 1 }), ...audio({ toMs: 3000 })],
    {},
    { segments: 1 },
  ),
  row(
    'a single picture, no sound',
    video({ pattern: 'I', count: 1 }),
    {},
    { segments: 1, renditions: ['v0'] },
  ),
  row(
    'B-pictures',
    [...video({ pattern: GOP, count: 300, order: [0, 1, -1, 1, -1] }), ...audio({ toMs: 12_000 })],
    {},
    { segments: 4 },
  ),
  row(
    'reordered deeper than declared',
    [
      ...video({ pattern: `I${'P'.repeat(59)}`, count: 300, order: [0, 4, 1, -2, -2, -1] }),
      ...audio({ toMs: 12_000 }),
    ],
    { defaultDuration: null },
    { segments: 4 },
  ),
  row(
    'a GOP of 40 s',
    [...video({ pattern: `I${'P'.repeat(999)}`, count: 2000 }), ...audio({ toMs: 80_000 })],
    {},
    { segments: 2 },
  ),
  row('no audio', plain(12), {}, { segments: 4, renditions: ['v0'] }),
  row('audio only', audio({ toMs: 12_000 }), {}, { segments: 4, renditions: ['a0-copy'] }),
  row(
    'equal stamps',
    [
      ...video({ pattern: GOP, count: 300, timeOf: (i) => Math.floor(i / 2) * 80 }),
      ...audio({ toMs: 12_000 }),
    ],
    { defaultDuration: null },
    { segments: 4 },
  ),
  row(
    'variable rate',
    [
      ...video({ pattern: GOP, count: 300, timeOf: (i) => i * 40 + ((i * 7) % 11) }),
      ...audio({ toMs: 12_000 }),
    ],
    {},
    { segments: 3 },
  ),
  row(
    'access units without slices',
    [...video({ pattern: `I${'PPxPP'.repeat(10)}`.slice(0, 50), count: 300 }), ...audio({ toMs: 12_000 })],
    {},
    { segments: 4, lost: ({ track, data }) => track === VIDEO && data[4] === 0x06 },
  ),
  row(
    'NAL lengths of 2 bytes',
    [...video({ pattern: GOP, count: 300, lengthSize: 2 }), ...audio({ toMs: 12_000 })],
    { record: RECORD.map((byte, i) => (i === 4 ? 0xfd : byte)) },
    { segments: 4, stored: widened },
  ),
  row(
    'Annex B',
    [...video({ pattern: GOP, count: 300, lengthSize: 0 }), ...audio({ toMs: 12_000 })],
    {},
    {
      segments: 4,
      stored: ({ track, data }) =>
        track === VIDEO ? picture(data[4] === 0x65 ? 'I' : 'P', numberOf(data)) : data,
    },
  ),
  row(
    'open GOPs without another IDR',
    [...video({ pattern: OPEN, count: 500, order: [0] }), ...audio({ toMs: 20_000 })],
    {},
    { segments: 5 },
  ),
  row('open GOPs with leading pictures', [...leading(10), ...audio({ toMs: 20_000 })], {}, { segments: 5 }),
  row(
    'IDRs among open GOPs',
    [...leading(10, (gop) => gop % 4 === 0), ...audio({ toMs: 20_000 })],
    {},
    { segments: 3 },
  ),
  row(
    'cue to a picture that is no key',
    [...plain(12), ...audio({ toMs: 12_000 })],
    {
      clusterAtKeys: false,
      clusterMs: 1200,
      cues: (points) => points.flatMap((cue) => [cue, { ...cue, time: cue.time + 1000 }]),
    },
    { segments: 4, only: 'whole' },
  ),
  row(
    'cues into the middle of clusters',
    both,
    { cues: (points) => points.map((cue) => ({ ...cue, cluster: cue.cluster + 5 })) },
    { segments: 4, only: 'sampled' },
  ),
  row(
    'one cue into the middle of a cluster',
    both,
    { cues: (points) => points.map((cue, i) => (i === 2 ? { ...cue, cluster: cue.cluster + 5 } : cue)) },
    { segments: 4, only: 'sampled' },
  ),
  row(
    'cues at the clusters before theirs',
    both,
    {
      cues: (points) =>
        points.map((cue, i) => ({ ...cue, cluster: points[Math.max(0, i - 1)]?.cluster ?? 0 })),
    },
    { segments: 4, only: 'sampled' },
  ),
  row(
    'Cues early by less than a second',
    both,
    { cues: (points) => points.map((cue) => ({ ...cue, time: Math.max(0, cue.time - 900) })) },
    { segments: 4, only: 'sampled' },
  ),
  row(
    'cues to pictures that are no key',
    both,
    {
      clusterAtKeys: false,
      clusterMs: 1200,
      cues: (points) => points.flatMap((cue) => [cue, { ...cue, time: cue.time + 1000 }]),
    },
    { segments: 4, only: 'sampled' },
  ),
  row('two video tracks', both, { extra: [enabledVideo(4)] }, { segments: 4, renditions: ['v0', 'a1-copy'] }),
];

function enabledVideo(track: number) {
  return videoTrack({
    number: track,
    codec: 'V_MPEG4/ISO/AVC',
    private: RECORD,
    width: 320,
    height: 180,
    isDefault: false,
    extra: [enabled(true), uint(ID.FlagForced, 0)],
  });
}

function numberOf(data: Uint8Array): number {
  const [a = 0, b = 0, c = 0] = data.slice(-4);
  return ((a & 127) << 14) | ((b & 127) << 7) | (c & 127);
}

function widened({ track, data }: Packet): Uint8Array {
  if (track !== VIDEO) return data;
  return Uint8Array.of(0, 0, data[0] ?? 0, data[1] ?? 0, ...data.slice(2));
}

/** GOPs of 2 s whose key picture is followed by two pictures shown before it. */
function leading(gops: number, isIdr: (gop: number) => boolean = (gop) => gop === 0): Packet[] {
  const list: Packet[] = [];
  for (let gop = 0; gop < gops; gop++) {
    const closed = isIdr(gop);
    const kinds = `${closed ? 'I' : 'r'}${'P'.repeat(49)}`;
    const order = closed ? [0] : [2, -1, -1];
    list.push(
      ...video({ pattern: kinds, count: 50, startMs: gop * 2000 }).map((packet, i) => ({
        ...packet,
        time: packet.time + (order[i] ?? 0) * 40,
        data: picture(kinds[i] as 'I', gop * 50 + i),
      })),
    );
  }
  return list;
}

async function expectSound(served: Served, spec: Row): Promise<void> {
  const warm = newCache();
  const order = Array.from({ length: served.count }, (_, i) => i).sort(
    (a, b) => ((a * 5) % 7) - ((b * 5) % 7),
  );
  const cold = new Map<string, Uint8Array>();
  for (const rendition of served.renditions) {
    for (let n = 0; n < served.count; n++)
      cold.set(`${rendition.name} ${n}`, await segmentBytes(served, rendition, n));
    const segments = Array.from({ length: served.count }, (_, n) =>
      readSegment(cold.get(`${rendition.name} ${n}`) ?? new Uint8Array()),
    );
    expectLaws(served, rendition, segments);
    const id = (rendition.kind === 'video' ? rendition.video : rendition.audio).track.id;
    const wanted = [...spec.packets]
      .sort((a, b) => a.written - b.written)
      .filter((packet) => packet.track === id && !spec.lost?.(packet))
      .map((packet) => sumOf(spec.stored?.(packet) ?? packet.data));
    const known = new Set(wanted);
    const got = segments
      .flatMap(({ samples }) => samples.map(({ crc32 }) => crc32))
      .filter((sum) => known.has(sum));
    expect(got, `${rendition.name}: each packet once, in order`).toEqual(wanted);
    if (rendition.kind === 'video')
      expect(segments.flatMap(({ samples }) => samples)).toHaveLength(wanted.length);
  }
  for (const n of order)
    for (const rendition of served.renditions) {
      const same = equalBytes(
        await segmentBytes(served, rendition, n, warm),
        cold.get(`${rendition.name} ${n}`) ?? new Uint8Array(),
      );
      expect(same, `${rendition.name} ${n} with a warm cache`).toBe(true);
    }
}

interface Case {
  readonly name: string;
  readonly spec: Row;
}

const casesOf = (left: 'whole' | 'sampled'): Case[] =>
  ROWS.filter(({ only }) => only !== left).map((spec) => ({ name: spec.name, spec }));

async function expectServed(served: Served, spec: Row): Promise<void> {
  expect(served.renditions.map(({ name }) => name)).toEqual(spec.renditions ?? ['v0', 'a1-copy']);
  await expectSound(served, spec);
  expect(served.count).toBe(spec.segments);
}

describe('odd files', () => {
  test.each(casesOf('sampled'))('planned whole: $name', async ({ spec }) => {
    const served = await serve(spec.file);
    expect(served.title.survey).toBe('whole');
    await expectServed(served, spec);
  });

  test.each(casesOf('whole'))('behind an attachment of 3 MB: $name', async ({ spec }) => {
    await expectServed(await serve(withAttachment(spec.file, 3_000_000)), spec);
  });
});
