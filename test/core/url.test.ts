import { expect, it } from 'vitest';
import { isUrl } from '../../src/core/url.ts';

/** As texts of bytes above 127 come out of a decoder: one byte a character. */
const latin1 = (text: string): string => new TextDecoder('latin1').decode(Buffer.from(text, 'latin1'));

it.each([
  'http://host/é.mkv',
  'http://127.0.\u00ad0.1/',
  'https://müller.example/ÿ',
])('%s is a URL, however often that is asked', (text) => {
  const written = latin1(text);
  for (let i = 0; i < 50_000; i++) if (!isUrl(written)) throw new Error(`Not the ${i}th time`);
});

it.each([
  ['http://', undefined, false],
  ['film.mkv', undefined, false],
  ['film.mkv', 'http://host/', true],
  ['http://host:99999/', undefined, false],
])('%s against %s', (text, base, is) => {
  expect(isUrl(text, base)).toBe(is);
});
