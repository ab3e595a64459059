import { parseMpegAudioHeader } from '../../../src/codecs/mpeg-audio.ts';
import { orNull } from '../../../src/core/errors.ts';
import { type Framing, rememberFormat, type SoundFormat, syncAt } from './framing.ts';

const SYNC = { first: 0xff, second: 0xe0, mask: 0xe0 } as const;
const HEADER_BYTES = 4;
const LAYER_3 = 3;

/** MPEG audio, layers I to III: ISO/IEC 11172-3 and 13818-3. Free format, whose frames do not tell their size, is none. */
export function mpegAudioFraming(): Framing {
  const remember = rememberFormat();
  return {
    // layer II of 160 kbit/s at 8 kHz
    maxBytes: 2881,
    partAt(bytes, at) {
      if (!syncAt(bytes, at, SYNC)) return null;
      const header = bytes.subarray(at, at + HEADER_BYTES);
      if (header.length < HEADER_BYTES) return 'more';
      if (isReserved(header)) return null;
      const fields = orNull(() => parseMpegAudioHeader(header));
      if (!fields || fields.frameBytes === 0) return null;
      return { bytes: fields.frameBytes, key: keyOf(header), isHead: true, samples: fields.samples };
    },
    sounds(frame) {
      const header = frame.subarray(0, HEADER_BYTES);
      const format = remember(String(keyOf(header)), () => formatOf(header));
      return [{ data: frame, samples: parseMpegAudioHeader(header).samples, format }];
    },
  };
}

/** Codes of version, layer, bit rate and rate that stand for nothing: cheaper than an error at every second 0xFF. */
const isReserved = ([, b = 0, c = 0]: Uint8Array): boolean =>
  (b & 0x18) === 0x08 || (b & 0x06) === 0 || c >> 4 === 15 || (c & 0x0c) === 0x0c;

const VERSION_AND_LAYER = 0x1e;
const RATE = 0x0c;
const MONO = 3;

/** What is the same in all frames of a stream: version, layer, rate, whether it is mono. */
const keyOf = ([, b = 0, c = 0, d = 0]: Uint8Array): number =>
  ((b & VERSION_AND_LAYER) << 8) | (c & RATE) | (d >> 6 === MONO ? 1 : 0);

function formatOf(header: Uint8Array): SoundFormat {
  const { layer, sampleRate, channels, samples } = parseMpegAudioHeader(header);
  const codec = layer === LAYER_3 ? 'mp3' : 'mp2';
  return { config: { codec, record: header.slice() }, sampleRate, channels, frameSize: samples };
}
