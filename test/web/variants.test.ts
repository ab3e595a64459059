import type { Level } from 'hls.js';
import { describe, expect, it } from 'vitest';
import { ladderOf, variantsOf } from '../../src/web/variants.ts';

/** As hls.js sorts them: by size, then by what it makes of codec and bits. */
const level = (name: string, height: number, maxBitrate: number, audioCodec = 'mp4a.40.2'): Level =>
  ({
    uri: `http://host/hls/token/version/${name}/index.m3u8`,
    width: 2 * height,
    height,
    maxBitrate,
    audioCodec,
  }) as Level;

const SMALL = level('v0-h264-480-1200k-libx264', 480, 1_500_000);
const MIDDLE = level('v0-h264-720-3000k-libx264', 720, 3_750_000);
const ENCODED = level('v0-h264-1080-8000k-libx264', 1080, 10_000_000);
const COPY = level('v0', 1080, 12_000_000);
const FLAC = level('v0', 1080, 13_000_000, 'fLaC');

const names = (levels: readonly Level[], first: Level) => {
  const at = levels.indexOf(first);
  const variants = variantsOf(levels, at);
  return {
    offered: variants.map(({ name }) => name),
    automatic: ladderOf(variants, at).map(({ name }) => name),
  };
};
const [v480, v720, v1080] = [
  'v0-h264-480-1200k-libx264',
  'v0-h264-720-3000k-libx264',
  'v0-h264-1080-8000k-libx264',
];

describe('variants', () => {
  it.each([
    {
      what: 'a copy that plays, beside what is encoded of it',
      levels: [SMALL, MIDDLE, ENCODED, COPY],
      first: COPY,
      offered: ['v0', v1080, v720, v480],
      automatic: ['v0', v720, v480],
    },
    {
      what: 'a copy of fewer bits than what is encoded',
      levels: [SMALL, { ...level('v0', 1080, 2_000_000), audioCodec: 'mp4a.40.2' } as Level, ENCODED],
      first: null,
      offered: ['v0', v1080, v480],
      automatic: ['v0', v480],
    },
    {
      what: 'what is encoded first, as of interlaced film',
      levels: [MIDDLE, ENCODED, COPY],
      first: ENCODED,
      offered: [v1080, 'v0', v720],
      automatic: [v1080, v720],
    },
    {
      what: 'the sound of the first one',
      levels: [MIDDLE, COPY, FLAC],
      first: COPY,
      offered: ['v0', v720],
      automatic: ['v0', v720],
    },
    { what: 'one alone', levels: [COPY], first: COPY, offered: ['v0'], automatic: ['v0'] },
    { what: 'sound alone', levels: [level('a1-aac', 0, 128_000)], first: null, offered: [], automatic: [] },
  ])('$what', ({ levels, first, offered, automatic }) => {
    const begin = first ?? levels.find(({ uri }) => uri.includes('/v0/')) ?? levels[0];
    if (!begin) throw new Error('no level');
    expect(names(levels, begin)).toEqual({ offered, automatic });
  });
});
