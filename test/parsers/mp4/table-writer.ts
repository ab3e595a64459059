import type { SampleTables, TableBytes } from '../../../parsers/mp4/table-entries.ts';
import { concat } from '../../../src/core/bytes.ts';

/** Numbers of 32 bits, negative ones as two's complement. */
export function u32(...values: readonly number[]): Uint8Array {
  const out = new Uint8Array(values.length * 4);
  const view = new DataView(out.buffer);
  for (const [i, value] of values.entries()) view.setUint32(i * 4, value >>> 0);
  return out;
}

export function u64(...values: readonly number[]): Uint8Array {
  const out = new Uint8Array(values.length * 8);
  const view = new DataView(out.buffer);
  for (const [i, value] of values.entries()) view.setBigInt64(i * 8, BigInt(value));
  return out;
}

export const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A whole box. */
export function box(type: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = concat(parts);
  return concat([u32(content.length + 8), ascii(type), content]);
}

/** The content of a box with version and flags, as if it lay at byte 100. */
const table = (head: number, ...parts: readonly Uint8Array[]): TableBytes => ({
  bytes: concat([u32(head), ...parts]),
  base: 100,
});

type Runs<N extends number[]> = readonly (readonly [...N])[];

export const stts = (...runs: Runs<[number, number]>): TableBytes =>
  table(0, u32(runs.length, ...runs.flat()));
export const ctts = stts;
export const stsc = (...runs: Runs<[number, number, number]>): TableBytes =>
  table(0, u32(runs.length, ...runs.flat()));
export const stss = (...samples: readonly number[]): TableBytes => table(0, u32(samples.length, ...samples));
export const stsz = (...sizes: readonly number[]): TableBytes => table(0, u32(0, sizes.length, ...sizes));
export const constantSize = (size: number, count: number): TableBytes => table(0, u32(size, count));
export const stco = (...offsets: readonly number[]): TableBytes => table(0, u32(offsets.length, ...offsets));
export const co64 = (...offsets: readonly number[]): TableBytes =>
  table(0, u32(offsets.length), u64(...offsets));

/** Sizes of 4, 8 or 16 bits. */
export function stz2(bits: number, ...sizes: readonly number[]): TableBytes {
  const fields = new Uint8Array(Math.ceil((sizes.length * bits) / 8));
  for (const [i, size] of sizes.entries()) {
    const at = (i * bits) >> 3;
    if (bits === 16) fields[at] = size >> 8;
    const low = bits === 16 ? at + 1 : at;
    fields[low] = (fields[low] ?? 0) | (bits === 4 && i % 2 === 0 ? size << 4 : size & 0xff);
  }
  return table(0, u32(bits, sizes.length), fields);
}

const NONE: SampleTables = {
  stts: null,
  ctts: null,
  stss: null,
  stsc: null,
  stsz: null,
  stz2: null,
  stco: null,
  co64: null,
};

export const tables = (some: Partial<SampleTables>): SampleTables => ({ ...NONE, ...some });

/** Four samples of 10, 20, 30 and 40 bytes in two chunks at 1000 and 2000, 100 ticks each. */
export const FOUR: SampleTables = tables({
  stts: stts([4, 100]),
  stsc: stsc([1, 2, 1]),
  stsz: stsz(10, 20, 30, 40),
  stco: stco(1000, 2000),
});
