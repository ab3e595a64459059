import { beforeAll, describe, expect, test } from 'vitest';
import type { BlockContext, BlockTrack } from '../../../parsers/matroska/block.ts';
import { ClusterReader, findClusterId } from '../../../parsers/matroska/cluster.ts';
import type { SampleBatch } from '../../../src/core/contracts.ts';
import { LIMITS } from '../../../src/core/limits.ts';
import * as w from '../../helpers/matroska-writer.ts';
import { gather, type Read, random } from './reading.ts';

const track = (id: number, more: Partial<BlockTrack> = {}): BlockTrack => ({
  id,
  codecDelay: 0,
  frameDuration: null,
  timestampScale: 1,
  durationOf: () => null,
  decode: (frame) => frame,
  joiner: null,
  isPrefixUsable: true,
  normalize: (frame) => frame,
  ...more,
});
const contextOf = (...tracks: readonly BlockTrack[]): BlockContext => ({
  timestampScale: 1_000_000,
  maxIdLength: 4,
  tracks: new Map(tracks.map((one) => [one.id, one])),
});
const plain = contextOf(track(1), track(2));

/** In pieces of the lengths that `step` gives, until the bytes end. */
function read(bytes: Uint8Array, context = plain, step: () => number = () => bytes.length): Read {
  const reader = new ClusterReader(0, context);
  const batches: SampleBatch[] = [];
  for (let at = 0; at < bytes.length; ) {
    const next = Math.min(bytes.length, at + Math.max(1, step()));
    batches.push(reader.push(bytes.slice(at, next)));
    at = next;
  }
  return gather(batches);
}

/** Track, milliseconds, key and payload of each sample. */
const summary = ({ samples }: Read) =>
  samples.map((sample) => [
    sample.trackId,
    sample.time / 1e6,
    sample.isKey ? 'key' : '-',
    Buffer.from(sample.data).toString('hex'),
  ]);

/** Whole, byte by byte, and in random pieces: always the same samples. */
function readEveryWay(bytes: Uint8Array, context = plain): Read {
  const whole = read(bytes, context);
  for (const step of [() => 1, ...[1, 2, 3].map((seed) => pieces(seed, 40))])
    expect(read(bytes, context, step).samples).toEqual(whole.samples);
  return whole;
}

function pieces(seed: number, most: number): () => number {
  const next = random(seed);
  return () => 1 + Math.floor(next() * most);
}

const simple = (time: number, hex: string, options: Partial<w.BlockOptions> = {}) =>
  w.simpleBlock({ track: 1, time, isKey: true, ...options }, w.hex(hex));
const good = (at: number) => w.cluster(at, simple(0, 'aa'), simple(10, 'bb', { isKey: false }));
const goodSamples = (at: number) => [
  [1, at, 'key', 'aa'],
  [1, at + 10, '-', 'bb'],
];

describe('blocks', () => {
  test.each([
    { name: 'SimpleBlock, key', block: simple(5, 'aabb'), sample: [1, 1005, 'key', 'aabb'] },
    {
      name: 'SimpleBlock, not key',
      block: simple(5, 'aabb', { isKey: false }),
      sample: [1, 1005, '-', 'aabb'],
    },
    { name: 'a stamp before the cluster', block: simple(-300, 'aa'), sample: [1, 700, 'key', 'aa'] },
    { name: 'an empty frame', block: simple(0, ''), sample: [1, 1000, 'key', ''] },
    {
      name: 'a track number of two bytes',
      block: simple(0, 'aa', { track: 300 }),
      sample: [300, 1000, 'key', 'aa'],
    },
    {
      name: 'BlockGroup, key',
      block: w.blockGroup({ track: 1, time: 3 }, w.hex('aa')),
      sample: [1, 1003, 'key', 'aa'],
    },
    {
      name: 'BlockGroup with a reference',
      block: w.blockGroup({ track: 1, time: 3, references: [-3] }, w.hex('aa')),
      sample: [1, 1003, '-', 'aa'],
    },
    {
      name: 'BlockGroup with Void, CRC and additions',
      block: w.element(
        w.ID.BlockGroup,
        w.voidOf(5),
        w.withCrc32(w.element(w.ID.Block, w.hex('81 0007 00 aa'))),
        w.element(w.ID.BlockAdditions, w.element(w.ID.BlockMore, w.uint(w.ID.BlockAddID, 1))),
      ),
      sample: [1, 1007, 'key', 'aa'],
    },
  ])('$name', ({ block, sample }) => {
    const context = contextOf(track(1), track(300));
    expect(summary(readEveryWay(w.cluster(1000, block), context))).toEqual([sample]);
  });

  test('positions: of the block, and of the cluster that reading must begin at', () => {
    const before = good(0);
    const { samples } = readEveryWay(w.bytes(before, w.cluster(50, simple(0, 'aa'), simple(1, 'bb'))));
    const head = before.length + 4 + 1 + 3;
    expect(samples.slice(2).map(({ position, entry }) => [position, entry])).toEqual([
      [head, before.length],
      [head + simple(0, 'aa').length, before.length],
    ]);
  });

  test.each([
    { name: 'of a block alone', group: { duration: 40 }, frames: ['aa'], spacing: null, expected: [[0, 40]] },
    {
      name: 'of a lace, shared',
      group: { duration: 40, lacing: 'xiph' },
      frames: ['aa', 'bb'],
      spacing: null,
      expected: [
        [0, 20],
        [20, 20],
      ],
    },
    {
      name: 'a lace on the codec grid',
      group: { duration: 40, lacing: 'ebml' },
      frames: ['aa', 'bb', 'cc'],
      spacing: 64e6 / 3,
      expected: [
        [0, 40 / 3],
        [64 / 3, 40 / 3],
        [128 / 3, 40 / 3],
      ],
    },
    { name: 'unknown', group: {}, frames: ['aa'], spacing: null, expected: [[0, null]] },
    { name: 'of the track', group: {}, frames: ['aa'], spacing: 24e6, expected: [[0, 24]] },
    { name: 'of 0', group: { duration: 0 }, frames: ['aa'], spacing: null, expected: [[0, 0]] },
  ] as const)('duration $name', ({ group, frames, spacing, expected }) => {
    const block = w.blockGroup({ track: 1, time: 0, ...group }, ...frames.map(w.hex));
    const { samples } = readEveryWay(w.cluster(0, block), contextOf(track(1, { frameDuration: spacing })));
    const whole = (ms: number | null) => (ms === null ? null : Math.round(ms * 1e6));
    expect(samples.map(({ time, duration }) => [time, duration])).toEqual(
      expected.map((pair) => pair.map(whole)),
    );
  });

  test.each([
    { name: '2^64 - 1', element: w.element(w.ID.BlockDuration, w.hex('ffffffffffffffff')) },
    { name: 'nine bytes', element: w.element(w.ID.BlockDuration, new Uint8Array(9)) },
  ])('a BlockDuration of $name is unknown, the frame is there', ({ element }) => {
    const { samples, skipped } = readEveryWay(
      w.cluster(0, w.blockGroup({ track: 1, time: 0, extra: element }, w.hex('aa'))),
    );
    expect(samples.map(({ duration }) => duration)).toEqual([null]);
    expect(skipped).toBe(0);
  });

  test.each(['xiph', 'fixed', 'ebml'] as const)('%s lacing: one time for each frame', (lacing) => {
    const block = w.simpleBlock(
      { track: 1, time: 0, isKey: true, lacing },
      ...['aaaa', 'bbbb', 'cccc'].map(w.hex),
    );
    const { samples } = readEveryWay(
      w.cluster(100, block),
      contextOf(track(1, { frameDuration: 1024e9 / 48_000 })),
    );
    expect(samples.map(({ time }) => time)).toEqual([100_000_000, 121_333_333, 142_666_667]);
    expect(new Set(samples.map(({ position }) => position)).size).toBe(1);
  });

  test('codec delay is subtracted, header stripping undone, frames normalised', () => {
    const context = contextOf(
      track(1, {
        codecDelay: 6_500_000,
        decode: (frame) => w.bytes(w.hex('2110'), frame),
        normalize: (frame) => w.bytes(w.hex('ee'), frame),
      }),
    );
    expect(summary(readEveryWay(w.cluster(0, simple(0, 'aa')), context))).toEqual([
      [1, -6.5, 'key', 'ee2110aa'],
    ]);
  });

  test('payloads of other tracks are passed over, broken or not', () => {
    const other = w.element(w.ID.SimpleBlock, w.hex('83 0000 06 ff'), new Uint8Array(9000));
    const cluster = w.cluster(
      0,
      other,
      simple(0, 'aa'),
      w.blockGroup({ track: 9, time: 0 }, new Uint8Array(5000)),
      simple(1, 'bb'),
    );
    expect(summary(readEveryWay(cluster))).toEqual([
      [1, 0, 'key', 'aa'],
      [1, 1, 'key', 'bb'],
    ]);
  });
});

describe('structure', () => {
  const two = [...goodSamples(0), ...goodSamples(100)];
  test.each([
    { name: 'clusters', bytes: w.bytes(good(0), good(100)), expected: two },
    {
      name: 'Void between clusters',
      bytes: w.bytes(w.voidOf(300), good(0), w.voidOf(2), good(100), w.voidOf(9)),
      expected: two,
    },
    {
      name: 'CRC in a cluster',
      bytes: w.bytes(
        w.element(
          w.ID.Cluster,
          w.withCrc32(w.uint(w.ID.Timestamp, 0), simple(0, 'aa'), simple(10, 'bb', { isKey: false })),
        ),
        good(100),
      ),
      expected: two,
    },
    {
      name: 'Void before, between and behind blocks',
      bytes: w.cluster(
        0,
        w.voidOf(4),
        simple(0, 'aa'),
        w.voidOf(200),
        simple(10, 'bb', { isKey: false }),
        w.voidOf(2),
      ),
      expected: goodSamples(0),
    },
    {
      name: 'Position and PrevSize',
      bytes: w.cluster(0, w.uint(w.ID.Position, 5), w.uint(w.ID.PrevSize, 77), simple(0, 'aa')),
      expected: [[1, 0, 'key', 'aa']],
    },
    {
      name: 'an element nobody knows in a cluster',
      bytes: w.cluster(0, w.element(0x4fff, new Uint8Array(50)), simple(0, 'aa')),
      expected: [[1, 0, 'key', 'aa']],
    },
    {
      name: 'Cues, Tags, Attachments between clusters',
      bytes: w.bytes(
        good(0),
        w.cues({ time: 0, track: 1, cluster: 0 }),
        w.tags(w.tag(1, { A: 'b' })),
        w.attachments({ name: 'a', type: 'b', data: new Uint8Array(6000) }),
        good(100),
      ),
      expected: two,
    },
    {
      name: 'clusters of unknown size',
      bytes: w.bytes(
        [0, 100].map((at) =>
          w.unknownSize(w.ID.Cluster, [
            w.uint(w.ID.Timestamp, at),
            simple(0, 'aa'),
            simple(10, 'bb', { isKey: false }),
          ]),
        ),
      ),
      expected: two,
    },
    {
      name: 'unknown size in one byte, ended by Tags',
      bytes: w.bytes(
        w.unknownSize(
          w.ID.Cluster,
          [w.uint(w.ID.Timestamp, 0), simple(0, 'aa'), simple(10, 'bb', { isKey: false })],
          1,
        ),
        w.tags(),
        good(100),
      ),
      expected: two,
    },
    { name: 'an empty cluster', bytes: w.bytes(w.element(w.ID.Cluster), good(0)), expected: goodSamples(0) },
    {
      name: 'a second Timestamp',
      bytes: w.cluster(0, simple(0, 'aa'), w.uint(w.ID.Timestamp, 50), simple(0, 'bb')),
      expected: [
        [1, 0, 'key', 'aa'],
        [1, 50, 'key', 'bb'],
      ],
    },
  ])('$name', ({ bytes, expected }) => {
    const result = readEveryWay(bytes);
    expect(summary(result)).toEqual(expected);
    expect(result.skipped).toBe(0);
  });
});

const broken = w.element(w.ID.SimpleBlock, w.hex('81 0000 86 01 c8 aa'));
const huge = w.bytes(w.elementId(w.ID.SimpleBlock), w.vint(LIMITS.block + 1), w.hex('81 0000 80'));

describe('damage', () => {
  test.each([
    { name: 'junk between clusters', damage: new Uint8Array(50).fill(0x33), lost: 50 },
    { name: 'zeros between clusters', damage: new Uint8Array(5000), lost: 5000 },
    { name: 'an unknown element between clusters', damage: w.element(0x4fff, w.hex('00')), lost: 4 },
    { name: 'a block between clusters', damage: simple(0, 'cc'), lost: simple(0, 'cc').length },
    { name: 'an element of unknown size', damage: w.unknownSize(w.ID.Tags, []), lost: 12 },
    { name: 'half a Cluster ID', damage: w.hex('1f43b6'), lost: 3 },
    {
      name: 'a block before its Timestamp',
      damage: w.element(w.ID.Cluster, simple(0, 'cc')),
      lost: simple(0, 'cc').length,
    },
    {
      name: 'a Timestamp of nine bytes',
      damage: w.element(w.ID.Cluster, w.element(w.ID.Timestamp, new Uint8Array(9))),
      lost: 11,
    },
    {
      name: 'a Timestamp of 2^64 - 1',
      damage: w.element(w.ID.Cluster, w.element(w.ID.Timestamp, w.hex('ffffffffffffffff'))),
      lost: 10,
    },
    { name: 'a Timestamp that is no nanosecond', damage: w.cluster(2 ** 44), lost: 8 },
    {
      name: 'a block beyond its cluster',
      damage: w.cluster(0, w.lyingElement(w.ID.SimpleBlock, 9, w.hex('810000'))),
      lost: 5,
    },
    { name: 'a block of unknown size', damage: w.cluster(0, w.unknownSize(w.ID.SimpleBlock, [])), lost: 9 },
    {
      name: 'a block longer than any can be',
      damage: w.unknownSize(w.ID.Cluster, [w.uint(w.ID.Timestamp, 0), huge]),
      lost: huge.length,
    },
    { name: 'a broken lace: the block alone', damage: w.cluster(0, broken), lost: broken.length },
    {
      name: 'a block shorter than its head',
      damage: w.cluster(0, w.element(w.ID.SimpleBlock, w.hex('8100'))),
      lost: 4,
    },
    {
      name: 'a BlockGroup with a child beyond it',
      damage: w.cluster(0, w.element(w.ID.BlockGroup, w.lyingElement(w.ID.Block, 60))),
      lost: 4,
    },
    {
      name: 'an EncryptedBlock',
      damage: w.cluster(0, w.element(w.ID.BlockGroup, w.element(w.ID.EncryptedBlock, new Uint8Array(4)))),
      lost: 8,
    },
  ])('$name: the next cluster is read, the bytes are counted', ({ damage, lost }) => {
    const bytes = w.bytes(good(0), damage, good(100));
    const result = readEveryWay(bytes);
    expect(summary(result)).toEqual([...goodSamples(0), ...goodSamples(100)]);
    expect(result.skipped).toBe(lost);
    for (const step of [() => 1, pieces(5, 30)]) expect(read(bytes, plain, step).skipped).toBe(lost);
  });

  test('a block broken inside its bounds costs itself, not its cluster, however it arrives', () => {
    const long = w.element(w.ID.SimpleBlock, w.hex('81 0000 86 01 01 ff ff'), new Uint8Array(3000));
    const group = w.element(w.ID.BlockGroup, w.hex('00'), new Uint8Array(2600));
    const noTrack = w.element(w.ID.SimpleBlock, new Uint8Array(2000));
    for (const bad of [broken, long, group, noTrack]) {
      const bytes = w.cluster(0, simple(0, 'aa'), bad, simple(20, 'cc'));
      expect(summary(readEveryWay(bytes))).toEqual([
        [1, 0, 'key', 'aa'],
        [1, 20, 'key', 'cc'],
      ]);
    }
  });

  test('a cluster whose size is damaged does not swallow those behind it', () => {
    const body = [w.uint(w.ID.Timestamp, 0), simple(0, 'aa')];
    const large = w.bytes(w.elementId(w.ID.Cluster), w.vint(50_000), body);
    expect(summary(readEveryWay(w.bytes(large, good(100), good(200))))).toEqual([
      [1, 0, 'key', 'aa'],
      ...goodSamples(100),
      ...goodSamples(200),
    ]);
  });

  test('megabytes of junk take linear time', { timeout: 15_000 }, () => {
    const junk = new Uint8Array(4_000_000).fill(0x1f);
    const result = read(w.bytes(good(0), junk, good(100)), plain, () => 1500);
    expect([summary(result).length, result.skipped]).toEqual([4, junk.length]);
  });
});

describe('the head of a block that is under way', () => {
  const payload = new Uint8Array(9000).map((_, i) => i);
  const before = w.cluster(500, simple(0, 'aa'));
  /** The cluster above, a longer one that begins with the block, and its bytes up to `arrived` of the block's content. */
  const headOf = (block: Uint8Array, arrived: number, context = plain) => {
    const cluster = w.cluster(700, block, simple(9, 'ff'));
    const start = before.length + cluster.length - simple(9, 'ff').length - block.length;
    const reader = new ClusterReader(0, context);
    const batch = reader.push(w.bytes(before, cluster).subarray(0, start + arrived));
    return { head: batch.next, count: batch.samples.length, start, wanted: reader.wanted };
  };
  const long = (options: Partial<w.BlockOptions> = {}) =>
    w.simpleBlock({ track: 2, time: -4, isKey: true, ...options }, payload);

  test('tells track, time, key flag, place and as much of the payload as is there', () => {
    const { head, count, start } = headOf(long(), 4 + 4 + 100);
    expect(count).toBe(1);
    expect(head).toMatchObject({
      trackId: 2,
      time: 696_000_000,
      isKey: true,
      position: start,
      entry: before.length,
    });
    expect(head?.prefix.length).toBeGreaterThan(90);
    expect([...(head?.prefix ?? [])]).toEqual([...payload.subarray(0, head?.prefix.length)]);
  });

  test.each([
    { name: 'nothing of it', block: long(), arrived: 0, context: plain },
    { name: 'half its head', block: long(), arrived: 5, context: plain },
    { name: 'a track nobody asked for', block: long({ track: 7 }), arrived: 600, context: plain },
  ])('$name: no head', ({ block, arrived, context }) => {
    expect(headOf(block, arrived, context).head).toBeNull();
  });

  test('of a BlockGroup: the key flag comes with the rest', () => {
    const { head } = headOf(w.blockGroup({ track: 1, time: 2 }, payload), 400);
    expect(head).toMatchObject({ trackId: 1, time: 702_000_000, isKey: null });
    expect([...(head?.prefix.subarray(0, 3) ?? [])]).toEqual([0, 1, 2]);
  });

  test('of a BlockGroup whose Block is not its first child', () => {
    const block = w.element(
      w.ID.BlockGroup,
      w.uint(w.ID.BlockDuration, 4),
      w.voidOf(9),
      w.element(w.ID.Block, w.hex('810002 00'), payload),
    );
    expect(headOf(block, 600).head).toMatchObject({ trackId: 1, time: 702_000_000, isKey: null });
  });

  test('with its stripped header; without a prefix where that would mislead; time less the codec delay', () => {
    const decode = (frame: Uint8Array) => w.bytes(w.hex('abcd'), frame);
    const { head } = headOf(long(), 300, contextOf(track(2, { decode, codecDelay: 1_000_000 })));
    expect([...(head?.prefix.subarray(0, 4) ?? [])]).toEqual([0xab, 0xcd, 0, 1]);
    expect(head?.time).toBe(695_000_000);
    expect(headOf(long(), 300, contextOf(track(2, { isPrefixUsable: false }))).head?.prefix).toHaveLength(0);
  });

  test('a payload to be passed over moves `wanted` behind it, and reading goes on there', () => {
    const skipped = long({ track: 7 });
    const bytes = w.bytes(before, w.cluster(700, skipped, simple(9, 'ff')));
    const reader = new ClusterReader(0, plain);
    const rest = bytes.length - simple(9, 'ff').length;
    reader.push(bytes.subarray(0, rest - 8000));
    expect(reader.wanted).toBe(rest);
    reader.jump();
    expect(gather([reader.push(bytes.subarray(rest))]).samples.map(({ time }) => time)).toEqual([
      709_000_000,
    ]);
  });
});

describe('findClusterId', () => {
  let bytes: Uint8Array;
  beforeAll(() => {
    bytes = w.bytes(w.hex('1f43b6 1f1f43b675 00 1f43b675 1f43b6'));
  });
  test.each([
    { from: 0, at: 4 },
    { from: 4, at: 4 },
    { from: 5, at: 9 },
    { from: 10, at: null },
    { from: 500, at: null },
  ])('from $from: $at', ({ from, at }) => {
    expect(findClusterId(bytes, from)).toBe(at);
  });
});
