import { expect, test } from 'vitest';
import type { VideoTrack } from '../../src/core/media.ts';
import { nanoseconds } from '../../src/core/time.ts';
import { planVideo } from '../../src/pipeline/plan-tracks.ts';
import type { Survey } from '../../src/pipeline/survey.ts';
import { VIDEO } from '../muxers/fmp4/tracks.ts';

const MILLISECOND = 1_000_000;
const VP8: VideoTrack = {
  ...VIDEO,
  frameRate: null,
  configs: [],
  decodeOnly: { codec: 'vp8', codecId: 'V_VP8', codecPrivate: new Uint8Array(0), mayBeInterlaced: false },
};

/** Pictures 40 ms apart, and a frame that is only referred to in front of each fifth one, at its time. */
const STAMPS = Array.from({ length: 25 }, (_, i) => (i % 5 === 0 ? [i, i] : [i]))
  .flat()
  .map((i) => nanoseconds(i * 40 * MILLISECOND));

function counted(track: VideoTrack) {
  const seen = { first: STAMPS[0], end: null, stamps: STAMPS, sizes: [], frameSizes: new Set() };
  const survey = { kind: 'whole', tracks: new Map([[track.id, seen]]), videoConfig: null, reorder: 0 };
  const span = {
    zero: nanoseconds(0),
    end: nanoseconds(1000 * MILLISECOND),
    pictures: null,
    recovery: 'shown',
  };
  return planVideo(track, survey as unknown as Survey, span as Parameters<typeof planVideo>[2]).counted;
}

test('frames of VP8 that are only referred to are no pictures', () => {
  expect(counted(VP8)).toEqual({ pictures: 25, rate: 25 });
});

test('elsewhere two pictures at one time are two', () => {
  expect(counted({ ...VIDEO, frameRate: null })?.pictures).toBe(30);
});
