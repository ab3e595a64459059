import type { SoundConfig } from '../core/media.ts';

/**
 * Usual packets that a decoder must be fed before one to decode it as it would in the middle of the stream: overlap of
 * the transform, and of MPEG audio the bit reservoir, which reaches back 511 bytes (ISO/IEC 11172-3, 2.4.3.4).
 */
const PACKETS: Readonly<Record<SoundConfig['codec'], number>> = {
  aac: 2,
  ac3: 1,
  eac3: 1,
  dts: 1,
  truehd: 128,
  mp2: 1,
  mp3: 10,
  opus: 0,
  vorbis: 2,
  flac: 0,
  alac: 0,
  pcm: 0,
};

/** 80 ms at 48 kHz, in packets of whatever length: RFC 7845, 4.6. */
const OPUS_PRE_ROLL = 3840;

/** Samples of the stream before a place from which a decoder must begin to decode the place rightly. */
export const decoderPreRoll = ({ codec }: SoundConfig, frameSize: number): number =>
  codec === 'opus' ? OPUS_PRE_ROLL : PACKETS[codec] * frameSize;
