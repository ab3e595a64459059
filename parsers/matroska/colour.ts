import { clliPayload, mdcvPayload } from '../../src/codecs/hdr.ts';
import type { Colour, VideoTrack } from '../../src/core/media.ts';
import type { Master } from './ebml.ts';
import type { ElementName } from './elements.ts';

/** A point of the CIE 1931 diagram. */
export interface Chromaticity {
  readonly x: number;
  readonly y: number;
}

/** The display that a film was made on (SMPTE ST 2086); luminance in cd/m². */
export interface Mastering {
  readonly red: Chromaticity;
  readonly green: Chromaticity;
  readonly blue: Chromaticity;
  readonly white: Chromaticity;
  readonly luminanceMax: number;
  readonly luminanceMin: number;
}

/** CTA-861.3, in cd/m². */
export interface ContentLight {
  readonly maxCll: number;
  readonly maxFall: number;
}

/** MasteringMetadata of a Video element (RFC 9559, 5.1.4.1.28.34); null unless all ten values are there. */
export function readMastering(video: Master | null): Mastering | null {
  const metadata = video?.master('Colour')?.master('MasteringMetadata');
  if (!metadata) return null;
  const value = (name: ElementName): number => metadata.float(name) ?? Number.NaN;
  const point = (name: Point): Chromaticity => ({
    x: value(`${name}ChromaticityX`),
    y: value(`${name}ChromaticityY`),
  });
  const mastering: Mastering = {
    red: point('PrimaryR'),
    green: point('PrimaryG'),
    blue: point('PrimaryB'),
    white: point('WhitePoint'),
    luminanceMax: value('LuminanceMax'),
    luminanceMin: value('LuminanceMin'),
  };
  return isComplete(mastering) ? mastering : null;
}

type Point = 'PrimaryR' | 'PrimaryG' | 'PrimaryB' | 'WhitePoint';

/** Chromaticities are in [0, 1]; luminance is what 32 bits of 0.0001 cd/m² can say. */
function isComplete({ red, green, blue, white, luminanceMax, luminanceMin }: Mastering): boolean {
  const points = [red, green, blue, white].flatMap(({ x, y }) => [x, y]);
  return (
    points.every((value) => value >= 0 && value <= 1) &&
    luminanceMin >= 0 &&
    luminanceMax > luminanceMin &&
    luminanceMax < 2 ** 32 / 10_000
  );
}

/** MaxCLL and MaxFALL of a Video element; null when both are absent or 0, which says nothing. */
export function readContentLight(video: Master | null): ContentLight | null {
  const colour = video?.master('Colour');
  const maxCll = colour?.uint('MaxCLL') ?? 0;
  const maxFall = colour?.uint('MaxFALL') ?? 0;
  if ((maxCll === 0 && maxFall === 0) || maxCll > 0xffff || maxFall > 0xffff) return null;
  return { maxCll, maxFall };
}

const fourcc = (text: string): number =>
  [...text].reduce((value, char) => value * 256 + char.charCodeAt(0), 0);

const DOLBY_VISION = ['dvcC', 'dvvC', 'dvwC'].map(fourcc);
const ENHANCEMENT_LAYER = fourcc('hvcE');

/**
 * DOVIDecoderConfigurationRecord of a TrackEntry, from its BlockAdditionMapping (Dolby Vision streams within the
 * Matroska container, 3); null when there is none.
 */
export const readDolbyVisionConfig = (entry: Master): Uint8Array | null =>
  readAddition(entry, (type) => DOLBY_VISION.includes(type));

/** HEVCDecoderConfigurationRecord of a Dolby Vision enhancement layer in the same track; null when there is none. */
export const readEnhancementLayerConfig = (entry: Master): Uint8Array | null =>
  readAddition(entry, (type) => type === ENHANCEMENT_LAYER);

function readAddition(entry: Master, isWanted: (type: number) => boolean): Uint8Array | null {
  const found = entry.soundMasters('BlockAdditionMapping', (mapping) =>
    isWanted(mapping.uint('BlockAddIDType') ?? 0) ? mapping.binary('BlockAddIDExtraData') : null,
  );
  return found.find((data) => data !== null) ?? null;
}

/** Code points of the Colour element; null when it leaves all of them open. */
export function readColour(video: Master | null): Colour | null {
  const colour = video?.master('Colour');
  if (!colour) return null;
  const unspecified = 2;
  const primaries = colour.uint('Primaries') ?? unspecified;
  const transfer = colour.uint('TransferCharacteristics') ?? unspecified;
  const matrix = colour.uint('MatrixCoefficients') ?? unspecified;
  if (primaries === unspecified && transfer === unspecified && matrix === unspecified) return null;
  return { primaries, transfer, matrix, fullRange: colour.uint('Range') === 2 };
}

/** Contents of `mdcv` and `clli` as a Video element tells them; null where it does not. */
export function readContainerRange(
  video: Master | null,
): Pick<VideoTrack, 'masteringDisplay' | 'contentLight'> {
  const mastering = readMastering(video);
  const light = readContentLight(video);
  return {
    masteringDisplay: mastering && masteringDisplayBox(mastering),
    contentLight: light && contentLightBox(light),
  };
}

/** Content of `mdcv` (ISO/IEC 14496-12, 12.1.7): chromaticities in 0.00002, luminance in 0.0001 cd/m². */
function masteringDisplayBox(mastering: Mastering): Uint8Array {
  const units = ({ x, y }: Chromaticity) => ({ x: Math.round(x * 50_000), y: Math.round(y * 50_000) });
  return mdcvPayload({
    red: units(mastering.red),
    green: units(mastering.green),
    blue: units(mastering.blue),
    white: units(mastering.white),
    maxLuminance: Math.round(mastering.luminanceMax * 10_000),
    minLuminance: Math.round(mastering.luminanceMin * 10_000),
  });
}

/** Content of `clli` (ISO/IEC 14496-12, 12.1.5). */
const contentLightBox = ({ maxCll, maxFall }: ContentLight): Uint8Array =>
  clliPayload({ maxContent: maxCll, maxAverage: maxFall });
