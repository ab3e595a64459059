import { buildAudioSpecificConfig, parseAudioSpecificConfig } from '../../src/codecs/aac.ts';
import { buildAvcRecord, parseAvcRecord, recordFromAnnexB } from '../../src/codecs/h264.ts';
import { parseSps, reorderDepth, spsFrameRate } from '../../src/codecs/h264-sps.ts';
import { looksAnnexB, toLengthPrefixed4 } from '../../src/codecs/nal.ts';
import type { AudioConfig, Colour, PixelAspect, VideoConfig } from '../../src/core/media.ts';
import type { FrameRate } from '../../src/core/time.ts';
import type { Master } from './ebml.ts';

/** What a codec's private data say of the pictures, and how its frames become those of MP4. */
export interface VideoSetup {
  readonly config: VideoConfig;
  readonly width: number;
  readonly height: number;
  readonly pixelAspect: PixelAspect | null;
  readonly colour: Colour | null;
  readonly frameRate: FrameRate | null;
  readonly reorderDepth: number;
  readonly isPrefixUsable: boolean;
  normalize(frame: Uint8Array): Uint8Array;
}

export interface AudioSetup {
  readonly config: AudioConfig;
  readonly sampleRate: number;
  readonly channels: number;
  readonly frameSize: number | null;
  readonly isPrefixUsable: boolean;
  normalize(frame: Uint8Array): Uint8Array;
}

/**
 * CodecID → set-up from the TrackEntry; null when the private data are missing or of no use. Maps, not objects:
 * IDs come from the file, and `constructor` is one too.
 */
export const VIDEO_CODECS: ReadonlyMap<string, (entry: Master) => VideoSetup | null> = new Map([
  ['V_MPEG4/ISO/AVC', (entry: Master) => h264Setup(entry.binary('CodecPrivate'))],
]);

export const AUDIO_CODECS: ReadonlyMap<string, (entry: Master) => AudioSetup | null> = new Map([
  ['A_AAC', aacSetup],
  ['A_AAC/MPEG2/MAIN', legacyAac({ objectType: 1, hasSbr: false })],
  ['A_AAC/MPEG2/LC', legacyAac({ objectType: 2, hasSbr: false })],
  ['A_AAC/MPEG2/LC/SBR', legacyAac({ objectType: 2, hasSbr: true })],
  ['A_AAC/MPEG2/SSR', legacyAac({ objectType: 3, hasSbr: false })],
  ['A_AAC/MPEG4/MAIN', legacyAac({ objectType: 1, hasSbr: false })],
  ['A_AAC/MPEG4/LC', legacyAac({ objectType: 2, hasSbr: false })],
  ['A_AAC/MPEG4/LC/SBR', legacyAac({ objectType: 2, hasSbr: true })],
  ['A_AAC/MPEG4/SSR', legacyAac({ objectType: 3, hasSbr: false })],
  ['A_AAC/MPEG4/LTP', legacyAac({ objectType: 4, hasSbr: false })],
]);

/** CodecPrivate is an AVCDecoderConfigurationRecord; Annex B parameter sets in its place occur. */
function h264Setup(privateData: Uint8Array | null): VideoSetup | null {
  if (!privateData) return null;
  const isAnnexB = looksAnnexB(privateData);
  const record = isAnnexB ? recordFromAnnexB(privateData) : parseAvcRecord(privateData);
  const [spsNal] = record?.sps ?? [];
  if (!record || !spsNal || record.pps.length === 0) return null;
  const sps = parseSps(spsNal);
  const storedAs = isAnnexB ? 'annexb' : record.lengthSize;
  return {
    config: { codec: 'h264', record: buildAvcRecord(record) },
    width: sps.width,
    height: sps.height,
    pixelAspect: sps.pixelAspect,
    colour: sps.colour,
    frameRate: spsFrameRate(sps),
    reorderDepth: reorderDepth(sps),
    isPrefixUsable: storedAs === 4,
    normalize: (frame) => toLengthPrefixed4(frame, storedAs),
  };
}

const unchanged = (frame: Uint8Array): Uint8Array => frame;

/** CodecPrivate is an AudioSpecificConfig. */
function aacSetup(entry: Master): AudioSetup | null {
  const record = entry.binary('CodecPrivate');
  return record && record.length >= 2 ? aacSetupOf(record) : null;
}

function aacSetupOf(record: Uint8Array): AudioSetup {
  const config = parseAudioSpecificConfig(record);
  return {
    config: { codec: 'aac', record },
    sampleRate: config.outputRate,
    channels: config.channels,
    frameSize: config.outputFrameSize,
    isPrefixUsable: true,
    normalize: unchanged,
  };
}

/** A sampling rate in whole Hz; null where there is none that a rate can be: floats may be infinite. */
export function readRate(
  audio: Master | null,
  name: 'SamplingFrequency' | 'OutputSamplingFrequency',
): number | null {
  const rate = Math.round(audio?.float(name) ?? 0);
  return rate > 0 && rate <= MAX_RATE ? rate : null;
}

/** Twice the highest rate of DSD as PCM. */
const MAX_RATE = 1_536_000;

interface LegacyAac {
  readonly objectType: number;
  readonly hasSbr: boolean;
}

/** The IDs of before 2005 have no private data: profile in the name, the rest in the Audio element. */
function legacyAac({ objectType, hasSbr }: LegacyAac): (entry: Master) => AudioSetup {
  return (entry) => {
    const audio = entry.master('Audio');
    const samplingRate = readRate(audio, 'SamplingFrequency') ?? 8000;
    const output = readRate(audio, 'OutputSamplingFrequency') ?? samplingRate;
    const channels = audio?.uint('Channels') ?? 1;
    const extensionRate = hasSbr ? (output > samplingRate ? output : samplingRate * 2) : null;
    const channelConfiguration = channels === 8 ? 7 : channels;
    return aacSetupOf(
      buildAudioSpecificConfig({ objectType, samplingRate, channelConfiguration, extensionRate }),
    );
  };
}
