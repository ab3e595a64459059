import { parseAvcRecord } from '../../codecs/h264.ts';
import { parseSps } from '../../codecs/h264-sps.ts';
import { usualColour } from '../../codecs/usual-colour.ts';
import type { VideoTarget } from '../../core/encoding.ts';
import { MediaError, orNull } from '../../core/errors.ts';
import type { Colour, VideoTrack } from '../../core/media.ts';
import type { Capabilities } from './capabilities.ts';
import { type ColourNames, colourNames, HLG, PQ, RGB_MATRIX } from './colour-names.ts';

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
 * @throws MediaError `not-offered` where this FFmpeg lacks a filter that it takes
 */
export function pictureFilters(change: PictureChange, capabilities: Capabilities): string[] {
  const { source, target } = change;
  const colour = usualColour(source.colour, source.width, source.height);
  const isToned = target.range === 'SDR' && (colour.transfer === PQ || colour.transfer === HLG);
  return [
    ...trimmed(change, capabilities),
    ...tagged(source, colour),
    ...(isToned ? toneMapped(change, colour, capabilities) : scaled(change, colour)),
    `format=${change.format}`,
    setparams(colourNames(target.colour)),
    `setsar=${pixelAspect(change)}`,
  ];
}

/** Microseconds before the first picture that count for its deinterlacing: two pictures of a slow film. */
const NEIGHBOURS = 100_000;

/** Deinterlaces only what the decoder calls interlaced. The number of pictures stays. */
function trimmed({ source, from }: PictureChange, { filters }: Capabilities): string[] {
  const trim = (start: number) => `trim=start=${start}us`;
  if (!mayBeInterlaced(source)) return [trim(from)];
  const filter = ['bwdif', 'yadif'].find((name) => filters.has(name));
  if (!filter) throw new MediaError('not-offered', 'FFmpeg has no filter bwdif that deinterlaces');
  return [trim(from - NEIGHBOURS), `${filter}=mode=send_frame:parity=auto:deint=interlaced`, trim(from)];
}

/** Whether pictures can hold two fields that were taken one after the other. */
export function mayBeInterlaced({ configs: [config], decodeOnly }: VideoTrack): boolean {
  if (decodeOnly) return decodeOnly.mayBeInterlaced;
  if (config?.codec !== 'h264') return false;
  const sets = orNull(() => parseAvcRecord(config.record).sps.map((nal) => parseSps(nal)));
  return sets?.some(({ isFramesOnly }) => !isFramesOnly) ?? true;
}

/** Codecs that may hold red, green and blue: their colour is not guessed. */
const mayBeRgb = ({ decodeOnly, colour }: VideoTrack): boolean =>
  colour?.matrix === RGB_MATRIX ||
  (colour === null && (decodeOnly?.codec === 'intra' || decodeOnly?.codec === 'other'));

const setparams = ({ primaries, transfer, matrix, range }: ColourNames): string =>
  `setparams=color_primaries=${primaries}:color_trc=${transfer}:colorspace=${matrix}:range=${range}`;

const tagged = (source: VideoTrack, colour: Colour): string[] =>
  mayBeRgb(source) ? [] : [setparams(colourNames(colour))];

/** Nothing where size, matrix and range stay. */
function scaled({ source, target }: PictureChange, colour: Colour): string[] {
  const [from, to] = [colourNames(colour), colourNames(target.colour)];
  const isSame =
    source.width === target.width &&
    source.height === target.height &&
    from.matrix === to.matrix &&
    from.range === to.range;
  if (isSame && !mayBeRgb(source)) return [];
  const size = `scale=w=${target.width}:h=${target.height}:flags=bicubic+accurate_rnd+full_chroma_int`;
  const input = mayBeRgb(source) ? [] : [`in_color_matrix=${SCALE_MATRIX[from.matrix] ?? from.matrix}`];
  const range = mayBeRgb(source) ? [] : [`in_range=${from.range}`];
  const output = [`out_color_matrix=${SCALE_MATRIX[to.matrix] ?? to.matrix}`, `out_range=${to.range}`];
  return [[size, ...input, ...range, ...output].join(':')];
}

/** What the filter `scale` calls otherwise. */
const SCALE_MATRIX: Readonly<Record<string, string>> = {
  bt2020nc: 'bt2020',
  bt2020c: 'bt2020',
  bt470bg: 'bt470',
};

/** cd/m² of diffuse white, about: ITU-R BT.2408, 203. */
const NOMINAL_PEAK = 203;

/** Scaled while that is cheap, then in linear light from what the source may show to what a screen can. */
function toneMapped({ target }: PictureChange, colour: Colour, { filters }: Capabilities): string[] {
  const missing = ['zscale', 'tonemap'].find((name) => !filters.has(name));
  if (missing) throw new MediaError('not-offered', `FFmpeg has no filter ${missing} that makes SDR of HDR`);
  const from = colourNames(colour);
  const to = colourNames(target.colour);
  const input = `pin=${from.primaries}:tin=${from.transfer}:min=${from.matrix}:rin=${from.range}`;
  return [
    `zscale=w=${target.width}:h=${target.height}:${input}:p=${to.primaries}:t=linear:npl=${NOMINAL_PEAK}`,
    'format=gbrpf32le',
    'tonemap=tonemap=hable:desat=0',
    `zscale=p=${to.primaries}:t=${to.transfer}:m=${to.matrix}:r=${to.range}`,
  ];
}

/** Of the target's samples, so that the picture has the shape of the source's. */
function pixelAspect({ source, target }: PictureChange): string {
  const { h, v } = source.pixelAspect;
  const [num, den] = [h * source.width * target.height, v * source.height * target.width];
  const divisor = greatestDivisor(num, den);
  return `${num / divisor}/${den / divisor}:max=${LARGEST_ASPECT}`;
}

/** As the bitstreams' fields of 16 bits can tell it. */
const LARGEST_ASPECT = 65_535;

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}
