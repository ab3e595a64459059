import { expect, it } from 'vitest';
import { readGuideTime, shiftGuideTime } from '../../src/guide/guide-time.ts';

it.each([
  ['20261122203000 +0100', '2026-11-22T19:30:00Z'],
  ['20261122203000 -0330', '2026-11-23T00:00:00Z'],
  ['20261122203000 +05:30', '2026-11-22T15:00:00Z'],
  ['20261122203000', '2026-11-22T20:30:00Z'],
  ['202611222030', '2026-11-22T20:30:00Z'],
  ['20261122203000 UTC', '2026-11-22T20:30:00Z'],
])('%s is %s', (text, time) => {
  expect(readGuideTime(text)).toBe(Date.parse(time));
});

it.each(['', 'tomorrow', '2026', '2026-11-22T20:30:00Z'])('"%s" is no time', (text) => {
  expect(readGuideTime(text)).toBeNull();
  expect(shiftGuideTime(text, 60)).toBe(text);
});

it.each([
  ['20261231233000 +0100', 60, '20270101003000 +0100'],
  ['20260301000000 -0500', -90, '20260228223000 -0500'],
  ['202611222030', 30, '20261122210000'],
  ['20261122203000 +0100', 0, '20261122203000 +0100'],
] as const)('%s by %i minutes is %s', (text, minutes, shifted) => {
  expect(shiftGuideTime(text, minutes)).toBe(shifted);
});
