import type { VideoConfig, VideoTrack } from '../core/media.ts';

/** What a decoder is told of a codec before the first picture, as Matroska has it: RFC 9559, 5.1.4.1.21 and 22. */
export interface DecoderSetup {
  readonly codecId: string;
  readonly codecPrivate: Uint8Array;
}

const NOTHING = new Uint8Array(0);

/** Codecs that MP4 is given too: Matroska has their records as CodecPrivate, VP9 none. */
const SETUPS: {
  readonly [C in VideoConfig['codec']]: { readonly codecId: string; readonly hasRecord: boolean };
} = {
  h264: { codecId: 'V_MPEG4/ISO/AVC', hasRecord: true },
  h265: { codecId: 'V_MPEGH/ISO/HEVC', hasRecord: true },
  vp9: { codecId: 'V_VP9', hasRecord: false },
  av1: { codecId: 'V_AV1', hasRecord: true },
};

/** Null for a codec that nobody knows. */
export function decoderSetup({ configs: [config], decodeOnly }: VideoTrack): DecoderSetup | null {
  if (!config) return decodeOnly;
  const { codecId, hasRecord } = SETUPS[config.codec];
  return { codecId, codecPrivate: hasRecord ? config.record : NOTHING };
}
