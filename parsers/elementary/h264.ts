import { buildAvcRecord, type ParameterSets } from '../../src/codecs/h264.ts';
import { isFieldPair, loneField } from '../../src/codecs/h264-fields.ts';
import { parseSps, reorderDepth, type Sps, spsFrameRate } from '../../src/codecs/h264-sps.ts';
import { concat } from '../../src/core/bytes.ts';
import { orNull } from '../../src/core/errors.ts';
import { type Joiner, pairJoiner } from './joiner.ts';
import type { PictureFacts } from './picture-facts.ts';

export interface H264Facts extends PictureFacts {
  readonly sps: Sps;
}

/** Null when there is no SPS that can be read: one from the stream may be. */
export function h264Facts(sets: ParameterSets): H264Facts | null {
  const [nal] = sets.sps;
  const sps = nal ? orNull(() => parseSps(nal)) : null;
  if (!sps) return null;
  return {
    sps,
    config: { codec: 'h264', record: buildAvcRecord(sets) },
    width: sps.width,
    height: sps.height,
    pixelAspect: sps.pixelAspect,
    colour: sps.colour,
    frameRate: spsFrameRate(sps),
    reorderDepth: reorderDepth(sps),
  };
}

/** Two fields of one frame in samples of their own make one with the first one's stamp: ISO/IEC 14496-15, 5.2.2. */
export const fieldJoiner = (sps: Sps): Joiner =>
  pairJoiner({
    stamp: 'first',
    beginning: (data) => loneField(data, sps),
    complete: ({ part, data: first }, data) => {
      const second = loneField(data, sps);
      return second && isFieldPair(part, second) ? concat([first, data]) : null;
    },
  });
