import { parseClliPayload, parseMdcvPayload } from '../../codecs/hdr.ts';
import type { VideoTarget } from '../../core/encoding.ts';
import { MediaError, orNull } from '../../core/errors.ts';
import type { Colour, VideoTrack } from '../../core/media.ts';
import type { Capabilities } from './capabilities.ts';
import { colourNames } from './colour-names.ts';

/** SMPTE ST 2084: the signal, 0 to 1, for a luminance in cd/m². */
function pq(luminance: number): number {
  const [m1, m2] = [2610 / 16384, (2523 / 4096) * 128];
  const [c1, c2, c3] = [3424 / 4096, (2413 / 4096) * 32, (2392 / 4096) * 32];
  const y = (luminance / 10_000) ** m1;
  return ((c1 + c2 * y) / (1 + c3 * y)) ** m2;
}

/** cd/m² of the screen that SDR is made for. */
const SCREEN = 100;
/** Where a film does not tell: that of most displays films are mastered on. */
const USUAL_PEAK = 1000;
/** Beyond the upper one all would become dark for the sake of a few lights. */
const PEAKS = { min: 200, max: 2000 } as const;
const PER_CANDELA = 10_000;

/** cd/m² of the brightest that a film shows, as far as it tells. */
export function peakOf({
  contentLight,
  masteringDisplay,
}: Pick<VideoTrack, 'contentLight' | 'masteringDisplay'>): number {
  const light = contentLight && orNull(() => parseClliPayload(contentLight).maxContent);
  const display =
    masteringDisplay && orNull(() => parseMdcvPayload(masteringDisplay).maxLuminance / PER_CANDELA);
  return Math.min(PEAKS.max, Math.max(PEAKS.min, light || display || USUAL_PEAK));
}

/**
 * What becomes of a signal of ST 2084 so that no more than the screen's luminance is left of it, as an expression of
 * FFmpeg's LUT filters: dark and middle tones stay, lights are rolled off. ITU-R BT.2390, 5.4.1, without black level.
 */
export function rolledOff(peak: number): string {
  const brightest = pq(peak);
  const limit = pq(SCREEN) / brightest;
  const knee = 1.5 * limit - 0.5;
  const [p, l, k, rest] = [brightest, limit, knee, 1 - knee].map((value) => value.toFixed(6));
  const spline = [
    `((2*ld(1)-3)*ld(1)*ld(1)+1)*${k}`,
    `((ld(1)-2)*ld(1)+1)*ld(1)*${rest}`,
    `(3-2*ld(1))*ld(1)*ld(1)*${l}`,
  ].join('+');
  return `st(0,min(1,val/maxval/${p}));st(1,(ld(0)-${k})/${rest});maxval*${p}*if(lt(ld(0),${k}),ld(0),${spline})`;
}

export interface Toning {
  readonly source: VideoTrack;
  readonly target: VideoTarget;
  /** Of the source, nothing unspecified. */
  readonly colour: Colour;
}

/**
 * Filters that make SDR of HDR: scaled while that is cheap, rolled off as red, green and blue, then brought into the
 * target's primaries and curve.
 * @throws MediaError `not-offered` where this FFmpeg lacks a filter
 */
export function toneMapped({ source, target, colour }: Toning, { filters }: Capabilities): string[] {
  const missing = ['zscale', 'lutrgb'].find((name) => !filters.has(name));
  if (missing)
    throw new MediaError(
      'not-offered',
      `FFmpeg was built without the filter ${missing}, which SDR of HDR takes`,
    );
  const [from, to] = [colourNames(colour), colourNames(target.colour)];
  const input = `pin=${from.primaries}:tin=${from.transfer}:min=${from.matrix}:rin=${from.range}`;
  const curve = rolledOff(peakOf(source));
  return [
    `zscale=w=${target.width}:h=${target.height}:${input}:t=smpte2084:m=gbr:r=pc:npl=${SCREEN}`,
    'format=gbrp12',
    `lutrgb=r='${curve}':g='${curve}':b='${curve}'`,
    `zscale=p=${to.primaries}:t=${to.transfer}:m=${to.matrix}:r=${to.range}:npl=${SCREEN}:d=ordered`,
  ];
}
