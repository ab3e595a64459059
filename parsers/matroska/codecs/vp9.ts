import {
  parseVp9CodecPrivate,
  vp9ConfigOf,
  vp9IsHidden,
  vp9Kind,
  vp9Level,
  vpcRecord,
} from '../../../src/codecs/vp9.ts';
import { joinSuperframe, splitSuperframe } from '../../../src/codecs/vp9-superframe.ts';
import { orNull } from '../../../src/core/errors.ts';
import type { Colour } from '../../../src/core/media.ts';
import { NANOSECONDS_PER_SECOND } from '../../../src/core/time.ts';
import { pairJoiner } from '../../elementary/joiner.ts';
import { readColour } from '../colour.ts';
import type { Master } from '../ebml.ts';
import type { PendingSetup, VideoSetup } from '../setup.ts';
import { unchanged } from './unchanged.ts';

const DEFAULT_RATE = 30;

/** Private data are optional and tell half: the first key frame tells profile, depth, subsampling and size. */
export const vp9Setup = (entry: Master): PendingSetup<VideoSetup> => ({
  fromFrame: (frame) => (vp9Kind(frame) === 'idr' ? orNull(() => setupOf(entry, frame)) : null),
});

function setupOf(entry: Master, frame: Uint8Array): VideoSetup {
  const privateData = entry.binary('CodecPrivate');
  const declared = privateData && orNull(() => parseVp9CodecPrivate(privateData));
  const duration = entry.uint('DefaultDuration');
  const rate = duration ? NANOSECONDS_PER_SECOND / duration : DEFAULT_RATE;
  const own = vp9ConfigOf(frame);
  const colour = readColour(entry.master('Video')) ?? specified(own.colour);
  const info = {
    ...own,
    level: declared?.level ?? vp9Level({ width: own.width, height: own.height, rate, bitrate: null }),
    colour: colour ?? own.colour,
  };
  return {
    config: { codec: 'vp9', record: vpcRecord(info) },
    width: own.width,
    height: own.height,
    pixelAspect: null,
    colour,
    frameRate: null,
    reorderDepth: 0,
    isPrefixUsable: true,
    normalize: unchanged,
    joiner: superframeJoiner,
  };
}

const UNSPECIFIED = 2;

const specified = (colour: Colour): Colour | null =>
  colour.matrix === UNSPECIFIED && !colour.fullRange ? null : colour;

const MAX_FRAMES = 8;

/** A hidden frame and the next shown one make one sample: VP Codec ISO Media File Format Binding, 3.1. */
const superframeJoiner = () =>
  pairJoiner({
    stamp: 'last',
    beginning: (data) => (orNull(() => vp9IsHidden(data)) ? true : null),
    complete: ({ data: first }, data) => {
      const frames = [...splitSuperframe(first), ...splitSuperframe(data)];
      return frames.length <= MAX_FRAMES ? joinSuperframe(frames) : null;
    },
  });
