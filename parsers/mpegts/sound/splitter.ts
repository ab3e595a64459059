import type { Descriptor } from '../psi.ts';
import { adtsFraming } from './adts.ts';
import { dolbyFraming } from './dolby.ts';
import { dtsFraming } from './dts.ts';
import { FrameCutter } from './engine.ts';
import type { Framing, SoundSplitter } from './framing.ts';
import { latmFraming } from './latm.ts';
import { mpegAudioFraming } from './mpeg-audio.ts';
import { opusFraming } from './opus.ts';
import { trueHdFraming } from './truehd.ts';

export type { CutFrame, SoundFormat, SoundSplitter } from './framing.ts';

export type SoundCodec = 'aac' | 'aac_latm' | 'ac3' | 'eac3' | 'mpeg-audio' | 'opus' | 'dts' | 'truehd';

type MakeFraming = (descriptors: readonly Descriptor[]) => Framing;

/** A new codec is a file with its framing and a row here. */
const FRAMINGS: Readonly<Record<SoundCodec, MakeFraming>> = {
  aac: adtsFraming,
  aac_latm: latmFraming,
  ac3: () => dolbyFraming('frames'),
  eac3: () => dolbyFraming('frames'),
  'mpeg-audio': mpegAudioFraming,
  opus: opusFraming,
  dts: dtsFraming,
  truehd: trueHdFraming,
};

export const SOUND_CODECS = Object.keys(FRAMINGS) as readonly SoundCodec[];

/** How frames of the codec lie in its stream. As `createSplitter`. */
export const framingOf = (codec: SoundCodec, descriptors: readonly Descriptor[]): Framing =>
  FRAMINGS[codec](descriptors);

/**
 * Cuts one elementary stream of sound into frames.
 * @param descriptors of the stream in the program map
 * @throws MediaError `unsupported` where descriptors tell a form of the codec that is not read
 */
export const createSplitter = (codec: SoundCodec, descriptors: readonly Descriptor[]): SoundSplitter =>
  new FrameCutter(framingOf(codec, descriptors));
