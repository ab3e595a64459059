import { expect, it } from 'vitest';
import { readGuideTime, shiftGuideTime } from '../../src/guide/guide-time.ts';

it.each([
  ['20261122203000 +0100', '2026-11-22T19:30:00Z'],
  ['20261122203000 -0330', '2026-11-23T00:00:00Z'],
  ['20261122203000 +05:30', '2026-11-22T15:00:00Z'],
  ['20261122203000', '2026-11-22T20:30:00Z'],
  ['202611222030', '2026-11-22T20:30:00Z'],
  ['20261122203000 UTC', '2026-11-22T20:30:00Z'],
  ['20261122203000Z', '2026-11-22T20:30:00Z'],
  ['20260722203000 BST', '2026-07-22T19:30:00Z'],
  ['20260722203000 CEST', '2026-07-22T18:30:00Z'],
  ['20261122203000 est', '2026-11-23T01:30:00Z'],
  ['2026112220', '2026-11-22T20:00:00Z'],
  ['20261122 +0100', '2026-11-21T23:00:00Z'],
])('%s is %s', (text, time) => {
  expect(readGuideTime(text)).toBe(Date.parse(time));
});

it('in a zone that nobody knows is not told', () => {
  expect(readGuideTime('20261122203000 XYZT')).toBeNull();
});

it.each(['', 'tomorrow', '2026', '2026-11-22T20:30:00Z', '202611222'])('"%s" is no time', (text) => {
  expect(readGuideTime(text)).toBeNull();
  expect(shiftGuideTime(text, 60)).toBe(text);
});

it.each([
  ['20261231233000 +0100', 60, '20270101003000 +0100'],
  ['20260301000000 -0500', -90, '20260228223000 -0500'],
  ['202611222030', 30, '20261122210000'],
  ['2026112220', 30, '20261122203000'],
  ['20261122203000 XYZT', 60, '20261122213000 XYZT'],
  ['20261122203000 +0100', 0, '20261122203000 +0100'],
] as const)('%s by %i minutes is %s', (text, minutes, shifted) => {
  expect(shiftGuideTime(text, minutes)).toBe(shifted);
});

it('is read in a moment, however many spaces stand in it', () => {
  const begun = performance.now();
  const long = `202611222030x${' '.repeat(100_000)}x`;
  expect([readGuideTime(long), shiftGuideTime(long, 60)]).toEqual([null, long]);
  expect(performance.now() - begun).toBeLessThan(1000);
});
