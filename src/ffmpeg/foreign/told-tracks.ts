import { bcp47 } from '../../core/language.ts';
import type { AudioTrack, Colour, PixelAspect, VideoTrack } from '../../core/media.ts';
import { type FrameRate, nanoseconds } from '../../core/time.ts';

/** A stream as `ffprobe -of json -show_streams` tells it; what is used of it. */
export interface ToldStream {
  readonly index: number;
  readonly codec_type?: string;
  readonly codec_name?: string;
  readonly width?: number;
  readonly height?: number;
  readonly sample_aspect_ratio?: string;
  readonly avg_frame_rate?: string;
  readonly r_frame_rate?: string;
  readonly field_order?: string;
  readonly has_b_frames?: number;
  readonly color_range?: string;
  readonly color_space?: string;
  readonly color_transfer?: string;
  readonly color_primaries?: string;
  readonly sample_rate?: string;
  readonly channels?: number;
  readonly start_time?: string;
  readonly duration?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly disposition?: Readonly<Record<string, number>>;
  readonly side_data_list?: readonly { readonly rotation?: number }[];
}

const UNSPECIFIED = 2;

/** Code points of ITU-T H.273 by FFmpeg's names. */
const PRIMARIES: ReadonlyMap<string, number> = new Map([
  ['bt709', 1],
  ['bt470m', 4],
  ['bt470bg', 5],
  ['smpte170m', 6],
  ['smpte240m', 7],
  ['bt2020', 9],
]);
const TRANSFERS: ReadonlyMap<string, number> = new Map([
  ['bt709', 1],
  ['bt470m', 4],
  ['bt470bg', 5],
  ['smpte170m', 6],
  ['smpte240m', 7],
  ['bt2020-10', 14],
  ['bt2020-12', 15],
  ['smpte2084', 16],
  ['arib-std-b67', 18],
]);
const MATRICES: ReadonlyMap<string, number> = new Map([
  ['gbr', 0],
  ['bt709', 1],
  ['fcc', 4],
  ['bt470bg', 5],
  ['smpte170m', 6],
  ['smpte240m', 7],
  ['bt2020nc', 9],
  ['bt2020c', 10],
]);

/** Null for what is neither pictures nor sound. */
export function trackOf(stream: ToldStream): VideoTrack | AudioTrack | null {
  if (stream.codec_type === 'video') return videoTrack(stream);
  return stream.codec_type === 'audio' ? audioTrack(stream) : null;
}

const commonOf = ({ index, codec_name, disposition = {}, tags = {} }: ToldStream) => ({
  id: index + 1,
  index,
  sourceCodec: codec_name ?? 'unknown',
  isEnabled: true,
  isDefault: disposition.default === 1,
  isForced: false,
  language: bcp47(tags.language ?? 'und'),
  name: tags.title ?? null,
  unreadable: codec_name === undefined ? 'FFmpeg does not know its codec' : null,
});

function videoTrack(stream: ToldStream): VideoTrack {
  const { width = 0, height = 0, disposition = {}, field_order = 'unknown', codec_name = '' } = stream;
  return {
    ...commonOf(stream),
    kind: 'video',
    configs: [],
    decodeOnly: {
      codec: 'other',
      codecId: codec_name,
      codecPrivate: new Uint8Array(0),
      mayBeInterlaced: field_order !== 'progressive',
    },
    width,
    height,
    pixelAspect: aspectOf(stream.sample_aspect_ratio),
    colour: colourOf(stream),
    rotation: rotationOf(stream),
    frameRate: rateOf(stream.avg_frame_rate) ?? rateOf(stream.r_frame_rate),
    reorderDepth: 0,
    masteringDisplay: null,
    contentLight: null,
    dolbyVision: null,
    isAttachedPicture: disposition.attached_pic === 1,
  };
}

function audioTrack(stream: ToldStream): AudioTrack {
  const channels = Math.max(1, stream.channels ?? 1);
  return {
    ...commonOf(stream),
    kind: 'audio',
    configs: [],
    decodeOnly: {
      codec: 'pcm',
      record: new Uint8Array(0),
      format: { encoding: 'float', bits: 32, isBigEndian: false },
      channels,
    },
    sampleRate: Number(stream.sample_rate) || 48_000,
    channels,
    frameSize: null,
    frameStep: null,
    codecDelay: nanoseconds(0),
    seekPreRoll: nanoseconds(0),
  };
}

/** Seconds that pictures wait for others in the decoder: with decode times alone they are stamped so much later. */
export function decodingDelay({
  codec_type,
  has_b_frames = 0,
  avg_frame_rate,
  r_frame_rate,
}: ToldStream): number {
  const rate = rateOf(avg_frame_rate) ?? rateOf(r_frame_rate);
  return codec_type === 'video' && rate ? (has_b_frames * rate.den) / rate.num : 0;
}

function aspectOf(text = ''): PixelAspect {
  const [, h = '', v = ''] = /^(\d+):(\d+)$/.exec(text) ?? [];
  return Number(h) > 0 && Number(v) > 0 ? { h: Number(h), v: Number(v) } : { h: 1, v: 1 };
}

function rateOf(text = ''): FrameRate | null {
  const [, num = '', den = ''] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  const isRate = Number(num) > 0 && Number(den) > 0 && Number(num) / Number(den) <= MAX_RATE;
  return isRate ? { num: Number(num), den: Number(den) } : null;
}

/** What is beyond it is the ticks of a clock. */
const MAX_RATE = 300;

function rotationOf({ side_data_list = [], tags = {} }: ToldStream): number {
  const told = side_data_list.find(({ rotation }) => rotation !== undefined)?.rotation;
  const clockwise = told === undefined ? Number(tags.rotate ?? 0) : -told;
  return Number.isFinite(clockwise) ? (((Math.round(clockwise / 90) * 90) % 360) + 360) % 360 : 0;
}

function colourOf({ color_primaries, color_transfer, color_space, color_range }: ToldStream): Colour | null {
  if (!color_primaries && !color_transfer && !color_space) return null;
  return {
    primaries: PRIMARIES.get(color_primaries ?? '') ?? UNSPECIFIED,
    transfer: TRANSFERS.get(color_transfer ?? '') ?? UNSPECIFIED,
    matrix: MATRICES.get(color_space ?? '') ?? UNSPECIFIED,
    fullRange: color_range === 'pc',
  };
}
