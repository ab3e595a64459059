import { needsDolbyVision, parseDolbyVisionRecord } from '../../codecs/dolby-vision.ts';
import { usualColour } from '../../codecs/usual-colour.ts';
import { orNull } from '../../core/errors.ts';
import type { Colour, VideoTrack } from '../../core/media.ts';
import { HLG, PQ, RGB_MATRIX } from './colour-names.ts';

const BT2020 = { primaries: 9, matrix: 9 } as const;
const UNSPECIFIED = 2;

/** What the base layer of Dolby Vision is by its compatibility id: HDR10, HLG, and HDR10 of a disc. */
const BASE_TRANSFER: Readonly<Record<number, number>> = { 1: PQ, 4: HLG, 6: PQ };

/** JPEG is BT.601 of any size, and all of its range: ITU-T T.871. */
const JPEG: Colour = { primaries: 1, transfer: 13, matrix: 5, fullRange: true };
const isJpeg = ({ decodeOnly }: VideoTrack): boolean => /jpe?g|mjpg/i.test(decodeOnly?.codecId ?? '');

/** As decoded pictures are, nothing unspecified: by the track's word, by that of Dolby Vision, else as is usual. */
export function sourceColour(track: VideoTrack): Colour {
  const { colour, dolbyVision, width, height } = track;
  if (colour === null && isJpeg(track)) return JPEG;
  const record = dolbyVision && orNull(() => parseDolbyVisionRecord(dolbyVision));
  const transfer = record ? BASE_TRANSFER[record.compatibilityId] : undefined;
  const isTold = colour !== null && colour.transfer !== UNSPECIFIED;
  if (transfer !== undefined && !isTold)
    return { ...BT2020, transfer, fullRange: colour?.fullRange ?? false };
  return usualColour(colour, width, height);
}

/** Only a Dolby Vision decoder knows the colours. */
export const isDolbyAlone = ({ dolbyVision }: VideoTrack): boolean =>
  dolbyVision ? (orNull(() => needsDolbyVision(dolbyVision)) ?? false) : false;

/** More light than SDR has. */
export const isBright = ({ transfer }: Colour): boolean => transfer === PQ || transfer === HLG;

/**
 * Pictures that are red, green and blue, or may be: what their samples are only the decoder tells, so that nothing can
 * be said of them beforehand.
 */
export const mayBeRgb = ({ decodeOnly, colour }: VideoTrack): boolean =>
  colour?.matrix === RGB_MATRIX ||
  (colour === null && (decodeOnly?.codec === 'intra' || decodeOnly?.codec === 'other'));
