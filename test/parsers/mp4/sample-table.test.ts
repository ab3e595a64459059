import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  compositionTime,
  decodeDuration,
  isEmpty,
  isSync,
  readSampleTable,
  type SampleTable,
} from '../../../parsers/mp4/sample-table.ts';
import { MAX_SAMPLES, type SampleTables } from '../../../parsers/mp4/table-entries.ts';
import type { MediaError } from '../../../src/core/errors.ts';
import { expectMediaErrors } from '../../helpers/mutations.ts';
import {
  co64,
  constantSize,
  ctts,
  FOUR,
  stco,
  stsc,
  stss,
  stsz,
  stts,
  stz2,
  tables,
  u32,
} from './table-writer.ts';

const OPEN = { fileEnd: null };

const syncs = (table: SampleTable) =>
  Array.from({ length: table.count }, (_, i) => i).filter((i) => isSync(table, i));

const codeOf = (read: () => unknown): unknown => {
  try {
    return read();
  } catch (error) {
    return (error as MediaError).code;
  }
};

describe('the plain tables', () => {
  const table = readSampleTable(FOUR, OPEN);

  it('give times, sizes and places', () => {
    expect([...table.times]).toEqual([0, 100, 200, 300]);
    expect([...table.sizes]).toEqual([10, 20, 30, 40]);
    expect([...table.offsets]).toEqual([1000, 1010, 2000, 2030]);
    expect(table).toMatchObject({ count: 4, end: 400, description: 1, missing: 0, remarks: [] });
  });

  it('have no column for what is the same everywhere', () => {
    expect(table).toMatchObject({ compositionOffsets: null, sync: null, descriptions: null });
  });

  it('tell durations as differences, the last one to the end', () => {
    expect([0, 1, 2, 3].map((i) => decodeDuration(table, i))).toEqual([100, 100, 100, 100]);
  });
});

describe('each table', () => {
  const expected = (over: Partial<SampleTables>) => readSampleTable({ ...FOUR, ...over }, OPEN);

  test.each([
    { name: 'two deltas', table: stts([1, 100], [3, 50]), times: [0, 100, 150, 200], end: 250 },
    {
      name: 'an entry for no sample',
      table: stts([2, 100], [0, 7], [2, 50]),
      times: [0, 100, 200, 250],
      end: 300,
    },
    { name: 'more than there are samples', table: stts([9, 10]), times: [0, 10, 20, 30], end: 40 },
    { name: 'a delta of zero', table: stts([1, 100], [1, 0], [2, 100]), times: [0, 100, 100, 200], end: 300 },
    { name: 'a last delta of zero', table: stts([3, 100], [1, 0]), times: [0, 100, 200, 300], end: 300 },
  ])('stts with $name', ({ table, times, end }) => {
    const read = expected({ stts: table });
    expect([...read.times]).toEqual(times);
    expect(read).toMatchObject({ end, remarks: [] });
  });

  test.each([
    {
      name: 'for fewer samples: the last delta goes on',
      table: stts([1, 100], [1, 40]),
      times: [0, 100, 140, 180],
      end: 220,
      remarks: ['times-run-on'],
    },
    {
      name: 'with a negative delta: times stand still until they have caught up',
      table: stts([1, 100], [1, -60], [2, 50]),
      times: [0, 100, 100, 100],
      end: 150,
      remarks: ['negative-delta'],
    },
    {
      name: 'with a last delta below zero: the sample lasts as long as the one before',
      table: stts([3, 100], [1, -1]),
      times: [0, 100, 200, 300],
      end: 400,
      remarks: ['last-delta'],
    },
  ])('stts $name', ({ table, times, end, remarks }) => {
    const read = expected({ stts: table });
    expect([...read.times]).toEqual(times);
    expect(read).toMatchObject({ end, remarks });
  });

  test.each([
    {
      name: 'an absurd last delta of many samples is not believed',
      before: 99,
      last: 99_001 * 10,
      end: 100_000,
    },
    { name: 'a long one is', before: 99, last: 90_000, end: 189_000 },
    { name: 'that of a list of stills is', before: 9, last: 1_000_000, end: 1_009_000 },
  ])('$name', ({ before, last, end }) => {
    const read = readSampleTable(
      tables({
        stts: stts([before, 1000], [1, last]),
        stsc: stsc([1, before + 1, 1]),
        stsz: stsz(...new Array<number>(before + 1).fill(1)),
        stco: stco(0),
      }),
      OPEN,
    );
    expect(read.end).toBe(end);
  });

  test.each([
    { name: 'positive', table: ctts([1, 50], [2, 0], [1, 20]), offsets: [50, 0, 0, 20] },
    { name: 'negative in version 0', table: ctts([1, 50], [3, -20]), offsets: [50, -20, -20, -20] },
    { name: 'for fewer samples: the rest has none', table: ctts([2, 50]), offsets: [50, 50, 0, 0] },
    { name: 'all zero', table: ctts([4, 0]), offsets: null },
    { name: 'none at all', table: ctts(), offsets: null },
  ])('ctts $name', ({ table, offsets }) => {
    const read = expected({ ctts: table });
    expect(read.compositionOffsets && [...read.compositionOffsets]).toEqual(offsets);
    expect(compositionTime(read, 3)).toBe(300 + (offsets?.[3] ?? 0));
  });

  test.each([
    { name: 'absent: every sample', table: null, samples: [0, 1, 2, 3], remarks: [] },
    { name: 'empty: none', table: stss(), samples: [], remarks: [] },
    { name: 'counted from one', table: stss(1, 4), samples: [0, 3], remarks: [] },
    { name: 'counted from zero', table: stss(0, 3), samples: [0, 3], remarks: ['sync-from-zero'] },
    { name: 'out of order, and beyond the samples', table: stss(3, 99, 1), samples: [0, 2], remarks: [] },
  ])('stss $name', ({ table, samples, remarks }) => {
    const read = expected({ stss: table });
    expect(syncs(read)).toEqual(samples);
    expect(read.remarks).toEqual(remarks);
  });

  test.each([
    { bits: 16, sizes: [1000, 20, 0, 65535] },
    { bits: 8, sizes: [10, 255, 0, 40] },
    { bits: 4, sizes: [1, 15, 0, 7] },
    { bits: 4, sizes: [1, 15, 9] },
  ])('stz2 with $bits bits', ({ bits, sizes }) => {
    const read = expected({ stsz: null, stz2: stz2(bits, ...sizes) });
    expect([...read.sizes]).toEqual(sizes);
  });

  it('stsz with one size for all', () => {
    const read = expected({ stsz: constantSize(7, 4) });
    expect([...read.sizes]).toEqual([7, 7, 7, 7]);
    expect([...read.offsets]).toEqual([1000, 1007, 2000, 2007]);
  });

  it('co64 beyond 4 GB', () => {
    const read = expected({ stco: null, co64: co64(2 ** 33, 2 ** 40) });
    expect([...read.offsets]).toEqual([2 ** 33, 2 ** 33 + 10, 2 ** 40, 2 ** 40 + 30]);
  });

  test.each([
    { name: 'a run that ends', table: stsc([1, 1, 1], [2, 3, 1]), offsets: [1000, 2000, 2020, 2050] },
    {
      name: 'runs behind the last chunk',
      table: stsc([1, 2, 1], [9, 5, 1]),
      offsets: [1000, 1010, 2000, 2030],
    },
    { name: 'a chunk without samples', table: stsc([1, 0, 1], [2, 4, 1]), offsets: [2000, 2010, 2030, 2060] },
    { name: 'a chunk told twice', table: stsc([1, 1, 1], [1, 2, 1]), offsets: [1000, 1010, 2000, 2030] },
    { name: 'a first entry for another chunk', table: stsc([2, 2, 1]), offsets: [1000, 1010, 2000, 2030] },
  ])('stsc with $name', ({ table, offsets }) => {
    expect([...expected({ stsc: table }).offsets]).toEqual(offsets);
  });

  test.each([
    { name: 'one other than the first', table: stsc([1, 2, 2]), description: 2, each: null },
    { name: 'none, which is the first', table: stsc([1, 2, 0]), description: 1, each: null },
    { name: 'two', table: stsc([1, 2, 1], [2, 2, 3]), description: 1, each: [1, 1, 3, 3] },
  ])('stsc names $name', ({ table, description, each }) => {
    const read = expected({ stsc: table });
    expect(read.description).toBe(description);
    expect(read.descriptions && [...read.descriptions]).toEqual(each);
  });
});

describe('samples that are not there', () => {
  it('are left out at the end of a file that was cut off', () => {
    const read = readSampleTable({ ...FOUR, stss: stss(1, 4) }, { fileEnd: 2030 });
    expect(read).toMatchObject({ count: 3, end: 300, missing: 1 });
    expect([...read.offsets]).toEqual([1000, 1010, 2000]);
    expect(syncs(read)).toEqual([0]);
  });

  it('are empty where something behind them is there', () => {
    const read = readSampleTable({ ...FOUR, stco: stco(5000, 2000) }, { fileEnd: 3000 });
    expect(read).toMatchObject({ count: 4, end: 400, missing: 2 });
    expect([...read.sizes]).toEqual([0, 0, 30, 40]);
    expect([0, 1, 2, 3].filter((i) => isEmpty(read, i))).toEqual([0, 1]);
  });

  it('are not taken for those that were empty from the start', () => {
    const read = readSampleTable({ ...FOUR, stsz: stsz(10, 0, 30, 0) }, { fileEnd: 2030 });
    expect(read).toMatchObject({ count: 4, missing: 0 });
    expect([0, 1, 2, 3].filter((i) => isEmpty(read, i))).toEqual([1, 3]);
  });

  it('are those for which there is no chunk', () => {
    const read = readSampleTable({ ...FOUR, stco: stco(1000) }, OPEN);
    expect(read).toMatchObject({ count: 2, missing: 2, remarks: ['samples-without-place'] });
  });

  it('are none in the empty tables of a fragmented file', () => {
    const empty = { stts: stts(), stsc: stsc(), stsz: stsz(), stco: stco() };
    expect(readSampleTable(tables(empty), OPEN)).toMatchObject({ count: 0, end: 0, missing: 0 });
    expect(readSampleTable(tables({}), OPEN)).toMatchObject({ count: 0, end: 0, missing: 0 });
  });
});

describe('32-bit offsets that seem to have gone over 4 GB', () => {
  const wrapped = { ...FOUR, stco: stco(2 ** 32 - 10, 500) };

  test.each([
    { fileEnd: null, remarks: ['offsets-wrapped'] },
    { fileEnd: 2 ** 33, remarks: ['offsets-wrapped'] },
    { fileEnd: 2 ** 32 - 1, remarks: [] },
  ])('are noted, not mended, in a file of $fileEnd bytes', ({ fileEnd, remarks }) => {
    const read = readSampleTable(wrapped, { fileEnd });
    expect(read.remarks).toEqual(remarks);
    expect(read.offsets[2]).toBe(500);
  });
});

describe('tables that make no sense', () => {
  const tooMany = (base: Uint8Array) => ({ bytes: base.subarray(0, base.length - 1), base: 100 });

  test.each<{ name: string; over: Partial<SampleTables> }>([
    { name: 'chunks out of order', over: { stsc: stsc([1, 1, 1], [3, 1, 1], [2, 1, 1]) } },
    { name: 'samples without any time', over: { stts: stts() } },
    { name: 'a description that no file has', over: { stsc: stsc([1, 2, 65_536]) } },
    { name: 'an offset beyond 2^53', over: { stco: null, co64: co64(2 ** 60, 2 ** 60) } },
    { name: 'sizes of 5 bits', over: { stsz: null, stz2: stz2(5, 1, 2) } },
    { name: 'more sizes than bytes', over: { stsz: tooMany(stsz(10, 20, 30, 40).bytes) } },
    { name: 'more deltas than bytes', over: { stts: tooMany(stts([4, 100]).bytes) } },
    { name: 'more sync samples than bytes', over: { stss: tooMany(stss(1, 2).bytes) } },
    { name: 'more runs than bytes', over: { stsc: tooMany(stsc([1, 2, 1]).bytes) } },
    { name: 'more offsets than bytes', over: { stco: tooMany(stco(1000, 2000).bytes) } },
    { name: 'more composition offsets than bytes', over: { ctts: tooMany(ctts([4, 1]).bytes) } },
    { name: 'no number of entries', over: { stts: { bytes: u32(0), base: 100 } } },
    { name: 'no number of sizes', over: { stsz: { bytes: u32(0, 0), base: 100 } } },
  ])('$name: corrupt', ({ over }) => {
    expect(codeOf(() => readSampleTable({ ...FOUR, ...over }, OPEN))).toBe('corrupt');
  });

  const absurd = tables({
    stts: stts([2 ** 32 - 1, 1]),
    stsc: stsc([1, 2 ** 32 - 1, 1]),
    stsz: constantSize(1, 2 ** 32 - 1),
    stco: stco(0, 0, 0),
  });

  it('four billion samples in some bytes are refused', () => {
    expect(codeOf(() => readSampleTable(absurd, OPEN))).toBe('limit');
    expect(codeOf(() => readSampleTable(absurd, { fileEnd: 2 ** 40 }))).toBe('limit');
    expect(codeOf(() => readSampleTable(absurd, { fileEnd: MAX_SAMPLES, maxSamples: 1000 }))).toBe('limit');
  });

  it('are bounded by the bytes of the file', () => {
    expect(readSampleTable(absurd, { fileEnd: 5000 })).toMatchObject({
      count: 5000,
      missing: 2 ** 32 - 5001,
    });
  });
});

describe('what a small writer wrote', () => {
  const sample = fc.record({
    size: fc.nat(5000),
    delta: fc.nat(3000),
    offset: fc.integer({ min: -9000, max: 9000 }),
    isSync: fc.boolean(),
    description: fc.integer({ min: 1, max: 3 }),
    startsChunk: fc.boolean(),
    gap: fc.nat(2 ** 33),
  });

  it('is read back', () => {
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 60 }), fc.boolean(), (samples, isLong) => {
        const written = write(samples, isLong);
        const read = readSampleTable(written.tables, { fileEnd: written.fileEnd });
        expect([...read.times]).toEqual(written.times);
        expect([...read.offsets]).toEqual(written.offsets);
        expect([...read.sizes]).toEqual(samples.map(({ size }) => size));
        expect(read.end).toBe(written.end);
        expect(syncs(read)).toEqual(samples.flatMap(({ isSync: is }, i) => (is ? [i] : [])));
        const composed = samples.map((_, i) => compositionTime(read, i));
        expect(composed).toEqual(samples.map(({ offset }, i) => (written.times[i] ?? 0) + offset));
        const described = samples.map((_, i) => read.descriptions?.[i] ?? read.description);
        expect(described).toEqual(written.descriptions);
        expect(read).toMatchObject({ missing: 0 });
      }),
    );
  });
});

interface WrittenSample {
  readonly size: number;
  readonly delta: number;
  readonly offset: number;
  readonly isSync: boolean;
  readonly description: number;
  readonly startsChunk: boolean;
  readonly gap: number;
}

/** Chunks begin where a sample says so, with a gap before them, and have one description each. */
function write(samples: readonly WrittenSample[], isLong: boolean) {
  const chunks: { offset: number; count: number; description: number }[] = [];
  const offsets: number[] = [];
  const descriptions: number[] = [];
  let at = 48;
  for (const [i, { size, startsChunk, gap, description }] of samples.entries()) {
    if (i === 0 || startsChunk) {
      at += isLong ? gap : gap % 1000;
      chunks.push({ offset: at, count: 0, description });
    }
    const chunk = chunks.at(-1);
    if (chunk) chunk.count++;
    descriptions.push(chunk?.description ?? 0);
    offsets.push(at);
    at += size;
  }
  const times = samples.map((_, i) => samples.slice(0, i).reduce((sum, { delta }) => sum + delta, 0));
  const places = chunks.map(({ offset }) => offset);
  return {
    fileEnd: at,
    offsets,
    descriptions,
    times,
    end: samples.reduce((sum, { delta }) => sum + delta, 0),
    tables: tables({
      stts: stts(...samples.map(({ delta }) => [1, delta] as const)),
      ctts: ctts(...samples.map(({ offset }) => [1, offset] as const)),
      stss: stss(...samples.flatMap(({ isSync: is }, i) => (is ? [i + 1] : []))),
      stsc: stsc(...chunks.map(({ count, description }, i) => [i + 1, count, description] as const)),
      stsz: stsz(...samples.map(({ size }) => size)),
      ...(isLong ? { co64: co64(...places) } : { stco: stco(...places) }),
    }),
  };
}

describe('any byte changed', () => {
  const full: SampleTables = {
    ...FOUR,
    ctts: ctts([2, 50], [2, -50]),
    stss: stss(1, 3),
    stsc: stsc([1, 2, 1], [2, 2, 2]),
  };

  test.each(['stts', 'ctts', 'stss', 'stsc', 'stsz', 'stco'] as const)('%s is read or refused', (name) => {
    expectMediaErrors(full[name]?.bytes ?? new Uint8Array(0), (bytes) => {
      const read = readSampleTable({ ...full, [name]: { bytes, base: 100 } }, { fileEnd: 2070 });
      expect(read.count).toBeLessThanOrEqual(4);
      expect(read.times.every((time, i) => i === 0 || time >= (read.times[i - 1] ?? 0))).toBe(true);
    });
  });

  test('stz2 and co64 are read or refused', () => {
    const other = { ...full, stsz: null, stco: null, co64: co64(1000, 2000) };
    expectMediaErrors(stz2(16, 10, 20, 30, 40).bytes, (bytes) =>
      readSampleTable({ ...other, stz2: { bytes, base: 100 } }, { fileEnd: 2070 }),
    );
    expectMediaErrors(other.co64.bytes, (bytes) =>
      readSampleTable({ ...full, stco: null, co64: { bytes, base: 100 } }, { fileEnd: 2070 }),
    );
  });
});
