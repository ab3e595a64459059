import { isDecodeOnly } from '../../src/codecs/decode-only.ts';
import { orNull } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import type { AudioTrack, OtherTrack, Track, VideoTrack } from '../../src/core/media.ts';
import { nanoseconds } from '../../src/core/time.ts';
import type { Joiner } from '../elementary/joiner.ts';
import type { Elementary } from './elementary.ts';
import type { ProgramStream } from './program.ts';
import { SoundElementary } from './sound/elementary-sound.ts';
import type { SoundFormat } from './sound/framing.ts';
import { createSplitter, SOUND_CODECS, type SoundCodec } from './sound/splitter.ts';
import { streamLanguage } from './stream-types.ts';
import { VideoElementary } from './video/elementary-video.ts';
import { PICTURE_CODECS, type PictureCodec, type PictureStream } from './video/pictures.ts';

/** What is still to be learned of a stream from its first frames. */
export interface Description {
  readonly stream: ProgramStream;
  /** Null for what is only named. */
  readonly codec: PictureCodec | SoundCodec | null;
  pictures: PictureStream | null;
  sound: SoundFormat | null;
  /** Nothing could be learned, for its packets are scrambled. */
  isScrambled: boolean;
}

export const describe = (stream: ProgramStream): Description => ({
  stream,
  codec: stream.unreadable === null ? codecOf(stream) : null,
  pictures: null,
  sound: null,
  isScrambled: false,
});

const codecOf = ({ name }: ProgramStream): PictureCodec | SoundCodec | null =>
  PICTURE_CODECS.get(name) ?? SOUND_CODECS.find((codec) => codec === name) ?? null;

/** Whether nothing more is to be learned of it. */
export const isDescribed = ({ codec, pictures, sound }: Description): boolean =>
  codec === null || pictures !== null || sound !== null;

/** Learns what is to be learned from every frame that it reads. Null for what is only named. */
export function describing(description: Description): Elementary | null {
  const { codec, stream } = description;
  if (codec === null) return null;
  if (typeof codec === 'string')
    return new SoundElementary({
      splitter: createSplitter(codec, stream.descriptors),
      isAsStored: false,
      see: (format) => {
        description.sound ??= format;
      },
    });
  return new VideoElementary({
    codec,
    rules: codec.rules(),
    frameRate: null,
    isAsStored: false,
    see: (nals) => {
      description.pictures ??= orNull(() => codec.describe(nals));
    },
  });
}

/** New for each stretch that is read; null for what cannot be read. */
export function reading(
  { codec, stream, pictures }: Description,
  isAsStored: boolean,
): { readonly elementary: Elementary; readonly joiner: Joiner | null } | null {
  if (codec === null) return null;
  if (typeof codec === 'string') {
    const splitter = createSplitter(codec, stream.descriptors);
    return { elementary: new SoundElementary({ splitter, isAsStored }), joiner: null };
  }
  const rules = pictures?.rules() ?? codec.rules();
  const frameRate = pictures?.facts.frameRate ?? null;
  const elementary = new VideoElementary({ codec, rules, frameRate, isAsStored });
  return { elementary, joiner: isAsStored ? null : (pictures?.joiner() ?? null) };
}

const MEGABYTE = 1024 * 1024;
const UNTOLD = `no frame in the first ${LIMITS.firstFrames / MEGABYTE} MB tells its configuration`;

function reasonAgainst(description: Description): string | null {
  if (isDescribed(description)) return null;
  return description.isScrambled ? 'encrypted (scrambled packets)' : UNTOLD;
}

/** The tracks in the order of the program map. */
export function tracksOf(descriptions: readonly Description[]): Track[] {
  const met = new Set<string>();
  return descriptions.map((description, index) => {
    const { stream } = description;
    const isFirst = !met.has(stream.kind);
    met.add(stream.kind);
    const common = {
      id: stream.pid,
      index,
      sourceCodec: stream.name,
      isEnabled: true,
      isDefault: isFirst,
      isForced: false,
      language: streamLanguage(stream.source),
      name: null,
      unreadable: stream.unreadable ?? reasonAgainst(description),
    };
    if (stream.kind === 'video') return videoTrack(common, description.pictures);
    if (stream.kind === 'audio') return audioTrack(common, description.sound);
    return { ...common, kind: stream.kind };
  });
}

type Common = Omit<OtherTrack, 'kind'>;

function videoTrack(common: Common, pictures: PictureStream | null): VideoTrack {
  const facts = pictures?.facts;
  return {
    ...common,
    kind: 'video',
    configs: facts ? [facts.config] : [],
    width: facts?.width ?? 0,
    height: facts?.height ?? 0,
    pixelAspect: facts?.pixelAspect ?? { h: 1, v: 1 },
    colour: facts?.colour ?? null,
    rotation: 0,
    frameRate: facts?.frameRate ?? null,
    reorderDepth: facts?.reorderDepth ?? 0,
    masteringDisplay: facts?.masteringDisplay ?? null,
    contentLight: facts?.contentLight ?? null,
    dolbyVision: null,
    isAttachedPicture: false,
  };
}

function audioTrack(common: Common, sound: SoundFormat | null): AudioTrack {
  const config = sound?.config;
  const isDecoded = config !== undefined && isDecodeOnly(config);
  return {
    ...common,
    kind: 'audio',
    configs: config && !isDecodeOnly(config) ? [config] : [],
    decodeOnly: isDecoded ? config : null,
    sampleRate: sound?.sampleRate ?? 48_000,
    channels: sound?.channels ?? 2,
    frameSize: sound?.frameSize ?? null,
    frameStep: null,
    codecDelay: nanoseconds(0),
    seekPreRoll: nanoseconds(0),
  };
}
