import { corrupt } from '../core/errors.ts';

/** Frame header: ISO/IEC 11172-3, 2.4.1.3; ISO/IEC 13818-3, 2.4.1.3. */
export interface MpegAudioHeader {
  /** 1, 2, or 2.5 for the rates below 16 kHz that no standard has. */
  readonly version: 1 | 2 | 2.5;
  readonly layer: 1 | 2 | 3;
  readonly sampleRate: number;
  readonly channels: 1 | 2;
  /** Bits a second; 0 for free format. */
  readonly bitrate: number;
  /** Of the whole frame; 0 for free format. */
  readonly frameBytes: number;
  /** Samples in a frame. */
  readonly samples: number;
  readonly hasCrc: boolean;
}

const RATES = [44_100, 48_000, 32_000] as const;
/** kbit/s by bitrate_index, for MPEG-1 layers I to III, then for the lower rates: layer I, layers II and III. */
const BITRATES = {
  1: [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  2: [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  3: [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  low1: [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
  low: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
} as const;
const VERSIONS: readonly (1 | 2 | 2.5 | null)[] = [2.5, null, 2, 1];
const LAYERS: readonly (1 | 2 | 3 | null)[] = [null, 3, 2, 1];
const RATE_DIVISORS = { 1: 1, 2: 2, 2.5: 4 } as const;
const MONO = 3;

/** @throws MediaError `corrupt` for what is no header */
export function parseMpegAudioHeader(frame: Uint8Array): MpegAudioHeader {
  const [a = 0, b = 0, c = 0, d = 0] = frame;
  const version = VERSIONS[(b >> 3) & 3] ?? null;
  const layer = LAYERS[(b >> 1) & 3] ?? null;
  const rate = RATES[((c >> 2) & 3) as 0 | 1 | 2];
  const table = version === 1 ? layer : layer === 1 ? 'low1' : 'low';
  const kilobits = table === null ? undefined : BITRATES[table][c >> 4];
  if (a !== 0xff || b < 0xe0 || version === null || layer === null || !rate || kilobits === undefined)
    throw corrupt('No header of an MPEG audio frame');
  const sampleRate = rate / RATE_DIVISORS[version];
  const samples = layer === 1 ? 384 : layer === 3 && version !== 1 ? 576 : 1152;
  const bitrate = kilobits * 1000;
  const padding = (c >> 1) & 1;
  const slots = Math.floor(((samples / 8) * bitrate) / sampleRate / (layer === 1 ? 4 : 1)) + padding;
  return {
    version,
    layer,
    sampleRate,
    channels: d >> 6 === MONO ? 1 : 2,
    bitrate,
    frameBytes: kilobits === 0 ? 0 : slots * (layer === 1 ? 4 : 1),
    samples,
    hasCrc: (b & 1) === 0,
  };
}

/** RFC 6381: object type 0x6B for MPEG-1, 0x69 for the lower rates of MPEG-2. */
export const mp3CodecString = (header: Uint8Array): string =>
  parseMpegAudioHeader(header).version === 1 ? 'mp4a.6B' : 'mp4a.69';

const LAYER_3 = 3;
/** Sets protection_bit: there is no CRC. */
const NO_CRC = 0x01;
/** bitrate_index 1: free format has no size to be known, the lowest bit rate holds the side information of all. */
const LOWEST_BITRATE = 0x10;
const BITRATE_BITS = 0xf0;
const RATE_BITS = 0x0c;
/** mode, copyright, original and emphasis: what is no mode_extension. */
const MODE_BITS = 0xcf;

/**
 * A layer III frame of silence with the version, rate, channels and bit rate of a frame's header: main_data_begin
 * and part2_3_length are 0, so that the spectrum is empty. A frame behind it whose main data begin in earlier frames
 * does not find them. Null for other layers.
 * @throws MediaError `corrupt` for what is no header
 */
export function silentMp3Frame(header: Uint8Array): Uint8Array | null {
  if (parseMpegAudioHeader(header).layer !== LAYER_3) return null;
  const [, b = 0, c = 0, d = 0] = header;
  const bitrate = (c & BITRATE_BITS) === 0 ? LOWEST_BITRATE : c & BITRATE_BITS;
  const start = Uint8Array.of(0xff, b | NO_CRC, bitrate | (c & RATE_BITS), d & MODE_BITS);
  const frame = new Uint8Array(parseMpegAudioHeader(start).frameBytes);
  frame.set(start);
  return frame;
}
