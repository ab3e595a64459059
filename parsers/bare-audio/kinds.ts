import { ac3FrameBytes } from '../../src/codecs/ac3.ts';
import { parseMpegAudioHeader } from '../../src/codecs/mpeg-audio.ts';
import { adtsFraming } from '../elementary/sound/adts.ts';
import { dolbyFraming } from '../elementary/sound/dolby.ts';
import { dtsFraming } from '../elementary/sound/dts.ts';
import type { Framing, Part } from '../elementary/sound/framing.ts';
import { mpegAudioFraming } from '../elementary/sound/mpeg-audio.ts';
import { dtsWordsFramings, plausibleCoreBytes } from './dts-words.ts';

/** Bytes of frames of one constant bit rate. */
export interface MeanFrame {
  /** A fraction where some frames have a slot more than others. */
  readonly bytes: number;
  /** How far frames lie from where the mean would have them. */
  readonly slack: number;
}

/** A kind of frames that a file may be made of. */
export interface FrameKind {
  readonly name: 'mpeg-audio' | 'aac' | 'dolby' | 'dts' | 'dts-words';
  /** Bytes that a frame may begin with. */
  readonly starts: readonly number[];
  /** What makes framings of one stream. @param front bytes of it: some forms are told by more than one frame */
  framings(front: Uint8Array): () => Framing;
  /**
   * Where a frame may have several parts: whether one belongs to the frame before it, which lasts `samples` so far.
   */
  joins?(part: Part, samples: number): boolean;
  /** Of the key of a part what must not change within a stream, so that its samples can be counted. */
  family(key: number): number;
  /** Of the shortest part that means something; 0 where headers have no shorter ones. */
  readonly leastBytes: number;
  /** What the bit rate in a frame's header means, where frames of one rate may differ in length; else null. */
  meanFrame(frame: Uint8Array): MeanFrame | null;
}

/** Two slots: encoders begin to count at different places. */
const SLACK_SLOTS = 2;

const LAYER_1_SLOT = 4;

function meanMpegAudio(frame: Uint8Array): MeanFrame {
  const { samples, bitrate, sampleRate, layer } = parseMpegAudioHeader(frame);
  const slot = layer === 1 ? LAYER_1_SLOT : 1;
  return { bytes: (samples * bitrate) / 8 / sampleRate, slack: SLACK_SLOTS * slot };
}

const FSCOD_44100 = 1;
const WORD = 2;

/** Only at 44.1 kHz do frames of one rate differ: ETSI TS 102 366, Table 4.13. E-AC-3 tells lengths and no rates. */
function meanDolby([, , , , code = 0, bsid = 0]: Uint8Array): MeanFrame | null {
  const isAc3 = bsid >> 3 <= 10;
  const size = ac3FrameBytes(code >> 6, code & 62);
  const rounded = ac3FrameBytes(0, code & 62);
  if (!isAc3 || code >> 6 !== FSCOD_44100 || size === null || rounded === null) return null;
  return { bytes: (rounded * 48_000) / 44_100, slack: SLACK_SLOTS * WORD };
}

/** What stands before the sound takes as much; 24 kbit/s in frames of one block. */
const LEAST_PART = 16;
/** Of an access unit of AC-3 and E-AC-3, whatever the frames of its substreams have. */
const UNIT_SAMPLES = 1536;

const same = (key: number): number => key;

export const MPEG_AUDIO: FrameKind = {
  name: 'mpeg-audio',
  starts: [0xff],
  framings: () => mpegAudioFraming,
  // but for the last bit: mono and stereo may follow each other
  family: (key) => key >> 1,
  leastBytes: 0,
  meanFrame: meanMpegAudio,
};

export const ADTS: FrameKind = {
  name: 'aac',
  starts: [0xff],
  framings: () => adtsFraming,
  // sampling_frequency_index
  family: (key) => (key >> 10) & 15,
  leastBytes: 0,
  meanFrame: () => null,
};

export const DOLBY: FrameKind = {
  name: 'dolby',
  starts: [0x0b],
  framings: () => () => dolbyFraming(),
  joins: ({ isHead }, samples) => !isHead || samples < UNIT_SAMPLES,
  family: same,
  leastBytes: LEAST_PART,
  meanFrame: meanDolby,
};

const CORE_FIRST_BYTE = 0x7f;
const CORE_HEADER = 9;

/** Without an error for each header that means nothing: a file of synchronisation words alone takes a minute else. */
function plausibleDtsFraming(): Framing {
  const framing = dtsFraming();
  return {
    ...framing,
    partAt(bytes, at) {
      const isCore = bytes[at] === CORE_FIRST_BYTE && bytes.length - at >= CORE_HEADER;
      if (isCore && plausibleCoreBytes(bytes.subarray(at, at + CORE_HEADER)) === null) return null;
      return framing.partAt(bytes, at);
    },
  };
}

export const DTS: FrameKind = {
  name: 'dts',
  starts: [0x7f],
  framings: () => plausibleDtsFraming,
  joins: ({ isHead }) => !isHead,
  // the rate, without the channels
  family: (key) => key >> 4,
  leastBytes: 0,
  meanFrame: () => null,
};

/** DTS in the words of a CD, as it hides in files of PCM. */
export const DTS_WORDS: FrameKind = {
  name: 'dts-words',
  starts: [0xfe, 0xff, 0x1f],
  framings: dtsWordsFramings,
  family: same,
  leastBytes: 0,
  meanFrame: () => null,
};

/** Everything that frames of sound without a container may be. */
export const FRAME_KINDS: readonly FrameKind[] = [MPEG_AUDIO, ADTS, DOLBY, DTS, DTS_WORDS];
