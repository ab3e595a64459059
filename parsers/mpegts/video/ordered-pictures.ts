import { isField, MPEG2_TYPE, mpeg2Beginning } from '../../../src/codecs/mpeg2-picture.ts';
import type { Mpeg2Sequence } from '../../../src/codecs/mpeg2-sequence.ts';
import { type Mpeg4Layer, splitMpeg4, VOP_TYPE } from '../../../src/codecs/mpeg4-headers.ts';
import { startCodes } from '../../../src/codecs/start-codes.ts';
import { parseVc1Picture, VC1, type Vc1Sequence } from '../../../src/codecs/vc1-headers.ts';
import type { FrameRate } from '../../../src/core/time.ts';
import type { PictureFacts } from '../../elementary/picture-facts.ts';
import { mpeg2Facts, mpeg4Facts, vc1Facts } from '../../elementary/start-code-video.ts';
import { CLOCK } from '../stamps.ts';
import type { NalRules } from './nal-rules.ts';
import type { OrderedPicture } from './picture-times.ts';
import { mpeg2Rules, mpeg4Rules, vc1Rules } from './start-code-rules.ts';

type Order = Omit<OrderedPicture, 'stamp'> & {
  /** Decoding may begin at it; the pictures themselves decide. */
  readonly isKey: boolean;
};

/** What is known of a stream once its headers were met. */
export interface OrderedStream {
  readonly facts: PictureFacts;
  /** Null for what has no picture. */
  orderOf(data: Uint8Array): Order | null;
}

/** A codec whose units begin with start codes, which stay, and whose pictures tell in which order they are shown. */
export interface OrderedCodec {
  rules(): NalRules;
  /** From an access unit with headers; null from others. */
  describe(data: Uint8Array): OrderedStream | null;
}

/** Where a stream does not say how long pictures last. */
const USUAL = CLOCK / 25;

const ticksOf = (rate: FrameRate | null): number => (rate ? (CLOCK * rate.den) / rate.num : USUAL);

/** temporal_reference: ISO/IEC 13818-2, 6.3.9. */
const REFERENCES = 1024;

function mpeg2Order(header: Mpeg2Sequence): OrderedStream['orderOf'] {
  const frame = ticksOf(header.frameRate);
  return (data) => {
    const { picture } = mpeg2Beginning(data);
    if (!picture) return null;
    const { type, repeatsFirstField, isTopFirst, temporalReference } = picture;
    const repeats = repeatsFirstField && !isField(picture);
    const frames = !repeats ? 1 : !header.isProgressive ? 1.5 : isTopFirst ? 3 : 2;
    return {
      isB: type === MPEG2_TYPE.b,
      isKey: type === MPEG2_TYPE.i,
      duration: frame * frames,
      phase: temporalReference * frame,
      cycle: REFERENCES * frame,
    };
  };
}

function mpeg4Order({ resolution, frameRate }: Mpeg4Layer): OrderedStream['orderOf'] {
  const duration = ticksOf(frameRate);
  return (data) => {
    const [vop] = splitMpeg4(data, resolution);
    if (!vop?.isCoded) return null;
    return {
      isB: vop.type === VOP_TYPE.b,
      isKey: vop.type === VOP_TYPE.i,
      duration,
      phase: vop.phase === null ? null : vop.phase * CLOCK,
      cycle: CLOCK,
    };
  };
}

function vc1Order({ frameRate, isInterlaced }: Vc1Sequence): OrderedStream['orderOf'] {
  const duration = ticksOf(frameRate);
  return (data) => {
    let isKey = false;
    for (const { code, at } of startCodes(data)) {
      if (code === VC1.entryPoint) isKey = true;
      if (code !== VC1.frame) continue;
      const picture = parseVc1Picture(data.subarray(at), isInterlaced);
      return picture && { isB: picture.isB, isKey, duration, phase: null, cycle: CLOCK };
    }
    return null;
  };
}

interface Described<Header> extends PictureFacts {
  readonly header: Header;
}

const describing =
  <Header>(
    factsOf: (data: Uint8Array) => Described<Header> | null,
    orderOf: (header: Header) => OrderedStream['orderOf'],
  ): OrderedCodec['describe'] =>
  (data) => {
    const found = factsOf(data);
    if (!found) return null;
    const { header, ...facts } = found;
    return { facts, orderOf: orderOf(header) };
  };

const mpeg2: OrderedCodec = { rules: mpeg2Rules, describe: describing(mpeg2Facts, mpeg2Order) };

/** By the name of `stream-types.ts`. */
export const ORDERED_CODECS: ReadonlyMap<string, OrderedCodec> = new Map<string, OrderedCodec>([
  ['mpeg1video', mpeg2],
  ['mpeg2video', mpeg2],
  ['mpeg4', { rules: mpeg4Rules, describe: describing(mpeg4Facts, mpeg4Order) }],
  ['vc1', { rules: vc1Rules, describe: describing(vc1Facts, vc1Order) }],
]);
