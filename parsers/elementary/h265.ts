import { buildHvcRecord, type H265ParameterSets } from '../../src/codecs/h265.ts';
import { parseH265Sps } from '../../src/codecs/h265-sps.ts';
import { clliPayload, type HdrSei, mdcvPayload } from '../../src/codecs/hdr.ts';
import { orNull } from '../../src/core/errors.ts';
import type { Colour } from '../../src/core/media.ts';
import type { PictureFacts } from './picture-facts.ts';

/**
 * Null when there is no SPS that can be read: one from the stream may be.
 * @param sei what SEI messages say of HDR
 */
export function h265Facts(sets: H265ParameterSets, sei: HdrSei): PictureFacts | null {
  const [nal] = sets.sps;
  const sps = nal ? orNull(() => parseH265Sps(nal)) : null;
  if (!sps) return null;
  return {
    config: { codec: 'h265', record: buildHvcRecord(sets) },
    width: sps.width,
    height: sps.height,
    pixelAspect: sps.pixelAspect,
    colour: withTransfer(sps.colour, sei.transfer),
    frameRate: sps.frameRate,
    reorderDepth: sps.reorderDepth,
    masteringDisplay: sei.masteringDisplay && mdcvPayload(sei.masteringDisplay),
    contentLight: sei.contentLight && clliPayload(sei.contentLight),
  };
}

const withTransfer = (colour: Colour | null, transfer: number | null): Colour | null =>
  colour && transfer !== null ? { ...colour, transfer } : colour;
