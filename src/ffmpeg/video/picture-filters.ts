import { parseAvcRecord } from '../../codecs/h264.ts';
import { parseSps } from '../../codecs/h264-sps.ts';
import type { VideoTarget } from '../../core/encoding.ts';
import { MediaError, orNull } from '../../core/errors.ts';
import type { Colour, VideoTrack } from '../../core/media.ts';
import type { Capabilities } from './capabilities.ts';
import { type ColourNames, colourNames, RGB_MATRIX } from './colour-names.ts';
import { placeboFilters } from './placebo.ts';
import { isBright, isDolbyAlone, mayBeRgb, sourceColour } from './source-colour.ts';
import { toneMapped } from './tone-map.ts';

/** What pictures are, what they become, and by which format in memory. */
export interface PictureChange {
  readonly source: VideoTrack;
  readonly target: VideoTarget;
  /** Microseconds: pictures stamped before it are let go. */
  readonly from: number;
  /** Pixel format that the encoder is given. */
  readonly format: string;
}

/**
 * The chain from decoded pictures to those that the encoder is given, a filter an item: each keeps its stamp.
 * @throws MediaError `not-offered` where this FFmpeg lacks a filter that it takes, or where nothing has it
 */
export function pictureFilters(change: PictureChange, capabilities: Capabilities): string[] {
  const { source, target } = change;
  const isRaw = mayBeRgb(source) || isDolbyAlone(source);
  return [
    ...trimmed(change, capabilities),
    ...(isRaw ? [] : [setparams(colourNames(sourceColour(source)))]),
    ...inTargetColour(change, capabilities),
    `format=${change.format}`,
    setparams(colourNames(target.colour)),
    `setsar=${pixelAspect(change)}:max=${LARGEST_ASPECT}`,
  ];
}

/** Scaled, and in the colours of the target. */
function inTargetColour(change: PictureChange, capabilities: Capabilities): string[] {
  const { source, target } = change;
  const colour = sourceColour(source);
  if (isDolbyAlone(source)) {
    if (capabilities.hasPlacebo && target.range === 'SDR') return placeboFilters(target);
    throw new MediaError(
      'not-offered',
      'Its colours are Dolby Vision alone, which only libplacebo can make SDR of',
    );
  }
  if (target.range === 'SDR' && isBright(colour)) return toneMapped({ source, target, colour }, capabilities);
  return [scaled(change, colour)];
}

/** Microseconds before the first picture that count for its deinterlacing: two pictures of a slow film. */
const NEIGHBOURS = 100_000;

/** Deinterlaces only what the decoder calls interlaced. The number of pictures stays. */
function trimmed({ source, from }: PictureChange, { filters }: Capabilities): string[] {
  const trim = (start: number) => `trim=start=${start}us`;
  if (!mayBeInterlaced(source)) return [trim(from)];
  const filter = ['bwdif', 'yadif'].find((name) => filters.has(name));
  if (!filter)
    throw new MediaError(
      'not-offered',
      'FFmpeg was built without the filter bwdif, which deinterlacing takes',
    );
  return [trim(from - NEIGHBOURS), `${filter}=mode=send_frame:parity=auto:deint=interlaced`, trim(from)];
}

/** Whether pictures can hold two fields that were taken one after the other. */
export function mayBeInterlaced({ configs: [config], decodeOnly }: VideoTrack): boolean {
  if (decodeOnly) return decodeOnly.mayBeInterlaced;
  if (config?.codec !== 'h264') return false;
  const sets = orNull(() => parseAvcRecord(config.record).sps.map((nal) => parseSps(nal)));
  return sets?.some(({ isFramesOnly }) => !isFramesOnly) ?? true;
}

const setparams = ({ primaries, transfer, matrix, range }: ColourNames): string =>
  `setparams=color_primaries=${primaries}:color_trc=${transfer}:colorspace=${matrix}:range=${range}`;

/** What the filter `scale` calls otherwise. */
const SCALE_MATRIX: Readonly<Record<string, string>> = {
  bt2020nc: 'bt2020',
  bt2020c: 'bt2020',
  bt470bg: 'bt470',
};

/** Nothing happens in it where size, matrix and range stay. */
function scaled({ source, target }: PictureChange, colour: Colour): string {
  const [from, to] = [colourNames(colour), colourNames(target.colour)];
  const matrix = ({ matrix: name }: ColourNames) => SCALE_MATRIX[name] ?? name;
  const isRgb = mayBeRgb(source);
  const options = [
    `scale=w=${target.width}:h=${target.height}:flags=bicubic+accurate_rnd+full_chroma_int`,
    ...(colour.matrix === RGB_MATRIX || (!isRgb && from.matrix === to.matrix)
      ? []
      : [`in_color_matrix=${matrix(from)}`]),
    ...(!isRgb && from.matrix === to.matrix ? [] : [`out_color_matrix=${matrix(to)}`]),
    // What may be red, green and blue is in the range that goes with its format in memory.
    ...(isRgb ? [`out_range=${to.range}`] : []),
    ...(!isRgb && from.range !== to.range ? [`in_range=${from.range}:out_range=${to.range}`] : []),
  ];
  return options.join(':');
}

/** A change of shape below that is that of sides that were made even. */
const INVISIBLE = 0.01;

/** Of the target's samples, so that the picture has the shape of the source's. */
function pixelAspect({ source, target }: PictureChange): string {
  const { h, v } = source.pixelAspect;
  const [across, down] = [source.width * target.height, source.height * target.width];
  if (Math.abs(across / down - 1) < INVISIBLE) return `${h}/${v}`;
  const divisor = greatestDivisor(h * across, v * down);
  return `${(h * across) / divisor}/${(v * down) / divisor}`;
}

/** As the bitstreams' fields of 16 bits can tell it. */
const LARGEST_ASPECT = 65_535;

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}
