import { describe, expect, it, test } from 'vitest';
import { joinConstant } from '../../../parsers/mp4/constant-samples.ts';
import type { SampleTables } from '../../../parsers/mp4/table-entries.ts';
import { MediaError } from '../../../src/core/errors.ts';
import { expectMediaErrors } from '../../helpers/mutations.ts';
import { constantSize, stco, stsc, stsz, stts, tables } from './table-writer.ts';

/** 30 000 samples of stereo with 16 bits at 48 kHz: chunks of 20 000, 9000 and 1000. */
const STEREO: SampleTables = tables({
  stts: stts([30_000, 1]),
  stsc: stsc([1, 20_000, 1], [2, 9000, 1], [3, 1000, 1]),
  stsz: constantSize(4, 30_000),
  stco: stco(100, 90_100, 200_000),
});

const LIMITS = { fileEnd: null, timescale: 48_000, sampleSize: null };

const rows = (over: Partial<SampleTables>, limits: Partial<Parameters<typeof joinConstant>[1]> = {}) => {
  const table = joinConstant({ ...STEREO, ...over }, { ...LIMITS, ...limits });
  if (!table) return null;
  const each = Array.from({ length: table.count }, (_, i) => [
    table.times[i],
    table.offsets[i],
    table.sizes[i],
  ]);
  return { each, end: table.end, missing: table.missing };
};

describe('PCM', () => {
  it('comes in pieces of chunks, a quarter of a second at most', () => {
    expect(rows({})).toEqual({
      each: [
        [0, 100, 48_000],
        [12_000, 48_100, 32_000],
        [20_000, 90_100, 36_000],
        [29_000, 200_000, 4000],
      ],
      end: 30_000,
      missing: 0,
    });
  });

  it('has the size of a sample from its sample entry, where that tells it', () => {
    expect(rows({ stsz: constantSize(1, 30_000) }, { sampleSize: 6 })?.each[0]).toEqual([0, 100, 72_000]);
  });

  it('has the size that the table tells where a sample is a packet', () => {
    const packets = { stts: stts([30_000, 1024]), stsz: constantSize(4096, 30_000) };
    expect(rows(packets, { sampleSize: 4 })?.each[0]).toEqual([0, 100, 11 * 4096]);
  });

  it('is measured in its own ticks', () => {
    const table = rows({ stts: stts([10_000, 2], [20_000, 2]) }, { timescale: 96_000 });
    expect(table?.each[1]).toEqual([24_000, 48_100, 32_000]);
    expect(table?.end).toBe(60_000);
  });

  it('ends with the file', () => {
    expect(rows({}, { fileEnd: 90_203 })).toEqual({
      each: [
        [0, 100, 48_000],
        [12_000, 48_100, 32_000],
        [20_000, 90_100, 100],
      ],
      end: 20_025,
      missing: 9975,
    });
  });

  it('leaves a hole in time where a chunk lies beyond the file', () => {
    expect(rows({ stco: stco(100, 900_000, 200_000) }, { fileEnd: 204_000 })).toEqual({
      each: [
        [0, 100, 48_000],
        [12_000, 48_100, 32_000],
        [29_000, 200_000, 4000],
      ],
      end: 30_000,
      missing: 9000,
    });
  });

  it('of three hours is 43 200 pieces', () => {
    const seconds = 3 * 3600;
    const table = joinConstant(
      tables({
        stts: stts([seconds * 48_000, 1]),
        stsc: stsc([1, 48_000, 1]),
        stsz: constantSize(4, seconds * 48_000),
        stco: stco(...Array.from({ length: seconds }, (_, i) => 100 + i * 192_000)),
      }),
      { ...LIMITS, fileEnd: 2 ** 40 },
    );
    expect(table).toMatchObject({ count: 43_200, end: seconds * 48_000, missing: 0 });
    expect(table?.sizes.every((size) => size === 48_000)).toBe(true);
  });
});

describe('what is not joined', () => {
  test.each<{ name: string; over: Partial<SampleTables> }>([
    { name: 'sizes that differ', over: { stsz: stsz(4, 8) } },
    { name: 'deltas that differ', over: { stts: stts([2, 1], [2, 2]) } },
    { name: 'deltas of zero', over: { stts: stts([30_000, 0]) } },
    { name: 'no deltas', over: { stts: stts() } },
  ])('$name', ({ over }) => {
    expect(rows(over)).toBeNull();
  });
});

describe('numbers without sense', () => {
  const code = (over: Partial<SampleTables>, timescale: number) => {
    try {
      return rows(over, { timescale });
    } catch (error) {
      return error instanceof MediaError ? error.code : error;
    }
  };

  it('more pieces than may be held: limit', () => {
    const over = { stsz: constantSize(4, 2 ** 32 - 1), stsc: stsc([1, 2 ** 32 - 1, 1]) };
    expect(code({ ...over, stts: stts([2 ** 32 - 1, 48_000]) }, 48_000)).toBe('limit');
  });

  it('times beyond 2^53: corrupt', () => {
    const over = { stsz: constantSize(4, 2 ** 32 - 1), stsc: stsc([1, 2 ** 32 - 1, 1]) };
    expect(code({ ...over, stts: stts([2 ** 32 - 1, 2 ** 32 - 1]) }, 48_000)).toBe('corrupt');
  });

  it('a piece is never larger than its size can be told', () => {
    const over = { stsz: constantSize(2 ** 31, 30_000) };
    expect(rows(over, { timescale: 2 ** 32 - 1 })?.each[0]).toEqual([0, 100, 2 ** 31]);
  });

  test.each([
    'stts',
    'stsc',
    'stsz',
    'stco',
  ] as const)('%s with any byte changed is read or refused', (name) => {
    expectMediaErrors(STEREO[name]?.bytes ?? new Uint8Array(0), (bytes) => {
      joinConstant({ ...STEREO, [name]: { bytes, base: 100 } }, { ...LIMITS, fileEnd: 204_000 });
    });
  });
});
