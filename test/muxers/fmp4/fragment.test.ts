import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fragmentOverhead } from '../../../muxers/fmp4/fragment.ts';
import { createFragmentMuxer } from '../../../muxers/fmp4/muxer.ts';
import { concat } from '../../../src/core/bytes.ts';
import { dumpBoxes } from '../../helpers/box-dump.ts';
import { AUDIO, sample, VIDEO } from './tracks.ts';

const video = createFragmentMuxer(VIDEO, { trackId: 1, timescale: 90_000, bitrate: null });
const audio = createFragmentMuxer(AUDIO, { trackId: 2, timescale: 48_000, bitrate: null });
const REST = { isFirst: false } as const;

/** I P B B behind an hour past 2^32 ticks. */
const START = 13 * 3600 * 90_000;
const PICTURES = [
  sample({ dts: START, pts: START + 3600, duration: 3600, size: 900 }),
  sample({ dts: START + 3600, pts: START + 14_400, duration: 3600, size: 300, isSync: false }),
  sample({ dts: START + 7200, pts: START + 7200, duration: 3600, size: 100, isSync: false }),
  sample({ dts: START + 10_800, pts: START + 10_799, duration: 3601, size: 0, isSync: false }),
];
const frames = (count: number) =>
  Array.from({ length: count }, (_, i) =>
    sample({ dts: i * 1024, pts: i * 1024, duration: 1024, size: 200 + i }),
  );

describe('fragments', () => {
  test('of video, with the segment type in front', async () => {
    const bytes = concat(video.fragment(4097, PICTURES, { isFirst: true }));
    await expect(dumpBoxes(bytes)).toMatchFileSnapshot('fragment-video.txt');
  });

  test('of audio', async () => {
    await expect(dumpBoxes(concat(audio.fragment(1, frames(3), REST)))).toMatchFileSnapshot(
      'fragment-audio.txt',
    );
  });

  test('of audio whose last frame is longer', async () => {
    const uneven = [...frames(2), sample({ dts: 2048, pts: 2048, duration: 1030, size: 9 })];
    await expect(dumpBoxes(concat(audio.fragment(2, uneven, REST)))).toMatchFileSnapshot(
      'fragment-audio-uneven.txt',
    );
  });

  test('of no packets are nothing', () => {
    expect(video.fragment(1, [], { isFirst: true })).toEqual([]);
  });
});

test('packets are passed on as they are', () => {
  const [, ...payload] = video.fragment(1, PICTURES, REST);
  expect(payload.length).toBe(PICTURES.length);
  payload.forEach((data, i) => {
    expect(data).toBe(PICTURES[i]?.packet.data);
  });
});

test('the segment type is the difference of a first fragment', () => {
  const [first = new Uint8Array()] = video.fragment(1, PICTURES, { isFirst: true });
  const [other = new Uint8Array()] = video.fragment(1, PICTURES, REST);
  expect(first).toEqual(concat([video.segmentType, other]));
});

test('data offset and overhead are exact for any number of samples', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), (count) => {
      for (const [kind, muxer] of [
        ['video', video],
        ['audio', audio],
      ] as const) {
        const [header = new Uint8Array()] = muxer.fragment(7, frames(count), REST);
        expect(header.length).toBe(fragmentOverhead(count, kind));
        expect(dumpBoxes(header)).toContain(`data offset: ${header.length}\n`);
      }
    }),
  );
});
