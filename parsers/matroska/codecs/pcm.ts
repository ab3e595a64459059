import { unsupported } from '../../../src/core/errors.ts';
import type { PcmFormat } from '../../../src/core/media.ts';
import { NANOSECONDS_PER_SECOND } from '../../../src/core/time.ts';
import type { Master } from '../ebml.ts';
import type { AudioSetup } from '../setup.ts';
import { readRate } from './rate.ts';
import { unchanged } from './unchanged.ts';

type Encoding = PcmFormat['encoding'];

/**
 * What samples of so many bits are, by kind. Integers of 8 bits have no sign, all others have one (codec
 * specification, A_PCM/INT/LIT). How 20 bits lie in bytes no specification says, so they are not guessed at.
 */
const KINDS = {
  integer: new Map<number, Encoding>([
    [8, 'unsigned'],
    [16, 'signed'],
    [24, 'signed'],
    [32, 'signed'],
  ]),
  float: new Map<number, Encoding>([
    [32, 'float'],
    [64, 'float'],
  ]),
  alaw: new Map<number, Encoding>([[8, 'alaw']]),
  mulaw: new Map<number, Encoding>([[8, 'mulaw']]),
} as const;

interface PcmKind {
  readonly kind: keyof typeof KINDS;
  readonly isBigEndian?: true;
  /** Where the kind has but one. */
  readonly bits?: number;
}

/** WAVEFORMATEX: where wBitsPerSample stands. */
const WAVE_BITS = 14;
/** Values of Audio that are absent (RFC 9559, 5.1.4.1.29). */
const DEFAULTS = { rate: 8000, channels: 1 } as const;
/** A frame of one sample of each still is small. */
const MAX_CHANNELS = 255;

/**
 * Samples as they are. BitDepth tells their size; in a track of AVI without it the WAVEFORMATEX does, there rounded up
 * to whole bytes.
 * @throws MediaError `unsupported` for sizes that are unknown or absent, and for more than 255 channels
 */
export const pcmSetup =
  ({ kind, isBigEndian, bits: fixed }: PcmKind) =>
  (entry: Master): AudioSetup => {
    const audio = entry.master('Audio');
    const bits = fixed ?? audio?.uint('BitDepth') ?? waveBits(entry);
    const encoding = bits === null ? undefined : KINDS[kind].get(bits);
    if (bits === null || !encoding) throw unsupported(`PCM (${kind}) with ${bits ?? 'no'} bits in a sample`);
    const channels = audio?.uint('Channels') ?? DEFAULTS.channels;
    if (channels < 1 || channels > MAX_CHANNELS) throw unsupported(`PCM with ${channels} channels`);
    const sampleRate = readRate(audio, 'SamplingFrequency') ?? DEFAULTS.rate;
    const sampleBytes = (bits / 8) * channels;
    return {
      config: {
        codec: 'pcm',
        record: new Uint8Array(0),
        format: { encoding, bits, isBigEndian: isBigEndian ?? false },
        channels,
      },
      sampleRate,
      channels,
      frameSize: null,
      isPrefixUsable: true,
      normalize: unchanged,
      durationOf: (frame) => (Math.floor(frame.length / sampleBytes) * NANOSECONDS_PER_SECOND) / sampleRate,
    };
  };

function waveBits(entry: Master): number | null {
  const wave = entry.string('CodecID') === 'A_MS/ACM' ? entry.binary('CodecPrivate') : null;
  const [low, high] = wave?.subarray(WAVE_BITS) ?? [];
  return low === undefined || high === undefined ? null : Math.ceil((low + high * 256) / 8) * 8;
}
