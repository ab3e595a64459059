import type { MasteringDisplay } from '../../codecs/hdr.ts';
import { parseClliPayload, parseMdcvPayload } from '../../codecs/hdr.ts';
import type { VideoTarget } from '../../core/encoding.ts';
import { orNull } from '../../core/errors.ts';
import type { VideoTrack } from '../../core/media.ts';

/** Payloads of `mdcv` and `clli`; null when unknown. */
export type HdrMetadata = Pick<VideoTrack, 'masteringDisplay' | 'contentLight'>;

const displayOf = ({ masteringDisplay }: HdrMetadata): MasteringDisplay | null =>
  masteringDisplay && orNull(() => parseMdcvPayload(masteringDisplay));

/** `1000,400`; null when unknown. */
function lightOf({ contentLight }: HdrMetadata): string | null {
  const light = contentLight && orNull(() => parseClliPayload(contentLight));
  return light && `${light.maxContent},${light.maxAverage}`;
}

/** Units of 0.00002 and of 0.0001 cd/m², as in the SEI message. */
export function x265Hdr({ range }: VideoTarget, hdr: HdrMetadata): readonly string[] {
  if (range === 'SDR') return [];
  const [display, light] = [displayOf(hdr), lightOf(hdr)];
  const point = (name: string, { x, y }: MasteringDisplay['red']) => `${name}(${x},${y})`;
  return [
    ...(range === 'PQ' ? ['hdr10-opt=1'] : []),
    ...(light ? [`max-cll=${light}`] : []),
    ...(display
      ? [
          `master-display=${point('G', display.green)}${point('B', display.blue)}${point('R', display.red)}${point('WP', display.white)}L(${display.maxLuminance},${display.minLuminance})`,
        ]
      : []),
  ];
}

const PER_COORDINATE = 50_000;
const PER_CANDELA = 10_000;

/** The same in ones and cd/m². */
export function svtHdr({ range }: VideoTarget, hdr: HdrMetadata): readonly string[] {
  if (range === 'SDR') return [];
  const [display, light] = [displayOf(hdr), lightOf(hdr)];
  const point = (name: string, { x, y }: MasteringDisplay['red']) =>
    `${name}(${(x / PER_COORDINATE).toFixed(4)},${(y / PER_COORDINATE).toFixed(4)})`;
  const luminance = (value: number) => (value / PER_CANDELA).toFixed(4);
  return [
    'enable-hdr=1',
    ...(light ? [`content-light=${light}`] : []),
    ...(display
      ? [
          `mastering-display=${point('G', display.green)}${point('B', display.blue)}${point('R', display.red)}${point('WP', display.white)}L(${luminance(display.maxLuminance)},${luminance(display.minLuminance)})`,
        ]
      : []),
  ];
}
