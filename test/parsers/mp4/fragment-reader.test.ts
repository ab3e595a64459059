import { describe, expect, it } from 'vitest';
import { planEdits } from '../../../parsers/mp4/edit-list.ts';
import { FragmentReader } from '../../../parsers/mp4/fragment-reader.ts';
import { concat } from '../../../src/core/bytes.ts';
import { box, u32 } from './table-writer.ts';

const BASE_IS_MOOF = 0x20000;
const DATA_OFFSET = 1;
/** Bytes of a fragment with one run that begins with its data offset. */
const MOOF = 68;

/** A fragment whose samples have no fields of their own. */
const fragment = (samples: number, offset: number) =>
  box(
    'moof',
    box('mfhd', u32(0, 1)),
    box('traf', box('tfhd', u32(BASE_IS_MOOF, 1)), box('trun', u32(DATA_OFFSET, samples, offset))),
  );

/** The reader of one track whose samples have so many bytes. */
function readerOf(size: number): FragmentReader {
  const plan = planEdits([], 1000, 1000, { presents: 'frames', table: null });
  return new FragmentReader(0, {
    tracks: new Map([[1, { id: 1, plan, readings: [] }]]),
    context: {
      defaults: new Map([[1, { description: 1, duration: 10, size, flags: 0 }]]),
      fileEnd: null,
    },
    isAsStored: true,
  });
}

describe('fragments that tell more than they hold', () => {
  it('are read as far as their bytes pay for samples without fields', () => {
    const reader = readerOf(100);
    const one = fragment(200_000, 2 ** 30);
    const begun = performance.now();
    const skipped = Array.from({ length: 100 }, () => reader.push(one).skipped);
    expect(skipped.filter((bytes) => bytes === 0)).toHaveLength(1);
    expect(performance.now() - begun).toBeLessThan(5000);
  });

  it('are as many as there are where the bytes are', () => {
    const reader = readerOf(50);
    const one = concat([fragment(2000, MOOF + 8), box('mdat', new Uint8Array(100_000))]);
    const told = Array.from({ length: 130 }, () => reader.push(one)).map((batch) => batch.samples.length);
    expect(new Set(told)).toEqual(new Set([2000]));
  });

  it('are given up where their media do not come', () => {
    const reader = readerOf(10);
    const away = fragment(5000, 2 ** 30);
    const begun = performance.now();
    for (let i = 0; i < 400; i++) reader.push(away);
    expect(performance.now() - begun).toBeLessThan(5000);
    expect(reader.reached).toBe(400 * MOOF);
  });
});
