import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openMp4 } from '../../../parsers/mp4/demuxer.ts';
import { concat, memorySource } from '../../../src/core/bytes.ts';
import { MediaError } from '../../../src/core/errors.ts';
import { ascii, box, u32 } from './table-writer.ts';

const NEVER = new AbortController().signal;
const progressive = new Uint8Array(
  readFileSync(new URL('../../../fixtures/progressive.mp4', import.meta.url)),
);
/** Where its media begin, and the movie box behind them. */
const MEDIA = 40;
const MOVIE = MEDIA + new DataView(progressive.buffer).getUint32(MEDIA);

async function refusal(file: Uint8Array): Promise<string> {
  try {
    await openMp4(memorySource(file), NEVER);
  } catch (error) {
    if (error instanceof MediaError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'none';
}

const ftyp = (brand: string) => box('ftyp', ascii(brand), u32(0), ascii(brand));
const picture = (brand: string) => concat([ftyp(brand), box('meta', u32(0)), box('mdat', u32(1, 2))]);
const endless = concat([progressive.subarray(0, MEDIA), u32(0), progressive.subarray(MEDIA + 4, MOVIE)]);
const tooLong = concat([
  progressive.subarray(0, MEDIA),
  u32(0x7fffffff),
  progressive.subarray(MEDIA + 4, MOVIE),
]);

describe('a file without a movie box says what it is', () => {
  it.each([
    { name: 'the whole film', file: progressive, says: /^none$/ },
    { name: 'a recording that was broken off', file: endless, says: /^truncated: .*recording.*broken off/ },
    {
      name: 'a download that was broken off',
      file: progressive.slice(0, MOVIE - 9000),
      says: /^truncated: .*broken off/,
    },
    { name: 'media larger than the file', file: tooLong, says: /^truncated: .*broken off/ },
    {
      name: 'within the movie box',
      file: progressive.slice(0, MOVIE + 900),
      says: /^truncated: .*within its movie box/,
    },
    { name: 'all but the movie box', file: progressive.slice(0, MOVIE), says: /^truncated: / },
    {
      name: 'a photograph of a telephone',
      file: picture('heic'),
      says: /^unsupported: This is a picture \(HEIC\)/,
    },
    { name: 'AVIF', file: picture('avif'), says: /^unsupported: This is a picture \(AVIF\)/ },
    { name: 'HEIF of any codec', file: picture('mif1'), says: /^unsupported: This is a picture \(HEIF\)/ },
    {
      name: 'nothing of the kind',
      file: concat([ftyp('isom'), box('free', u32(0))]),
      says: /^corrupt: No movie box/,
    },
  ])('$name', async ({ file, says }) => {
    expect(await refusal(file)).toMatch(says);
  });
});
