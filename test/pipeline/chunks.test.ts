import { describe, expect, it } from 'vitest';
import type { TimedPacket } from '../../src/core/contracts.ts';
import { ticks } from '../../src/core/time.ts';
import { Chunker } from '../../src/pipeline/chunks.ts';

const TIMESCALE = 24;
const MEGABYTE = 2 ** 20;

/** Twenty-four pictures a second, each of so many bytes: how many pictures each chunk holds. */
function chunkLengths(sizes: readonly number[]): number[] {
  const lengths: number[] = [];
  const muxer = {
    init: () => new Uint8Array(),
    fragment: (_: number, samples: readonly TimedPacket[]) => {
      lengths.push(samples.length);
      return [];
    },
  };
  const chunker = new Chunker({ timescale: TIMESCALE, muxer }, 0);
  for (const [i, size] of sizes.entries()) {
    const packet = { trackId: 1, configId: 0, pts: ticks(i), isSync: i === 0, data: new Uint8Array(size) };
    chunker.push({ packet, dts: i, duration: 1 });
  }
  chunker.flush();
  return lengths;
}

describe('chunks of a segment', () => {
  it.each([
    ['half a second each', Array(30).fill(1000), [12, 12, 6]],
    ['by bytes behind the first', Array(24).fill(400_000), [12, 3, 3, 3, 3]],
    [
      'by bytes or time, what comes first',
      [...Array(14).fill(1000), MEGABYTE, ...Array(9).fill(1000)],
      [12, 3, 9],
    ],
    ['a picture that is larger than a chunk', [...Array(12).fill(10), 3 * MEGABYTE, 10], [12, 1, 1]],
  ])('%s', (_, sizes, expected) => expect(chunkLengths(sizes)).toEqual(expected));
});
