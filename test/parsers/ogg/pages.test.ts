import { describe, expect, test } from 'vitest';
import { PacketJoiner } from '../../../parsers/ogg/packet-joiner.ts';
import { MAX_PAGE_BYTES, type Page } from '../../../parsers/ogg/page.ts';
import { pageCrc } from '../../../parsers/ogg/page-crc.ts';
import { PageWalker } from '../../../parsers/ogg/page-walker.ts';
import { concat } from '../../../src/core/bytes.ts';
import { bytesOf } from '../../helpers/hex.ts';
import { expectMediaErrors } from '../../helpers/mutations.ts';
import { CONTINUED, FIRST, LAST, type PageParts, page, pagesOf } from './ogg-files.ts';

const noise = (size: number, seed = 1): Uint8Array => {
  let state = seed;
  return Uint8Array.from({ length: size }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state >>> 24;
  });
};

test.each([27, 28, 29, 30, 31, 4000])('the checksum of %i bytes, bit by bit', (size) => {
  const bytes = noise(size);
  let crc = 0;
  for (const [i, byte] of bytes.entries()) {
    crc ^= (i >= 22 && i < 26 ? 0 : byte) << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  }
  expect(pageCrc(bytes)).toBe(crc >>> 0);
});

describe('pages', () => {
  const three = [
    page({ flags: FIRST, packets: [noise(30)] }),
    page({ sequence: 1, granule: 960, packets: [noise(300), noise(255), noise(0)] }),
    page({ sequence: 2, granule: 2 ** 40, flags: LAST, packets: [noise(5000)] }),
  ];
  const file = concat(three);

  test.each([1, 7, 100, 1 << 20])('in pieces of %i', (size) => {
    const walker = new PageWalker({ position: 1000, isForeign: false });
    const pages: Page[] = [];
    for (let at = 0; at < file.length; at += size) pages.push(...walker.push(file.slice(at, at + size)));
    expect(pages.map(({ bytes }) => bytes)).toEqual(three);
    expect(pages).toMatchObject([
      { position: 1000, serial: 1, isFirst: true, isLast: false, granule: 0 },
      { sequence: 1, granule: 960, isContinued: false },
      { granule: 2 ** 40, isLast: true },
    ]);
    expect(walker.takeSkipped()).toBe(0);
  });

  test.each([
    { name: 'nothing', granule: -1, is: null },
    { name: 'a negative number', granule: -5, is: null },
    { name: 'more than can be counted', granule: 2 ** 60, is: null },
    { name: 'a large number', granule: 2 ** 52, is: 2 ** 52 },
  ])('a granule position of $name', ({ granule, is }) => {
    expect(pagesOf(page({ granule }))[0]?.granule).toBe(is);
  });

  test.each([
    { name: 'a changed byte', damage: (bytes: Uint8Array) => bytes.map((b, i) => (i === 200 ? b ^ 1 : b)) },
    { name: 'another version', damage: (bytes: Uint8Array) => bytes.map((b, i) => (i === 4 ? 1 : b)) },
    { name: 'another mark', damage: (bytes: Uint8Array) => bytes.map((b, i) => (i === 2 ? 0 : b)) },
    { name: 'bytes missing', damage: (bytes: Uint8Array) => bytes.subarray(0, 100) },
  ])('$name costs one page, and is told', ({ damage }) => {
    const [a, b, c] = three as [Uint8Array, Uint8Array, Uint8Array];
    const damaged = damage(b);
    const walker = new PageWalker({ position: 0, isForeign: false });
    const pages = [...walker.push(concat([a, damaged, c])), ...walker.flush()];
    expect(pages.map(({ bytes }) => bytes)).toEqual([a, c]);
    expect(walker.takeSkipped()).toBe(damaged.length);
  });

  test('what stands before the first page belongs to another one where reading began anywhere', () => {
    const walker = new PageWalker({ position: 0, isForeign: true });
    expect(walker.push(concat([noise(500), file]))).toHaveLength(3);
    expect(walker.takeSkipped()).toBe(0);
  });

  test('any change', () => expectMediaErrors(concat(three.slice(0, 2)), pagesOf));
});

/** Pages as a walker gives them. */
const built = (parts: readonly PageParts[]): Page[] => parts.flatMap((part) => pagesOf(page(part)));

describe('packets', () => {
  const long = noise(700);
  const parts = [
    { sequence: 0, segments: [10, 255, 255], body: concat([noise(10), long.subarray(0, 510)]) },
    { sequence: 1, flags: CONTINUED, segments: [190, 5], body: concat([long.subarray(510), noise(5, 9)]) },
  ];
  const push = (pages: readonly Page[], limit = 10_000) => {
    const joiner = new PacketJoiner(limit);
    const contents = pages.map((own) => joiner.push(own));
    return {
      sizes: contents.flatMap(({ packets }) => packets.map(({ data }) => data.length)),
      packets: contents.flatMap(({ packets }) => packets),
      lost: contents.reduce((sum, { lost }) => sum + lost, 0),
      losses: contents.filter(({ isAfterLoss }) => isAfterLoss).length,
      open: joiner.open,
    };
  };

  test('go on from page to page', () => {
    const { sizes, packets, lost, open } = push(built(parts));
    expect({ sizes, lost, open }).toEqual({ sizes: [10, 700, 5], lost: 0, open: null });
    expect(packets[1]).toMatchObject({ data: long, position: 0, isCut: false });
  });

  test('a full segment is not the end; an empty one is; nothing between two ends is no packet', () => {
    const pages = built([{ segments: [255, 0, 0, 255], body: noise(510) }]);
    expect(push(pages)).toMatchObject({ sizes: [255], open: 0 });
  });

  test.each([
    {
      name: 'the page with its end is missing',
      rows: [0, null, { sequence: 2, packets: [long] }],
      sizes: [10, 700],
      lost: 510,
      losses: 1,
    },
    {
      name: 'another one is missing before its end',
      rows: [0, { ...parts[1], sequence: 2 }],
      sizes: [10, 5],
      lost: 510 + 190,
      losses: 1,
    },
    {
      name: 'its end never comes',
      rows: [0, { sequence: 1, packets: [noise(3)] }],
      sizes: [10, 3],
      lost: 510,
      losses: 0,
    },
    { name: 'its beginning was not read', rows: [1], sizes: [5], lost: 0, losses: 0 },
  ])('$name', ({ rows, sizes, lost, losses }) => {
    const pages = rows.flatMap((row) =>
      row === null ? [] : [typeof row === 'number' ? (parts[row] ?? {}) : row],
    );
    expect(push(built(pages))).toMatchObject({ sizes, lost, losses });
  });

  test('of one that is too long the beginning is kept', () => {
    const { sizes, packets } = push(built(parts), 300);
    expect(sizes).toEqual([10, 300, 5]);
    expect(packets.map(({ isCut }) => isCut)).toEqual([false, true, false]);
  });

  test('one that never ends holds no more than that', () => {
    const joiner = new PacketJoiner(100_000);
    const full = { segments: new Array<number>(255).fill(255), body: new Uint8Array(65_025) };
    for (let i = 0; i < 200; i++)
      for (const own of built([{ ...full, sequence: i, flags: i === 0 ? 0 : CONTINUED }])) joiner.push(own);
    expect(joiner.drop()).toBe(200 * 65_025);
  });
});

describe('takes time in proportion to the bytes', () => {
  const SIZE = 3 * 2 ** 20;
  const repeated = (unit: Uint8Array): Uint8Array => {
    const out = new Uint8Array(SIZE);
    for (let at = 0; at < SIZE; at += unit.length) out.set(unit.subarray(0, SIZE - at), at);
    return out;
  };
  const claim = page({ segments: new Array<number>(255).fill(255), body: new Uint8Array(0) });

  test.each([
    { name: 'tiny pages', bytes: repeated(page({ packets: [noise(1)] })) },
    { name: 'pages of nothing', bytes: repeated(page({})) },
    {
      name: 'wrong checksums',
      bytes: repeated(page({ packets: [noise(9)] }).map((b, i) => (i === 22 ? b ^ 1 : b))),
    },
    { name: 'headers that claim 64 KB each', bytes: repeated(claim) },
    { name: 'the mark again and again', bytes: repeated(bytesOf('4f676753')) },
    { name: 'noise', bytes: noise(SIZE) },
  ])('$name', ({ bytes }) => {
    for (const piece of [1000, 1 << 20]) {
      const walker = new PageWalker({ position: 0, isForeign: false });
      const begun = performance.now();
      let given = 0;
      for (let at = 0; at < bytes.length; at += piece)
        given += walker.push(bytes.subarray(at, at + piece).slice()).reduce((sum, { size }) => sum + size, 0);
      given += walker.flush().reduce((sum, { size }) => sum + size, 0);
      expect(given + walker.takeSkipped()).toBe(SIZE);
      expect(performance.now() - begun).toBeLessThan(4000);
    }
  });

  test('the largest page is as large as its table can say', () => {
    const largest = page({ segments: new Array<number>(255).fill(255), body: new Uint8Array(65_025) });
    expect(largest.length).toBe(MAX_PAGE_BYTES);
    expect(pagesOf(largest)).toHaveLength(1);
  });
});
