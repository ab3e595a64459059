import { adtsFraming } from '../../elementary/sound/adts.ts';
import { dolbyFraming } from '../../elementary/sound/dolby.ts';
import { dtsFraming } from '../../elementary/sound/dts.ts';
import { FrameCutter } from '../../elementary/sound/engine.ts';
import type { Framing, SoundSplitter } from '../../elementary/sound/framing.ts';
import { latmFraming } from '../../elementary/sound/latm.ts';
import { mpegAudioFraming } from '../../elementary/sound/mpeg-audio.ts';
import { trueHdFraming } from '../../elementary/sound/truehd.ts';
import type { Descriptor } from '../psi.ts';
import { opusFraming } from './opus.ts';

export type { CutFrame, SoundFormat, SoundSplitter } from '../../elementary/sound/framing.ts';

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
