import fc from 'fast-check';
import { beforeEach, describe, expect, it, test } from 'vitest';
import { type Box, boxes } from '../../../parsers/mp4/box.ts';
import {
  joinIndexes,
  MFRO_BYTES,
  mfraSize,
  parseMfra,
  parseSidx,
  type SegmentIndex,
} from '../../../parsers/mp4/segment-index.ts';
import { concat } from '../../../src/core/bytes.ts';
import { MediaError } from '../../../src/core/errors.ts';
import { needsFfmpeg } from '../../helpers/ffmpeg.ts';
import { bytesOf } from '../../helpers/hex.ts';
import { expectMediaErrors } from '../../helpers/mutations.ts';
import { ascii, box, u32, u64 } from './table-writer.ts';
import { ffmpegFile, X264_AAC } from './track-files.ts';

const LONG = 0x1000000;
const INDEX = 2 ** 31;

function boxAt(bytes: Uint8Array, start: number): Box {
  const [found] = boxes(bytes, start);
  if (!found) throw new Error('There is no box');
  return found;
}

interface Written {
  readonly time: number;
  readonly first: number;
  /** Size with the bit of an index, duration, access point. */
  readonly references: readonly (readonly [number, number, number])[];
}

const sidx = ({ time, first, references }: Written, isLong = false): Uint8Array =>
  box(
    'sidx',
    u32(isLong ? LONG : 0, 3, 1000),
    isLong ? u64(time, first) : u32(time, first),
    u32(references.length, ...references.flat()),
  );

const codeOf = (read: () => unknown): unknown => {
  try {
    return read();
  } catch (error) {
    return error instanceof MediaError ? error.code : error;
  }
};

describe('sidx', () => {
  const references = [
    [700, 2000, 0x90000000],
    [300, 1000, 0],
  ] as const;

  test.each([
    { name: '32 bits', isLong: false, time: 500 },
    { name: '64 bits', isLong: true, time: 2 ** 40 },
  ])('with $name counts places from its end, times from its beginning', ({ isLong, time }) => {
    const bytes = sidx({ time, first: 20, references }, isLong);
    const end = 5000 + bytes.length;
    expect(parseSidx(boxAt(bytes, 5000))).toEqual({
      start: 5000,
      referenceId: 3,
      timescale: 1000,
      references: [
        {
          offset: end + 20,
          size: 700,
          time,
          duration: 2000,
          startsWithSap: true,
          sapType: 1,
          isIndex: false,
        },
        {
          offset: end + 720,
          size: 300,
          time: time + 2000,
          duration: 1000,
          startsWithSap: false,
          sapType: 0,
          isIndex: false,
        },
      ],
    });
  });

  test.each([
    { name: 'no timescale', bytes: box('sidx', u32(0, 3, 0, 0, 0, 0)), code: 'corrupt' },
    {
      name: 'more references than bytes',
      bytes: box('sidx', u32(0, 3, 1000, 0, 0, 2, 1, 1, 1)),
      code: 'truncated',
    },
    {
      name: 'a place beyond 2^53',
      bytes: sidx({ time: 0, first: 2 ** 60, references }, true),
      code: 'corrupt',
    },
    {
      name: 'a time beyond 2^53',
      bytes: sidx({ time: 2 ** 60, first: 0, references }, true),
      code: 'corrupt',
    },
  ])('with $name: $code', ({ bytes, code }) => {
    expect(codeOf(() => parseSidx(boxAt(bytes, 0)))).toBe(code);
  });

  it('any byte changed is read or refused', () => {
    for (const isLong of [false, true])
      expectMediaErrors(sidx({ time: 5, first: 20, references }, isLong), (bytes) => {
        for (const found of boxes(bytes, 0)) parseSidx(found);
      });
  });
});

describe('several indexes', () => {
  const parse = (start: number, written: Written) => parseSidx(boxAt(sidx(written), start));
  /** The head of a sidx with two references has 32 bytes, and each 12. */
  const SIZE = 56;
  const root = parse(0, {
    time: 0,
    first: 0,
    references: [
      [INDEX + SIZE, 20, 0],
      [INDEX + SIZE, 20, 0],
    ],
  });
  const left = parse(SIZE, {
    time: 0,
    first: SIZE,
    references: [
      [100, 10, 0],
      [200, 10, 0],
    ],
  });
  const right = parse(2 * SIZE, {
    time: 20,
    first: 300,
    references: [
      [300, 10, 0],
      [400, 10, 0],
    ],
  });

  const places = (indexes: readonly SegmentIndex[]) => {
    const { media, pending } = joinIndexes(indexes);
    return {
      media: media.map(({ offset, size, time }) => [offset, size, time]),
      pending: pending.map(({ offset }) => offset),
    };
  };
  const LEFT = [
    [168, 100, 0],
    [268, 200, 10],
  ];
  const RIGHT = [
    [468, 300, 20],
    [768, 400, 30],
  ];

  test.each([
    { name: 'the root alone', indexes: [root], media: [], pending: [SIZE, 2 * SIZE] },
    { name: 'one of two branches', indexes: [root, right], media: RIGHT, pending: [SIZE] },
    { name: 'both branches', indexes: [root, left, right], media: [...LEFT, ...RIGHT], pending: [] },
    { name: 'two behind each other', indexes: [right, left], media: [...LEFT, ...RIGHT], pending: [] },
    { name: 'one twice', indexes: [left, left], media: LEFT, pending: [] },
    { name: 'none', indexes: [], media: [], pending: [] },
  ])('$name', ({ indexes, media, pending }) => {
    expect(places(indexes)).toEqual({ media, pending });
  });

  it('that lists itself is not to be read again', () => {
    const own = parse(1000, {
      time: 0,
      first: 0,
      references: [
        [INDEX + 1, 1, 0],
        [5, 1, 0],
      ],
    });
    const self = { ...own, references: own.references.map((one) => ({ ...one, offset: 1000 })) };
    expect(joinIndexes([self]).pending).toEqual([]);
  });
});

/** Fields of `traf`, `trun` and sample number in as many bytes as told. */
const tfra = (
  trackId: number,
  entries: readonly (readonly [number, number])[],
  width: 4 | 8,
  lengths: number,
) =>
  box(
    'tfra',
    u32(width === 8 ? LONG : 0, trackId, lengths, entries.length),
    ...entries.flatMap((entry) => [
      width === 8 ? u64(...entry) : u32(...entry),
      new Uint8Array(((lengths >> 4) & 3) + ((lengths >> 2) & 3) + (lengths & 3) + 3).fill(1),
    ]),
  );

describe('mfra', () => {
  const ENTRIES = [
    [0, 1000],
    [500, 9000],
  ] as const;
  const told = ENTRIES.map(([time, moofOffset]) => ({ time, moofOffset }));

  test.each(
    ([4, 8] as const).flatMap((width) => [0, 1, 4, 16, 0x3f, 0x1b].map((lengths) => ({ width, lengths }))),
  )('with times of $width bytes and lengths $lengths', ({ width, lengths }) => {
    const bytes = box('mfra', tfra(1, ENTRIES, width, lengths), tfra(2, [[7, 8]], width, lengths), mfro(99));
    expect(parseMfra(boxAt(bytes, 0))).toEqual(
      new Map([
        [1, told],
        [2, [{ time: 7, moofOffset: 8 }]],
      ]),
    );
  });

  it('has one entry for each fragment, and tables of one track joined', () => {
    const twice = tfra(
      1,
      [
        [0, 1000],
        [40, 1000],
        [500, 9000],
      ],
      4,
      0,
    );
    const bytes = box('mfra', twice, tfra(1, [[900, 12_000]], 4, 0));
    expect(parseMfra(boxAt(bytes, 0)).get(1)).toEqual([...told, { time: 900, moofOffset: 12_000 }]);
  });

  test.each([
    {
      name: 'more entries than bytes',
      bytes: box('tfra', u32(0, 1, 0, 2 ** 32 - 1), u32(1)),
      code: 'truncated',
    },
    { name: 'a place beyond 2^53', bytes: tfra(1, [[0, 2 ** 60]], 8, 0), code: 'corrupt' },
  ])('with $name: $code', ({ bytes, code }) => {
    expect(codeOf(() => parseMfra(boxAt(box('mfra', bytes), 0)))).toBe(code);
  });

  it('any byte changed is read or refused', () => {
    expectMediaErrors(box('mfra', tfra(1, ENTRIES, 8, 0x1b), mfro(99)), (bytes) => {
      for (const found of boxes(bytes, 0)) parseMfra(found);
    });
  });

  it('of any entries is read back', () => {
    const entry = fc.tuple(fc.nat(2 ** 52), fc.nat(2 ** 52));
    fc.assert(
      fc.property(fc.uniqueArray(entry, { selector: ([, offset]) => offset }), (entries) => {
        const read = parseMfra(boxAt(box('mfra', tfra(4, entries, 8, 0)), 0)).get(4);
        expect(read).toEqual(entries.map(([time, moofOffset]) => ({ time, moofOffset })));
      }),
    );
  });
});

function mfro(size: number): Uint8Array {
  return box('mfro', u32(0, size));
}

describe('mfro', () => {
  test.each([
    { name: 'at the end', tail: mfro(300), size: 300 },
    { name: 'behind other bytes', tail: concat([bytesOf('00112233'), mfro(300)]), size: 300 },
    { name: 'none', tail: concat([ascii('mfro'), new Uint8Array(12)]), size: null },
    { name: 'too few bytes', tail: mfro(300).subarray(1), size: null },
  ])('$name: $size', ({ tail, size }) => {
    expect(mfraSize(tail)).toBe(size);
  });
});

describe('what ffmpeg writes', () => {
  beforeEach(needsFfmpeg);

  const startsOf = (file: Uint8Array, type: string) =>
    [...boxes(file, 0)].filter((found) => found.type === type).map(({ start }) => start);

  test.each([
    { name: 'an index of the whole file', flags: 'frag_keyframe+delay_moov+global_sidx' },
    { name: 'an index before each fragment', flags: 'frag_keyframe+delay_moov+dash' },
  ])('$name leads to its fragments', ({ flags }) => {
    const file = ffmpegFile([...X264_AAC, '-an', '-movflags', flags]);
    const indexes = [...boxes(file, 0)].filter(({ type }) => type === 'sidx').map(parseSidx);
    const { media, pending } = joinIndexes(indexes);
    expect(media.map(({ offset }) => offset)).toEqual(startsOf(file, 'moof'));
    expect(media.map(({ time }) => time)).toEqual([0, 5120, 10_240, 15_360, 20_480]);
    expect(media.every(({ startsWithSap, duration }) => startsWithSap && duration === 5120)).toBe(true);
    expect(pending).toEqual([]);
  });

  it('mfra leads to the fragments with key pictures, and is found from the end', () => {
    const file = ffmpegFile([...X264_AAC, '-movflags', 'frag_keyframe+empty_moov+default_base_moof']);
    const size = mfraSize(file.subarray(-MFRO_BYTES)) ?? 0;
    const start = file.length - size;
    const access = parseMfra(boxAt(file.subarray(start), start));
    const points = access.get(1) ?? [];
    expect(points.map(({ moofOffset }) => moofOffset)).toEqual(startsOf(file, 'moof'));
    expect(points.map(({ time }) => time - (points[0]?.time ?? 0))).toEqual([
      0, 5120, 10_240, 15_360, 20_480,
    ]);
  });
});
