import { readTracks } from '../../../parsers/mp4/tracks.ts';
import type { AudioTrack } from '../../../src/core/media.ts';
import { bytesOf } from '../../helpers/hex.ts';
import { movieOf, type Part, serialize, sound, u32, zeros } from './movie-writer.ts';

export const ofEntry = (entry: Part, stsdVersion = 0) => {
  const [read] = readTracks(movieOf('soun', entry, { stsdVersion }));
  if (read?.track.kind !== 'audio') throw new Error('no audio');
  return { ...read, track: read.track };
};
export const trackOf = (entry: Part, stsdVersion = 0): AudioTrack => ofEntry(entry, stsdVersion).track;

export const AAC_LC = bytesOf('1190');
export const f64 = (value: number) => {
  const bytes = zeros(8);
  new DataView(bytes.buffer).setFloat64(0, value);
  return bytes;
};

interface Linear {
  readonly flags: number;
  readonly bits: number;
  readonly packetBytes: number;
  readonly channels?: number;
  readonly rate?: number;
}

/** SoundDescriptionV2. */
export const linear = (
  type: string,
  { flags, bits, packetBytes, channels = 2, rate = 96_000 }: Linear,
  ...children: readonly Part[]
): Part =>
  sound(
    type,
    {
      version: 2,
      channels: 3,
      rate: 1,
      more: serialize(u32(72), f64(rate), u32(channels, 0x7f000000, bits, flags, packetBytes, 1)),
    },
    ...children,
  );

export const quicktime = (
  type: string,
  fields: Parameters<typeof sound>[1],
  ...children: readonly Part[]
): Part => sound(type, { version: 1, more: u32(1024, 0, 0, 2), ...fields }, ...children);
