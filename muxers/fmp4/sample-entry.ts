import type {
  AacConfig,
  AudioConfig,
  AudioTrack,
  CodecConfig,
  Colour,
  H264Config,
  PixelAspect,
  VideoConfig,
  VideoTrack,
} from '../../src/core/media.ts';
import { box, fixed, fourcc, fullBox, type Part, serialize, u8, u16, u24, u32, zeros } from './box.ts';

/** Bits a second. */
export interface Bitrate {
  readonly average: number;
  readonly peak: number;
}

/** What a sample entry is made of. */
interface EntryOf<Track, Config> {
  readonly track: Track;
  readonly config: Config;
  readonly bitrate: Bitrate | null;
}

interface EntryWriter<Track, Config> {
  write(entry: EntryOf<Track, Config>): Part;
}

type EntryTable<Track, Config extends CodecConfig> = {
  readonly [C in Config['codec']]: EntryWriter<Track, Extract<Config, { readonly codec: C }>>;
};

/** A new codec wants its row in one of these. */
const VIDEO_ENTRIES: EntryTable<VideoTrack, VideoConfig> = {
  h264: { write: (entry) => avc1(entry) },
};
const AUDIO_ENTRIES: EntryTable<AudioTrack, AudioConfig> = {
  aac: { write: (entry) => mp4a(entry) },
};

export function videoEntry(entry: EntryOf<VideoTrack, VideoConfig>): Part {
  const writer: EntryWriter<VideoTrack, VideoConfig> = VIDEO_ENTRIES[entry.config.codec];
  return writer.write(entry);
}

export function audioEntry(entry: EntryOf<AudioTrack, AudioConfig>): Part {
  const writer: EntryWriter<AudioTrack, AudioConfig> = AUDIO_ENTRIES[entry.config.codec];
  return writer.write(entry);
}

/** AVC Sample Entry: ISO/IEC 14496-15, 5.4.2. */
const avc1 = ({ track, config, bitrate }: EntryOf<VideoTrack, H264Config>): Part =>
  box('avc1', ...visual(track), avcC(config), ...colour(track), ...aspect(track), ...btrt(bitrate));

/** AVC Configuration Box: ISO/IEC 14496-15, 5.4.2.1. */
const avcC = ({ record }: H264Config): Part => box('avcC', record);

/** MP4 Audio Sample Entry: ISO/IEC 14496-14, 6.7. */
const mp4a = ({ track, config, bitrate }: EntryOf<AudioTrack, AacConfig>): Part =>
  box('mp4a', ...audio(track), esds(config, bitrate), ...btrt(bitrate));

const DATA_REFERENCE = 1;
/** 72 dots an inch. */
const RESOLUTION = 72;
const COMPRESSOR_NAME_BYTES = 32;
const DEPTH = 0x18;
const NO_COLOUR_TABLE = 0xffff;

/** VisualSampleEntry: ISO/IEC 14496-12, 12.1.3. */
const visual = ({ width, height }: VideoTrack): Part[] => [
  zeros(6),
  u16(DATA_REFERENCE),
  zeros(16),
  u16(width, height),
  fixed(RESOLUTION, RESOLUTION),
  zeros(4),
  u16(1),
  zeros(COMPRESSOR_NAME_BYTES),
  u16(DEPTH, NO_COLOUR_TABLE),
];

const SAMPLE_BITS = 16;
const MAX_RATE_FIELD = 0xffff;

/** AudioSampleEntry: ISO/IEC 14496-12, 12.2.3. */
const audio = ({ channels, sampleRate }: AudioTrack): Part[] => [
  zeros(6),
  u16(DATA_REFERENCE),
  zeros(8),
  u16(channels, SAMPLE_BITS),
  zeros(4),
  fixed(Math.min(sampleRate, MAX_RATE_FIELD)),
];

const colour = ({ colour }: VideoTrack): Part[] => (colour ? [colr(colour)] : []);

/** Colour Information: ISO/IEC 14496-12, 12.1.5. */
const colr = ({ primaries, transfer, matrix, fullRange }: Colour): Part =>
  box('colr', fourcc('nclx'), u16(primaries, transfer, matrix), u8(fullRange ? 0x80 : 0));

const aspect = ({ pixelAspect }: VideoTrack): Part[] =>
  pixelAspect.h === pixelAspect.v ? [] : [pasp(pixelAspect)];

/** Pixel Aspect Ratio: ISO/IEC 14496-12, 12.1.4. */
const pasp = ({ h, v }: PixelAspect): Part => box('pasp', u32(h, v));

/** Bit Rate: ISO/IEC 14496-12, 8.5.2. */
const btrt = (bitrate: Bitrate | null): Part[] =>
  bitrate ? [box('btrt', u32(0, bitrate.peak, bitrate.average))] : [];

/** Tags of descriptors: ISO/IEC 14496-1, 7.2.2.1. */
const TAG = { elementaryStream: 3, decoderConfig: 4, decoderSpecificInfo: 5, syncLayerConfig: 6 } as const;
/** objectTypeIndication of MPEG-4 audio, streamType of audio: ISO/IEC 14496-1, 7.2.6.6. */
const MPEG4_AUDIO = 0x40;
const AUDIO_STREAM = (5 << 2) | 1;
/** Sync layer of MP4 files: ISO/IEC 14496-14, 3.1.2. */
const SYNC_LAYER_MP4 = 2;

/** Elementary Stream Descriptor: ISO/IEC 14496-14, 6.7.2. */
const esds = ({ record }: AacConfig, bitrate: Bitrate | null): Part =>
  fullBox(
    { type: 'esds', version: 0, flags: 0 },
    descriptor(
      TAG.elementaryStream,
      u16(0),
      u8(0),
      descriptor(
        TAG.decoderConfig,
        u8(MPEG4_AUDIO, AUDIO_STREAM),
        u24(0),
        u32(bitrate?.peak ?? 0, bitrate?.average ?? 0),
        descriptor(TAG.decoderSpecificInfo, record),
      ),
      descriptor(TAG.syncLayerConfig, u8(SYNC_LAYER_MP4)),
    ),
  );

/** Tag and expandable size, seven bits a byte: ISO/IEC 14496-1, 8.3.3. */
function descriptor(tag: number, ...content: readonly Part[]): Uint8Array {
  const body = serialize(...content);
  const size = [body.length & 127];
  for (let rest = body.length >> 7; rest > 0; rest >>= 7) size.unshift(128 | (rest & 127));
  return serialize(u8(tag, ...size), body);
}
