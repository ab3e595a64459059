import { mp4aCodec } from './mp4a.ts';
import { PCM_TYPES, pcmCodec } from './pcm.ts';
import {
  ac3Codec,
  alacCodec,
  dtsCodec,
  eac3Codec,
  flacCodec,
  mpegAudioCodec,
  opusCodec,
  type SoundCodec,
  trueHdCodec,
} from './sound-codecs.ts';

/**
 * Type of a sample entry → its codec. `ms` and two more bytes are codecs of Microsoft by their tag in WAVE. A map, not
 * an object: types come from the file.
 */
export const AUDIO_CODECS: ReadonlyMap<string, SoundCodec> = new Map<string, SoundCodec>([
  ['mp4a', mp4aCodec],
  ...['.mp1', '.mp2', '.mp3', 'mp3 ', 'ms\x00\x50', 'ms\x00\x55'].map((t) => [t, mpegAudioCodec] as const),
  ...['ac-3', 'sac3', 'ms\x20\x00'].map((type) => [type, ac3Codec] as const),
  ...['ec-3', 'ec+3'].map((type) => [type, eac3Codec] as const),
  ...['dtsc', 'dtsh', 'dtsl', 'dtse', 'dts+', 'dts-', 'DTS '].map((type) => [type, dtsCodec] as const),
  ['mlpa', trueHdCodec],
  ['Opus', opusCodec],
  ['fLaC', flacCodec],
  ['alac', alacCodec],
  ...PCM_TYPES.map((type) => [type, pcmCodec(type)] as const),
]);
