import {
  isMpeg2FieldPair,
  loneMpeg2Field,
  MPEG2_TYPE,
  mpeg2Beginning,
} from '../../src/codecs/mpeg2-picture.ts';
import { concat } from '../../src/core/bytes.ts';
import { type Joiner, pairJoiner } from './joiner.ts';
import type { PicturePart } from './shown-order.ts';

/** Two fields of one frame in samples of their own make one with the first one's stamp. */
export const mpeg2FieldJoiner = (): Joiner =>
  pairJoiner({
    stamp: 'first',
    beginning: loneMpeg2Field,
    complete: ({ part, data: first }, data) => {
      const second = loneMpeg2Field(data);
      return second && isMpeg2FieldPair(part, second) ? concat([first, data]) : null;
    },
  });

/** One picture a sample. */
export const mpeg2Parts = (data: Uint8Array): PicturePart[] => [
  { data, isB: mpeg2Beginning(data).picture?.type === MPEG2_TYPE.b, isCoded: true },
];
