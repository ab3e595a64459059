import { isDecodeOnly } from '../../src/codecs/decode-only.ts';
import { videoConfigs } from '../../src/codecs/decode-only-video.ts';
import { MediaError } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import type { AudioTrack, OtherTrack, Track, VideoTrack } from '../../src/core/media.ts';
import { nanoseconds } from '../../src/core/time.ts';
import { eac3GroupJoiner } from '../elementary/eac3-groups.ts';
import type { Joiner } from '../elementary/joiner.ts';
import type { SoundFormat } from '../elementary/sound/framing.ts';
import { audioRole, supplementaryLanguage } from './audio-roles.ts';
import type { Elementary } from './elementary.ts';
import type { ProgramStream } from './program.ts';
import { SoundElementary } from './sound/elementary-sound.ts';
import { createSplitter, SOUND_CODECS, type SoundCodec } from './sound/splitter.ts';
import { UnknownElementary } from './sound/unknown-sound.ts';
import { timeOfTicks } from './stamps.ts';
import { streamLanguage } from './stream-types.ts';
import { VIDEO_CODECS, type VideoCodec, type VideoStream } from './video/video-codecs.ts';

/** Neither named by the tables nor recognised yet. */
const UNKNOWN = 'unknown';

/** What is still to be learned of a stream from its first frames. */
export interface Description {
  readonly stream: ProgramStream;
  /** As the tables name it, or as it was recognised. */
  name: string;
  /** Null for what is only named. */
  codec: VideoCodec | SoundCodec | typeof UNKNOWN | null;
  pictures: VideoStream | null;
  sound: SoundFormat | null;
  /** Ticks of its first frame. */
  origin: number | null;
  /** Nothing could be learned, for its packets are scrambled. */
  isScrambled: boolean;
  /** Why no frame of it can be read. */
  refusal: string | null;
}

export const describe = (stream: ProgramStream): Description => ({
  stream,
  name: stream.name,
  codec: stream.unreadable === null ? codecOf(stream) : null,
  pictures: null,
  sound: null,
  origin: null,
  isScrambled: false,
  refusal: null,
});

const codecOf = ({ name, mayBeSound }: ProgramStream): Description['codec'] =>
  VIDEO_CODECS.get(name) ?? SOUND_CODECS.find((codec) => codec === name) ?? (mayBeSound ? UNKNOWN : null);

/** Whether nothing more is to be learned of it. */
export const isDescribed = ({ codec, pictures, sound }: Description): boolean =>
  codec === null || pictures !== null || sound !== null;

/** Learns what is to be learned from every frame that it reads. Null for what is only named. */
export function describing(description: Description): Elementary | null {
  const { codec } = description;
  if (codec === null) return null;
  if (codec === UNKNOWN) return recognising(description);
  if (typeof codec === 'string') return soundDescribing(description, codec);
  return codec.describing((stream) => {
    description.pictures ??= stream;
  });
}

/** stream_id_extension of what shares a PID: AC-3 of Blu-ray's TrueHD, for those who know nothing else. */
const FOREIGN: ReadonlyMap<SoundCodec, number> = new Map([['truehd', 0x76]]);

/** Null where descriptors tell a form of the codec that is not read. */
function soundDescribing(description: Description, codec: SoundCodec): Elementary | null {
  try {
    return new SoundElementary({
      splitter: createSplitter(codec, description.stream.descriptors),
      foreign: FOREIGN.get(codec) ?? null,
      isAsStored: false,
      see: (format, ticks) => {
        description.sound ??= format;
        description.origin ??= ticks;
      },
    });
  } catch (error) {
    if (!(error instanceof MediaError)) throw error;
    description.codec = null;
    description.refusal = error.message;
    return null;
  }
}

const recognising = (description: Description): Elementary =>
  new UnknownElementary({
    found(codec) {
      description.codec = codec;
      description.name = codec;
      description.stream.kind = 'audio';
      return soundDescribing(description, codec);
    },
    lost() {
      description.codec = null;
    },
  });

/** New for each stretch that is read; null for what cannot be read. */
export function reading(
  description: Description,
  isAsStored: boolean,
): { readonly elementary: Elementary; readonly joiner: Joiner | null } | null {
  const { codec, stream, pictures } = description;
  if (codec === null || codec === UNKNOWN) return null;
  if (typeof codec === 'string') {
    const splitter = createSplitter(codec, stream.descriptors);
    const joiner = isAsStored ? null : soundJoiner(codec, description);
    const foreign = FOREIGN.get(codec) ?? null;
    return { elementary: new SoundElementary({ splitter, foreign, isAsStored }), joiner };
  }
  return (pictures ?? codec).reading(isAsStored);
}

const DOLBY: ReadonlySet<SoundCodec> = new Set(['ac3', 'eac3']);

function soundJoiner(codec: SoundCodec, { sound, origin }: Description): Joiner | null {
  if (!sound || !DOLBY.has(codec)) return null;
  return eac3GroupJoiner({ origin: timeOfTicks(origin ?? 0), rate: sound.sampleRate });
}

const MEGABYTE = 1024 * 1024;
const UNTOLD = `no frame in the first ${LIMITS.firstFrames / MEGABYTE} MB tells its configuration`;

function reasonAgainst(description: Description): string | null {
  if (isDescribed(description)) return description.refusal;
  if (description.isScrambled) return 'encrypted (scrambled packets)';
  return description.codec === UNKNOWN ? null : UNTOLD;
}

/** The tracks in the order of the program map. */
export function tracksOf(descriptions: readonly Description[]): Track[] {
  const met = new Set<string>();
  return descriptions.map((description, index) => {
    const { stream } = description;
    const role = stream.kind === 'audio' ? audioRole(stream.source) : null;
    const isMain = role === null && !met.has(stream.kind);
    if (role === null) met.add(stream.kind);
    const common = {
      id: stream.pid,
      index,
      sourceCodec: description.name,
      isEnabled: true,
      isDefault: isMain,
      isForced: false,
      language: supplementaryLanguage(stream.source) ?? streamLanguage(stream.source),
      name: role,
      unreadable: stream.unreadable ?? reasonAgainst(description),
    };
    if (stream.kind === 'video') return videoTrack(common, description.pictures);
    if (stream.kind === 'audio') return audioTrack(common, description.sound);
    if (stream.kind === 'other') return { ...common, kind: 'other' };
    return { ...common, kind: 'subtitle', text: null, isForHearingImpaired: false };
  });
}

type Common = Omit<OtherTrack, 'kind'>;

function videoTrack(common: Common, pictures: VideoStream | null): VideoTrack {
  const facts = pictures?.facts;
  return {
    ...common,
    kind: 'video',
    ...videoConfigs(facts?.config ?? null),
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
