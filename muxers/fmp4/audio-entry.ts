import { readDfLaStreamInfo } from '../../src/codecs/flac.ts';
import { parseMpegAudioHeader } from '../../src/codecs/mpeg-audio.ts';
import type {
  AacConfig,
  Ac3Config,
  AlacConfig,
  AudioConfig,
  AudioTrack,
  Eac3Config,
  FlacConfig,
  Mp3Config,
  OpusConfig,
} from '../../src/core/media.ts';
import { box, fixed, fullBox, type Part, u16, zeros } from './box.ts';
import { btrt, type EntryOf, sampleEntryHead } from './entry-parts.ts';
import { esds, OBJECT_TYPES } from './esds.ts';

type Entry<Config extends AudioConfig> = EntryOf<AudioTrack, Config>;

/** MP4 Audio Sample Entry: ISO/IEC 14496-14, 6.7. */
export const aacEntry = (entry: Entry<AacConfig>): Part =>
  audio(
    'mp4a',
    entry,
    esds({ objectType: OBJECT_TYPES.mpeg4Audio, specific: entry.config.record, bitrate: entry.bitrate }),
  );

/** MPEG audio has no configuration beside its object type: ISO/IEC 14496-1, 7.2.6.6. */
export const mp3Entry = (entry: Entry<Mp3Config>): Part => {
  const isFirstVersion = parseMpegAudioHeader(entry.config.record).version === 1;
  const objectType = isFirstVersion ? OBJECT_TYPES.mpeg1Audio : OBJECT_TYPES.mpeg2Audio;
  return audio('mp4a', entry, esds({ objectType, specific: null, bitrate: entry.bitrate }));
};

/** AC-3 Sample Entry: ETSI TS 102 366, F.3. */
export const ac3Entry = (entry: Entry<Ac3Config>): Part =>
  audio('ac-3', entry, box('dac3', entry.config.record));

/** Enhanced AC-3 Sample Entry: ETSI TS 102 366, F.5. */
export const eac3Entry = (entry: Entry<Eac3Config>): Part =>
  audio('ec-3', entry, box('dec3', entry.config.record));

/** Opus Sample Entry: Encapsulation of Opus in ISO Base Media File Format, 4.3. */
export const opusEntry = (entry: Entry<OpusConfig>): Part =>
  audio('Opus', entry, box('dOps', entry.config.record));

/** FLAC Sample Entry: Encapsulation of FLAC in ISO Base Media File Format, 3.3. */
export const flacEntry = (entry: Entry<FlacConfig>): Part =>
  audio('fLaC', entry, fullBox({ type: 'dfLa', version: 0, flags: 0 }, entry.config.record), {
    sampleBits: readDfLaStreamInfo(entry.config.record).bitsPerSample,
  });

/** Apple Lossless: its specific box bears the name of its sample entry. */
export const alacEntry = (entry: Entry<AlacConfig>): Part =>
  audio('alac', entry, fullBox({ type: 'alac', version: 0, flags: 0 }, entry.config.record), {
    sampleBits: entry.config.record[ALAC_BIT_DEPTH_AT] ?? SAMPLE_BITS,
  });

/** ALACSpecificConfig: frameLength (4 bytes), compatibleVersion, bitDepth. */
const ALAC_BIT_DEPTH_AT = 5;
const SAMPLE_BITS = 16;
const MAX_RATE_FIELD = 0xffff;

/** AudioSampleEntry: ISO/IEC 14496-12, 12.2.3. */
const audio = (
  type: string,
  { track, bitrate }: Entry<AudioConfig>,
  configuration: Part,
  { sampleBits } = { sampleBits: SAMPLE_BITS },
): Part =>
  box(
    type,
    ...sampleEntryHead,
    zeros(8),
    u16(track.channels, sampleBits),
    zeros(4),
    fixed(rateField(track.sampleRate)),
    configuration,
    ...btrt(bitrate),
  );

/** A rate too large for the field is halved until it fits: Encapsulation of FLAC in ISOBMFF, 3.3.1. */
const rateField = (rate: number): number => (rate > MAX_RATE_FIELD ? rateField(Math.floor(rate / 2)) : rate);
