import { buildAudioSpecificConfig } from '../codecs/aac.ts';
import { unsupported } from '../core/errors.ts';
import { findQualityFields, setQuality } from './wasm/aac-quality.ts';
import { AAC_FRAME, AacSession } from './wasm/aac-session.ts';
import type { NativeInstance } from './wasm/instance.ts';

export interface AacFormat {
  readonly rate: number;
  /** Noise allowed for, inversely: 60 is 175 to 211 kbit/s of stereo, 120 is 141 to 271, 250 is 174 to 269. */
  readonly lambda: number;
}

export interface AacOptions extends AacFormat {
  /** Whether more frames follow where these come from: then the last two are there to look ahead only. */
  readonly tail: 'cut' | 'end';
}

export interface AacEncoding {
  /** `quality`: the same lambda in every packet. `bitrate` where the module does not allow it: lambda is ignored. */
  readonly rateControl: 'quality' | 'bitrate';
  /**
   * AAC-LC of whole frames of 1024 samples by an encoder that knows nothing from before. Channels are those of
   * FFmpeg's layouts: FC, or FL FR, or FL FR FC LFE BL BR.
   *
   * Packet p has its window over the frames p-1 and p (silence where there is none) and is decoded to frame p-1: the
   * first gives nothing. It depends on frame p+1 as well, which decides its window. So n frames give n-1 packets with
   * the tail `cut`, and n+1, of which the last is decoded to the last frame, with `end`.
   *
   * Packets sound like those of an encoder that began earlier once 16 frames went before theirs.
   * @throws MediaError `unsupported` for a rate or a number of channels that cannot be encoded
   */
  encode(planes: readonly Float32Array[], options: AacOptions): Uint8Array[];
  /**
   * The same frame after frame: each is answered with the packets that it completes. To be closed.
   * @throws MediaError `unsupported` for a rate or a number of channels that cannot be encoded
   */
  open(channels: number, format: AacFormat): AacSession;
}

/** channelConfiguration by channels: ISO/IEC 14496-3, Table 1.19. */
const CONFIGURATIONS: Readonly<Record<number, number>> = { 1: 1, 2: 2, 6: 6 };
/** Of a channel. At constant quality too it sets the bandwidth: all that AAC-LC is worth having. */
const BIT_RATE = 96_000;
const AAC_LC = 2;
/** As the encoder bounds it. */
const MAX_LAMBDA = 65_535;

/** Finds out what the module can do, which takes about 100 ms. Encodings of one instance may follow, not overlap. */
export function createAacEncoding(instance: NativeInstance): AacEncoding {
  const fields = findQualityFields(instance);
  const open = (channels: number, { rate, lambda }: AacFormat): AacSession => {
    configurationOf(channels);
    if (!(lambda > 0 && lambda <= MAX_LAMBDA)) throw new RangeError(`No quality: lambda ${lambda}`);
    const session = new AacSession(instance, { rate, channels, bitRate: BIT_RATE * channels });
    if (fields) setQuality(instance, session, fields, lambda);
    return session;
  };
  return {
    rateControl: fields ? 'quality' : 'bitrate',
    open,
    encode(planes, { tail, ...format }) {
      const frames = countFrames(planes);
      const session = open(planes.length, format);
      try {
        const packets = Array.from({ length: frames }, (_, i) => session.send(planes, i * AAC_FRAME)).flat();
        return tail === 'end' ? packets.concat(session.finish()) : packets;
      } finally {
        session.close();
      }
    },
  };
}

function countFrames(planes: readonly Float32Array[]): number {
  const samples = planes[0]?.length ?? 0;
  configurationOf(planes.length);
  if (samples % AAC_FRAME !== 0 || planes.some(({ length }) => length !== samples))
    throw new RangeError(`AAC is encoded in frames of ${AAC_FRAME} samples, not ${samples} of a channel`);
  return samples / AAC_FRAME;
}

function configurationOf(channels: number): number {
  const configuration = CONFIGURATIONS[channels];
  if (configuration === undefined) throw unsupported(`AAC is not encoded with ${channels} channels`);
  return configuration;
}

/**
 * AudioSpecificConfig of what `encode` makes: ISO/IEC 14496-3, 1.6.2.1.
 * @throws MediaError `unsupported` for a number of channels that cannot be encoded
 */
export const audioSpecificConfig = (rate: number, channels: number): Uint8Array =>
  buildAudioSpecificConfig({
    objectType: AAC_LC,
    samplingRate: rate,
    channelConfiguration: configurationOf(channels),
  });
