import { isDecodeOnly } from '../../src/codecs/decode-only.ts';
import { MediaError } from '../../src/core/errors.ts';
import type { AudioTrack, SoundConfig } from '../../src/core/media.ts';
import { NANOSECONDS_PER_SECOND, type Nanoseconds, nanoseconds, rescale } from '../../src/core/time.ts';

/** Of the only track that a file of sound has. */
export const TRACK_ID = 1;
/** Times are counted in samples, so that nothing but their rounding to nanoseconds is inexact. */
export const PRECISION = nanoseconds(1);

export interface SoundFacts {
  readonly config: SoundConfig;
  readonly sampleRate: number;
  readonly channels: number;
  /** Null where frames differ. */
  readonly frameSize: number | null;
  /** As `AudioTrack.sourceCodec`. */
  readonly sourceCodec: string;
  readonly codecDelay?: Nanoseconds;
  readonly unreadable?: string | null;
}

/** The track of a file that holds nothing but sound. */
export function soundTrack({ config, codecDelay, unreadable, ...facts }: SoundFacts): AudioTrack {
  return {
    kind: 'audio',
    id: TRACK_ID,
    index: 0,
    isEnabled: true,
    isDefault: true,
    isForced: false,
    language: 'und',
    name: null,
    unreadable: unreadable ?? null,
    configs: isDecodeOnly(config) ? [] : [config],
    decodeOnly: isDecodeOnly(config) ? config : null,
    frameStep: null,
    codecDelay: codecDelay ?? nanoseconds(0),
    seekPreRoll: nanoseconds(0),
    ...facts,
  };
}

export const timeOfSamples = (samples: number, rate: number): Nanoseconds =>
  nanoseconds(rescale(samples, rate, NANOSECONDS_PER_SECOND));

/**
 * Bytes of a source that can be read anywhere.
 * @throws MediaError `unsupported` where the upstream does not tell how many there are
 */
export function sizeOf({ size }: { readonly size: number | null }): number {
  if (size === null)
    throw new MediaError(
      'unsupported',
      'The upstream does not say how long the file is; it cannot be sought in',
      { inOrderOnly: true },
    );
  return size;
}
