import { expect, test } from 'vitest';
import { GrowingBytes } from '../../src/core/growing-bytes.ts';

const tooLong = () => new Error('too long');

test('parts of one byte take no more room than twice their size', () => {
  const growing = new GrowingBytes(2 ** 20, tooLong);
  const part = new Uint8Array(1);
  for (let i = 0; i < 300_000; i++) {
    part[0] = i & 255; // what it was given is the giver's again
    growing.add(part);
  }
  const { bytes } = growing;
  expect([bytes.length, bytes[0], bytes[299_999], bytes.buffer.byteLength <= 600_000]).toEqual([
    300_000,
    0,
    299_999 & 255,
    true,
  ]);
});

test('up to the limit and no further', () => {
  const growing = new GrowingBytes(100_000, tooLong);
  expect(growing.bytes.length).toBe(0);
  growing.add(new Uint8Array(60_000).fill(1));
  growing.add(new Uint8Array(40_000).fill(2));
  expect([growing.bytes.length, growing.bytes.at(-1), growing.bytes.buffer.byteLength]).toEqual([
    100_000, 2, 100_000,
  ]);
  expect(() => growing.add(new Uint8Array(1))).toThrow('too long');
});
