import type { SoundConfig } from '../core/media.ts';

/**
 * Usual packets that a decoder must be fed before one to decode it as it would in the middle of the stream: overlap of
 * the transform, and of MPEG audio the bit reservoir, which reaches back 511 bytes (ISO/IEC 11172-3, 2.4.3.4).
 */
const PACKETS: Readonly<Record<Exclude<SoundConfig['codec'], 'opus' | 'vorbis'>, number>> = {
  aac: 2,
  ac3: 1,
  eac3: 1,
  dts: 1,
  truehd: 128,
  mp2: 1,
  mp3: 10,
  flac: 0,
  alac: 0,
  pcm: 0,
};

/** 80 ms at 48 kHz, in packets of whatever length: RFC 7845, 4.6. */
const OPUS_PRE_ROLL = 3840;

/** Samples of the stream before a place from which a decoder must begin to decode the place rightly. */
export function decoderPreRoll(config: SoundConfig, frameSize: number): number {
  if (config.codec === 'opus') return OPUS_PRE_ROLL;
  // A packet lasts half a block at the most: two of them.
  if (config.codec === 'vorbis') return Math.max(frameSize, ...config.modeBlocks);
  return PACKETS[config.codec] * frameSize;
}
