import { AC3_CHANNELS, dac3Record, parseAc3Frame, parseDac3 } from '../../src/codecs/ac3.ts';
import { alacRecord, readAlacCookie } from '../../src/codecs/alac.ts';
import { parseDtsHeader } from '../../src/codecs/dts.ts';
import { dec3Record, eac3Info, eac3Samples, isEac3, parseEac3Frame } from '../../src/codecs/eac3.ts';
import { dfLaRecord, readFlacPrivate } from '../../src/codecs/flac.ts';
import { parseMpegAudioHeader } from '../../src/codecs/mpeg-audio.ts';
import { dOpsRecord, parseDops } from '../../src/codecs/opus.ts';
import { parseMajorSync } from '../../src/codecs/truehd.ts';
import { orNull } from '../../src/core/errors.ts';
import { nanoseconds } from '../../src/core/time.ts';
import { eac3GroupJoiner } from '../elementary/eac3-groups.ts';
import { fullBoxContent } from './readable-boxes.ts';
import { type AudioSetup, asStored, type Told, told } from './setup.ts';
import type { SoundEntry } from './sound-entry.ts';

/** Null where the entry lacks what it takes and samples do not tell it. */
export type SoundCodec = (entry: SoundEntry) => Told<AudioSetup> | null;

const LAYER_3 = 3;
const HEADER_BYTES = 4;

/** The first frame's header tells everything, the layer too, whatever the entry says. */
export const mpegAudioCodec: SoundCodec = () => ({
  setup: null,
  fromSample: (sample) => {
    const header = orNull(() => parseMpegAudioHeader(sample));
    if (!header) return null;
    return asStored({
      config: {
        codec: header.layer === LAYER_3 ? 'mp3' : 'mp2',
        record: sample.slice(0, HEADER_BYTES),
      },
      sampleRate: header.sampleRate,
      channels: header.channels,
      frameSize: header.samples,
    });
  },
});

/** By fscod: ETSI TS 102 366, 4.4.1.3. */
const AC3_RATES = [48_000, 44_100, 32_000] as const;
/** bsid above it halves the rate. */
const FULL_RATE_BSID = 8;
const DAC3_BYTES = 3;
/** Samples in a frame of AC-3, and in a sample of MP4 of E-AC-3, whose frames may be shorter: ETSI TS 102 366, F.5. */
const SAMPLE = 1536;

/** `dac3` (ETSI TS 102 366, F.4). The first frame tells the same, and whether it is E-AC-3 after all. */
export const ac3Codec: SoundCodec = ({ child }) => {
  const box = child('dac3');
  return { setup: box ? orNull(() => ac3Setup(box.bytes.slice(0, DAC3_BYTES))) : null, fromSample: fromAc3 };
};

/** `dec3` (F.6) does not tell how many samples a frame has, and may be silent about joint object coding. */
export const eac3Codec: SoundCodec = ({ child, sampleRate }) => {
  const box = child('dec3');
  return { setup: box ? orNull(() => eac3Setup(box.bytes.slice(), sampleRate)) : null, fromSample: fromAc3 };
};

function ac3Setup(record: Uint8Array): AudioSetup | null {
  const { fscod, bsid, acmod, lfeon } = parseDac3(record);
  const rate = AC3_RATES[fscod as 0 | 1 | 2];
  if (!rate) return null;
  return asStored({
    config: { codec: 'ac3', record },
    sampleRate: rate >> Math.max(0, bsid - FULL_RATE_BSID),
    channels: (AC3_CHANNELS[acmod] ?? 0) + (lfeon ? 1 : 0),
    frameSize: SAMPLE,
  });
}

function eac3Setup(record: Uint8Array, entryRate: number | null): AudioSetup | null {
  const { fscod, channels } = eac3Info(record);
  const sampleRate = AC3_RATES[fscod as 0 | 1 | 2] ?? entryRate;
  return sampleRate && asStored({ config: { codec: 'eac3', record }, sampleRate, channels, frameSize: null });
}

function fromAc3(sample: Uint8Array): AudioSetup | null {
  return orNull(() => {
    if (isEac3(sample)) {
      const record = dec3Record(sample);
      const { sampleRate } = parseEac3Frame(sample);
      const { channels } = eac3Info(record);
      const setup = asStored({ config: { codec: 'eac3', record }, sampleRate, channels, frameSize: SAMPLE });
      if (eac3Samples(sample) === SAMPLE) return setup;
      return { ...setup, joiner: (origin) => eac3GroupJoiner({ origin, rate: sampleRate }) };
    }
    const { sampleRate, channels, samples } = parseAc3Frame(sample);
    const record = dac3Record(sample);
    return asStored({ config: { codec: 'ac3', record }, sampleRate, channels, frameSize: samples });
  });
}

/** The core of the first frame tells everything, whatever `ddts` says of extensions. */
export const dtsCodec: SoundCodec = () => ({
  setup: null,
  fromSample: (sample) => {
    const { sampleRate, channels, samples } = parseDtsHeader(sample);
    return asStored({
      config: { codec: 'dts', record: new Uint8Array(0) },
      sampleRate,
      channels,
      frameSize: samples,
    });
  },
});

/** The first access unit with a major sync tells everything. */
export const trueHdCodec: SoundCodec = () => ({
  setup: null,
  fromSample: (sample) => {
    const sync = parseMajorSync(sample);
    if (!sync) return null;
    return asStored({
      config: { codec: 'truehd', record: new Uint8Array(0) },
      sampleRate: sync.sampleRate,
      channels: sync.channels,
      frameSize: sync.samples,
    });
  },
});

/** Opus decodes at this rate whatever was fed into its encoder: RFC 7845, 5.1. */
const OPUS_RATE = 48_000;
/** RFC 7845, 4.6. */
const OPUS_PRE_ROLL = nanoseconds(80_000_000);
const NANOSECONDS_PER_SAMPLE = 1_000_000 / 48;

/** `dOps`: Encapsulation of Opus in ISO Base Media File Format, 4.3.2. */
export const opusCodec: SoundCodec = ({ child }) => {
  const box = child('dOps');
  if (!box) return null;
  const head = parseDops(box.bytes);
  return told(
    asStored({
      config: { codec: 'opus', record: dOpsRecord(head) },
      sampleRate: OPUS_RATE,
      channels: head.channels,
      frameSize: null,
      codecDelay: nanoseconds(Math.round(head.preSkip * NANOSECONDS_PER_SAMPLE)),
      seekPreRoll: OPUS_PRE_ROLL,
    }),
  );
};

/** `dfLa`: Encapsulation of FLAC in ISO Base Media File Format, 3.3.2. */
export const flacCodec: SoundCodec = ({ child }) => {
  const box = child('dfLa');
  if (!box) return null;
  const header = readFlacPrivate(fullBoxContent(box));
  const { sampleRate, channels, minBlockSize, maxBlockSize } = header.streamInfo;
  return told(
    asStored({
      config: { codec: 'flac', record: dfLaRecord(header) },
      sampleRate,
      channels,
      frameSize: minBlockSize === maxBlockSize ? maxBlockSize : null,
    }),
  );
};

/** The magic cookie in a box with the name of its entry. */
export const alacCodec: SoundCodec = ({ child }) => {
  const box = child('alac');
  if (!box) return null;
  const cookie = readAlacCookie(fullBoxContent(box));
  return told(
    asStored({
      config: { codec: 'alac', record: alacRecord(cookie) },
      sampleRate: cookie.sampleRate,
      channels: cookie.channels,
      frameSize: cookie.frameLength,
    }),
  );
};
