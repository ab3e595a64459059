import { collectParameterSets } from '../../../src/codecs/h264.ts';
import { NAL, nalType } from '../../../src/codecs/h264-access-unit.ts';
import { collectH265ParameterSets } from '../../../src/codecs/h265.ts';
import { H265_NAL, h265LayerId, h265NalType } from '../../../src/codecs/h265-nal.ts';
import { readHdrSei } from '../../../src/codecs/hdr.ts';
import { fieldJoiner, h264Facts } from '../../elementary/h264.ts';
import { h265Facts } from '../../elementary/h265.ts';
import type { Joiner } from '../../elementary/joiner.ts';
import type { PictureFacts } from '../../elementary/picture-facts.ts';
import { h264Rules, h265Rules, type NalRules } from './nal-rules.ts';

/** What is known of a stream of pictures once its parameter sets were met. */
export interface PictureStream {
  readonly facts: PictureFacts;
  /** New for each stretch that is read. */
  rules(): NalRules;
  joiner(): Joiner | null;
}

/** What a video codec needs to be read from an elementary stream of NAL units. */
export interface PictureCodec {
  /** Before anything is known. */
  rules(): NalRules;
  /** From an access unit with parameter sets; null from others. */
  describe(nals: readonly Uint8Array[]): PictureStream | null;
  /** Whether MP4 stores the NAL unit: no delimiters, no filler, no end of sequence or stream. */
  isStored(nal: Uint8Array): boolean;
  isSlice(nal: Uint8Array): boolean;
  /** Whether decoding may begin at an access unit that has this NAL unit; the pictures themselves decide. */
  isKey(nal: Uint8Array): boolean;
}

const within = (value: number, first: number, last: number): boolean => value >= first && value <= last;

const h264: PictureCodec = {
  rules: () => h264Rules(null),
  describe(nals) {
    const sets = collectParameterSets(nals);
    const found = sets.pps.length > 0 ? h264Facts(sets) : null;
    if (!found) return null;
    const { sps, ...facts } = found;
    return {
      facts,
      rules: () => h264Rules(sps),
      joiner: () => (sps.isFramesOnly ? null : fieldJoiner(sps)),
    };
  },
  isStored: (nal) => !within(nalType(nal), 9, 12),
  isSlice: (nal) => within(nalType(nal), NAL.slice, NAL.idr),
  isKey: (nal) => nalType(nal) === NAL.idr || nalType(nal) === NAL.sps,
};

const h265: PictureCodec = {
  rules: h265Rules,
  describe(nals) {
    const sets = collectH265ParameterSets(nals);
    const facts =
      sets.vps.length > 0 && sets.pps.length > 0 ? h265Facts(sets, readHdrSei(nals, 'h265')) : null;
    return facts && { facts, rules: h265Rules, joiner: () => null };
  },
  isStored: (nal) => !within(h265NalType(nal), 35, 38) && h265LayerId(nal) === 0,
  isSlice: (nal) => h265NalType(nal) < H265_NAL.vps && h265LayerId(nal) === 0,
  isKey: (nal) => within(h265NalType(nal), H265_NAL.blaWithLeading, 23),
};

/** By the name of `stream-types.ts`. */
export const PICTURE_CODECS: ReadonlyMap<string, PictureCodec> = new Map([
  ['h264', h264],
  ['hevc', h265],
]);
