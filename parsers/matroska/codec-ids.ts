import { aacSetup, legacyAac } from './codecs/aac.ts';
import { av1Setup } from './codecs/av1.ts';
import { ac3Setup } from './codecs/dolby-audio.ts';
import { dtsSetup } from './codecs/dts.ts';
import { h264Setup } from './codecs/h264.ts';
import { h265Setup } from './codecs/h265.ts';
import { alacSetup, flacSetup } from './codecs/lossless.ts';
import { mpegAudioSetup } from './codecs/mpeg-audio.ts';
import { opusSetup } from './codecs/opus.ts';
import { pcmSetup } from './codecs/pcm.ts';
import { trueHdSetup } from './codecs/truehd.ts';
import { vorbisSetup } from './codecs/vorbis.ts';
import { vp9Setup } from './codecs/vp9.ts';
import type { Master } from './ebml.ts';
import type { AudioSetup, PendingSetup, VideoSetup } from './setup.ts';

/**
 * The set-up that a TrackEntry tells, or one that waits for a frame; null when there can be none. Its CodecPrivate is
 * decompressed and taken out of AVI's wrapping.
 */
type SetUp<S> = (entry: Master) => S | PendingSetup<S> | null;

/** CodecID → set-up. Maps, not objects: IDs come from the file, and `constructor` is one too. */
export const VIDEO_CODECS: ReadonlyMap<string, SetUp<VideoSetup>> = new Map<string, SetUp<VideoSetup>>([
  ['V_MPEG4/ISO/AVC', h264Setup],
  ['V_MPEGH/ISO/HEVC', h265Setup],
  ['V_VP9', vp9Setup],
  ['V_AV1', av1Setup],
]);

export const AUDIO_CODECS: ReadonlyMap<string, SetUp<AudioSetup>> = new Map<string, SetUp<AudioSetup>>([
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
  ['A_AC3', ac3Setup],
  ['A_AC3/BSID9', ac3Setup],
  ['A_AC3/BSID10', ac3Setup],
  ['A_EAC3', ac3Setup],
  ['A_OPUS', opusSetup],
  ['A_FLAC', flacSetup],
  ['A_ALAC', alacSetup],
  ['A_MPEG/L1', mpegAudioSetup],
  ['A_MPEG/L2', mpegAudioSetup],
  ['A_MPEG/L3', mpegAudioSetup],
  ['A_DTS', dtsSetup],
  ['A_DTS/EXPRESS', dtsSetup],
  ['A_DTS/LOSSLESS', dtsSetup],
  ['A_TRUEHD', trueHdSetup],
  ['A_MLP', trueHdSetup],
  ['A_VORBIS', vorbisSetup],
  ['A_PCM/INT/LIT', pcmSetup({ kind: 'integer' })],
  ['A_PCM/INT/BIG', pcmSetup({ kind: 'integer', isBigEndian: true })],
  ['A_PCM/FLOAT/IEEE', pcmSetup({ kind: 'float' })],
  ['A_MS/ACM 0x0001', pcmSetup({ kind: 'integer' })],
  ['A_MS/ACM 0x0003', pcmSetup({ kind: 'float' })],
  ['A_MS/ACM 0x0006', pcmSetup({ kind: 'alaw', bits: 8 })],
  ['A_MS/ACM 0x0007', pcmSetup({ kind: 'mulaw', bits: 8 })],
]);
