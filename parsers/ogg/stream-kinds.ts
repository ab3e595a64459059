import type { Track } from '../../src/core/media.ts';
import { nanoseconds } from '../../src/core/time.ts';
import { FLAC_MAPPING } from './flac-mapping.ts';
import { OPUS_MAPPING } from './opus-mapping.ts';
import { type SoundMapping, startsWith } from './sound-format.ts';
import { VORBIS_MAPPING } from './vorbis-mapping.ts';

/** Sound that can be read. */
const SOUND_MAPPINGS: readonly SoundMapping[] = [OPUS_MAPPING, VORBIS_MAPPING, FLAC_MAPPING];

/** The mapping of a logical stream by its first packet; null where it is none that is read. */
export const mappingOf = (packet: Uint8Array): SoundMapping | null =>
  SOUND_MAPPINGS.find((mapping) => mapping.begins(packet)) ?? null;

type Kind = 'video' | 'audio' | 'subtitle';

/** What is known by name only: the bytes that its first packet begins with. */
const NAMED: readonly (readonly [mark: string, kind: Kind, name: string])[] = [
  ['\x80theora', 'video', 'Theora'],
  ['BBCD\0', 'video', 'Dirac'],
  ['OVP80', 'video', 'VP8'],
  ['\x80daala', 'video', 'Daala'],
  ['\x01video\0', 'video', 'OGM video'],
  ['YUV4MPEG', 'video', 'uncompressed video'],
  ['UVS ', 'video', 'uncompressed video'],
  ['\x8bMNG', 'video', 'MNG'],
  ['\x8bJNG', 'video', 'JNG'],
  ['\x89PNG', 'video', 'PNG'],
  ['Speex   ', 'audio', 'Speex'],
  ['CELT    ', 'audio', 'CELT'],
  ['PCM     ', 'audio', 'PCM'],
  ['\x01audio\0', 'audio', 'OGM audio'],
  ['OggMIDI', 'audio', 'MIDI'],
  ['\x80kate\0\0\0', 'subtitle', 'Kate'],
  ['CMML\0\0\0\0', 'subtitle', 'CMML'],
  ['\x01text\0', 'subtitle', 'OGM text'],
  ['Writ', 'subtitle', 'Writ'],
];

/** Streams about the others. */
const ABOUT_OTHERS = ['fishead\0', 'Annodex\0', 'AnxData\0'];

/** Skeleton and what went before it: no track. */
export const isAboutOthers = (packet: Uint8Array): boolean =>
  ABOUT_OTHERS.some((mark) => startsWith(packet, mark));

export interface Place {
  readonly id: number;
  readonly index: number;
}

/** The track of a logical stream that is not read, by its first packet, and why. */
export function unreadTrack(packet: Uint8Array, { id, index }: Place, reason: string | null): Track {
  const [, kind = 'other', name = null] = NAMED.find(([mark]) => startsWith(packet, mark)) ?? [];
  const sourceCodec = mappingOf(packet)?.name ?? name ?? 'unknown';
  const common = {
    id,
    index,
    sourceCodec,
    isEnabled: true,
    isDefault: false,
    isForced: false,
    language: 'und',
    name: null,
    unreadable: reason ?? `${name ?? 'a stream of an unknown kind'} in Ogg is not read`,
  };
  return BY_KIND[mappingOf(packet) ? 'audio' : kind](common);
}

type Common = Omit<Extract<Track, { kind: 'other' }>, 'kind'>;

const BY_KIND: Readonly<Record<Kind | 'other', (common: Common) => Track>> = {
  video: (common) => ({
    ...common,
    kind: 'video',
    configs: [],
    decodeOnly: null,
    width: 0,
    height: 0,
    pixelAspect: { h: 1, v: 1 },
    colour: null,
    rotation: 0,
    frameRate: null,
    reorderDepth: 0,
    masteringDisplay: null,
    contentLight: null,
    dolbyVision: null,
    isAttachedPicture: false,
  }),
  audio: (common) => ({
    ...common,
    kind: 'audio',
    configs: [],
    decodeOnly: null,
    sampleRate: 0,
    channels: 0,
    frameSize: null,
    frameStep: null,
    codecDelay: nanoseconds(0),
    seekPreRoll: nanoseconds(0),
  }),
  subtitle: (common) => ({ ...common, kind: 'subtitle', text: null, isForHearingImpaired: false }),
  other: (common) => ({ ...common, kind: 'other' }),
};
