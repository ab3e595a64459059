import { h264Level } from '../../codecs/h264-level.ts';
import { h265Level } from '../../codecs/h265-level.ts';
import type { EncodedCodec, VideoTarget } from '../../core/encoding.ts';
import { type HdrMetadata, svtHdr, x265Hdr } from './hdr-parameters.ts';

export type Family = 'nvenc' | 'qsv' | 'vaapi' | 'videotoolbox' | 'amf' | 'v4l2m2m' | 'rkmpp' | 'software';

/** One of FFmpeg's encoders. */
export interface EncoderRow {
  /** As FFmpeg calls it. */
  readonly name: string;
  readonly codec: EncodedCodec;
  readonly family: Family;
  /** Pixel formats of 8 and of 10 bits that it is given; null where it takes none of them. */
  readonly formats: Readonly<Record<8 | 10, string | null>>;
  /** `-c:v` and its options. */
  readonly options: (target: VideoTarget, hdr: HdrMetadata) => readonly string[];
}

/** What a family needs besides: before the input, and behind the other filters. */
export const FAMILIES: {
  readonly [F in Family]: {
    readonly title: string;
    readonly device: (renderNode: string) => readonly string[];
    readonly upload: readonly string[];
  };
} = {
  nvenc: { title: 'NVENC', device: () => [], upload: [] },
  qsv: { title: 'Quick Sync', device: () => ['-init_hw_device', 'qsv=hw'], upload: [] },
  vaapi: {
    title: 'VA-API',
    device: (node) => ['-init_hw_device', `vaapi=va:${node}`, '-filter_hw_device', 'va'],
    upload: ['hwupload'],
  },
  videotoolbox: { title: 'VideoToolbox', device: () => [], upload: [] },
  amf: { title: 'AMF', device: () => [], upload: [] },
  v4l2m2m: { title: 'V4L2 M2M', device: () => [], upload: [] },
  rkmpp: { title: 'Rockchip MPP', device: () => [], upload: [] },
  software: { title: 'software', device: () => [], upload: [] },
};

/** Seconds after which a key picture is put in though none was asked for. */
const LONGEST_GOP = 10;
const gop = ({ frameRate }: VideoTarget): readonly string[] => [
  '-g',
  String(Math.max(1, Math.round(frameRate * LONGEST_GOP))),
];

/** A decoder's buffer holds a second. */
const buffered = ({ maxBitrate }: VideoTarget): readonly string[] => [
  ...['-maxrate', String(maxBitrate), '-bufsize', String(maxBitrate)],
];

/** What encoders that know no quality aim at: a share of what they may use at most. */
const AVERAGE = 0.75;
const average = (target: VideoTarget): readonly string[] => [
  ...['-b:v', String(Math.round(target.maxBitrate * AVERAGE)), ...buffered(target)],
];

/** How encoders want the level 4.0 to be written. */
const LEVELS = {
  short: (tenfold: number) => String(tenfold / 10),
  long: (tenfold: number) => (tenfold / 10).toFixed(1),
  tenfold: (tenfold: number) => String(tenfold),
} as const;

/** Empty beyond the highest one, and for AV1, where encoders choose for themselves. */
function levelOption(target: VideoTarget, style: keyof typeof LEVELS = 'short'): readonly string[] {
  const level = tenfoldLevel(target);
  return level === null ? [] : ['-level:v', LEVELS[style](level)];
}

function tenfoldLevel(target: VideoTarget): number | null {
  if (target.codec === 'h264') return h264Level(target);
  const level = target.codec === 'h265' ? h265Level(target) : null;
  return level && level.idc / 3;
}

/** Of AV1 there is only one for pictures in 4:2:0, and not every encoder has a name for it. */
const PROFILES: { readonly [C in EncodedCodec]: Readonly<Record<8 | 10, string>> | null } = {
  h264: { 8: 'high', 10: 'high10' },
  h265: { 8: 'main', 10: 'main10' },
  av1: null,
};
const profileOption = ({ codec, depth }: VideoTarget): readonly string[] => {
  const profiles = PROFILES[codec];
  return profiles ? ['-profile:v', profiles[depth]] : [];
};

/** Samples a second: 1080p at 25 to 30 and below, up to 1080p at 60 and 1440p, 4K. */
type Load = 'light' | 'medium' | 'heavy';
const LIGHT = 1920 * 1088 * 31;
const MEDIUM = 1920 * 1088 * 61;

function loadOf({ width, height, frameRate }: VideoTarget): Load {
  const samples = width * height * frameRate;
  return samples <= LIGHT ? 'light' : samples <= MEDIUM ? 'medium' : 'heavy';
}

/** The fastest one makes a stream of the Baseline profile. */
const X264_PRESET: Readonly<Record<Load, string>> = {
  light: 'veryfast',
  medium: 'superfast',
  heavy: 'superfast',
};
const X265_PRESET: Readonly<Record<Load, string>> = {
  light: 'superfast',
  medium: 'ultrafast',
  heavy: 'ultrafast',
};
const SVT_PRESET: Readonly<Record<Load, string>> = { light: '10', medium: '11', heavy: '12' };

const x264: EncoderRow['options'] = (target) => [
  ...['-preset', X264_PRESET[loadOf(target)], ...profileOption(target), ...levelOption(target)],
  ...['-crf', '21', ...buffered(target), ...gop(target)],
  ...['-bf', '3', '-sc_threshold', '0', '-forced-idr', '1'],
];

const x265: EncoderRow['options'] = (target, hdr) => [
  ...['-preset', X265_PRESET[loadOf(target)], ...profileOption(target)],
  ...['-crf', '24', ...buffered(target), ...gop(target), '-forced-idr', '1'],
  ...['-x265-params', [...x265Parameters(target), ...x265Hdr(target, hdr)].join(':')],
];

function x265Parameters(target: VideoTarget): readonly string[] {
  const level = h265Level(target);
  return [
    ...['log-level=error', 'scenecut=0', 'open-gop=0', 'bframes=3', 'rc-lookahead=15'],
    ...(level ? [`level-idc=${level.idc / 30}`, `high-tier=${level.tier === 'high' ? 1 : 0}`] : []),
  ];
}

const svtAv1: EncoderRow['options'] = (target, hdr) => [
  ...[
    '-preset',
    SVT_PRESET[loadOf(target)],
    '-crf',
    '33',
    '-maxrate',
    String(target.maxBitrate),
    ...gop(target),
  ],
  ...[
    '-svtav1-params',
    ['enable-force-key-frames=1', 'scd=0', 'irefresh-type=2', 'lookahead=16', ...svtHdr(target, hdr)].join(
      ':',
    ),
  ],
];

const aomAv1: EncoderRow['options'] = (target) => [
  ...['-usage', 'realtime', '-cpu-used', '8', '-row-mt', '1', '-tile-columns', '1'],
  ...['-crf', '33', '-b:v', String(target.maxBitrate), ...buffered(target), ...gop(target)],
];

const nvenc: EncoderRow['options'] = (target) => [
  ...['-preset', 'p4', '-tune', 'hq', ...profileOption(target), ...levelOption(target)],
  ...['-rc', 'vbr', '-cq', '24', '-b:v', '0', ...buffered(target), ...gop(target)],
  ...['-rc-lookahead', '16', '-spatial-aq', '1', '-no-scenecut', '1', '-forced-idr', '1', '-strict_gop', '1'],
  // Older chips have no B-pictures in HEVC.
  ...['-bf', target.codec === 'h264' ? '2' : '0'],
];

const quickSync: EncoderRow['options'] = (target) => [
  ...['-preset', 'veryfast', ...profileOption(target), ...levelOption(target, 'tenfold')],
  ...[...average(target), ...gop(target), '-bf', '2', '-forced_idr', '1'],
];

const vaApi: EncoderRow['options'] = (target) => [
  ...[...profileOption(target), ...levelOption(target), '-rc_mode', 'VBR'],
  ...[...average(target), ...gop(target), '-bf', target.codec === 'h264' ? '2' : '0'],
];

const videoToolbox: EncoderRow['options'] = (target) => [
  ...[...profileOption(target), ...(target.codec === 'h264' ? levelOption(target, 'long') : [])],
  ...['-allow_sw', '0', '-realtime', '0', ...average(target), ...gop(target), '-bf', '2'],
];

const amf: EncoderRow['options'] = (target) => [
  ...['-usage', 'transcoding', '-quality', 'balanced', ...levelOption(target, 'long')],
  ...(target.codec === 'h264' ? profileOption(target) : []),
  ...['-rc', 'vbr_peak', ...average(target), ...gop(target), '-forced_idr', '1', '-bf', '0'],
];

/** As FFmpeg counts them: the wrapper has no names. */
const V4L2_PROFILES: { readonly [C in EncodedCodec]: string } = { h264: '100', h265: '1', av1: '0' };

const v4l2: EncoderRow['options'] = (target) => [
  ...['-profile:v', V4L2_PROFILES[target.codec], '-b:v', String(target.maxBitrate), ...gop(target)],
];

const rockchip: EncoderRow['options'] = (target) => [
  ...[...profileOption(target), ...levelOption(target)],
  ...(target.codec === 'h265' ? ['-tier', 'main'] : []),
  ...['-rc_mode', 'VBR', ...average(target), ...gop(target)],
];

const PLANAR = { 8: 'yuv420p', 10: 'yuv420p10le' } as const;
const SEMI_PLANAR = { 8: 'nv12', 10: 'p010le' } as const;
/** H.264 in hardware has eight bits. */
const formatsOf = (codec: EncodedCodec, formats: EncoderRow['formats']): EncoderRow['formats'] =>
  codec === 'h264' ? { ...formats, 10: null } : formats;

const hardware = (
  family: Family,
  formats: EncoderRow['formats'],
  options: EncoderRow['options'],
  names: Readonly<Partial<Record<EncodedCodec, string>>>,
): EncoderRow[] =>
  Object.entries(names).map(([key, name]) => {
    const codec = key as EncodedCodec;
    return { name, codec, family, formats: formatsOf(codec, formats), options };
  });

const named = (ending: string): Readonly<Record<EncodedCodec, string>> => ({
  h264: `h264_${ending}`,
  h265: `hevc_${ending}`,
  av1: `av1_${ending}`,
});
const withoutAv1 = (ending: string) => ({ h264: `h264_${ending}`, h265: `hevc_${ending}` });
const EIGHT_BITS = { 8: 'yuv420p', 10: null } as const;

/** In the order in which they are tried: hardware first. */
export const ENCODERS: readonly EncoderRow[] = [
  ...hardware('nvenc', SEMI_PLANAR, nvenc, named('nvenc')),
  ...hardware('qsv', SEMI_PLANAR, quickSync, named('qsv')),
  ...hardware('vaapi', SEMI_PLANAR, vaApi, named('vaapi')),
  ...hardware('videotoolbox', SEMI_PLANAR, videoToolbox, withoutAv1('videotoolbox')),
  ...hardware('amf', SEMI_PLANAR, amf, named('amf')),
  ...hardware('v4l2m2m', EIGHT_BITS, v4l2, withoutAv1('v4l2m2m')),
  ...hardware('rkmpp', { 8: 'nv12', 10: null }, rockchip, withoutAv1('rkmpp')),
  { name: 'libx264', codec: 'h264', family: 'software', formats: PLANAR, options: x264 },
  { name: 'libx265', codec: 'h265', family: 'software', formats: PLANAR, options: x265 },
  { name: 'libsvtav1', codec: 'av1', family: 'software', formats: PLANAR, options: svtAv1 },
  { name: 'libaom-av1', codec: 'av1', family: 'software', formats: PLANAR, options: aomAv1 },
];
