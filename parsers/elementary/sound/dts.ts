import { parseDtsHeader } from '../../../src/codecs/dts.ts';
import { BitReader } from '../../../src/core/bits.ts';
import { orNull } from '../../../src/core/errors.ts';
import { type Framing, type Part, rememberFormat, type SoundFormat, syncAt } from './framing.ts';

const CORE = { first: 0x7f, second: 0xfe, mask: 255, word: 0x7ffe8001 } as const;
const EXTENSION = { first: 0x64, second: 0x58, mask: 255, word: 0x64582025 } as const;
/** Of either, as far as it is read. */
const HEADER_BYTES = 16;
const LEAST_EXTENSION = 10;

/**
 * DTS as Blu-ray and DVB have it, in words of 16 bits: ETSI TS 102 114. A frame is a core with the extension substreams
 * behind it. Extension substreams alone (Express, lossless without a core) make no frames.
 */
export function dtsFraming(): Framing {
  const remember = rememberFormat();
  return {
    // lossless at 24.5 Mbit/s: 33 KB for 512 samples at 48 kHz
    maxBytes: 128 * 1024,
    partAt(bytes, at) {
      const isCore = syncAt(bytes, at, CORE);
      if (!isCore && !syncAt(bytes, at, EXTENSION)) return null;
      const header = bytes.subarray(at, at + HEADER_BYTES);
      const isCut = header.length < HEADER_BYTES;
      if (header.length < 4) return 'more';
      if (new BitReader(header).u(32) !== (isCore ? CORE : EXTENSION).word) return null;
      if (isCut) return 'more';
      return isCore ? corePart(header) : extensionPart(header);
    },
    joins: ({ isHead }) => !isHead,
    sounds(frame) {
      const { sampleRate, channels, samples } = parseDtsHeader(frame);
      const format = remember([sampleRate, channels, samples].join(), (): SoundFormat => {
        const config = { codec: 'dts', record: new Uint8Array(0) } as const;
        return { config, sampleRate, channels, frameSize: samples };
      });
      return [{ data: frame, samples, format }];
    },
  };
}

/** FSIZE and the rest of the core's header: 5.3.1. */
function corePart(header: Uint8Array): Part | null {
  const fields = orNull(() => parseDtsHeader(header));
  if (!fields) return null;
  const [, , , , , f = 0, g = 0, h = 0] = header;
  const bytes = (((f & 3) << 12) | (g << 4) | (h >> 4)) + 1;
  return { bytes, key: fields.sampleRate * 16 + fields.channels, isHead: true, samples: fields.samples };
}

/** Size of an extension substream by its header: 7.4.1. */
function extensionPart(header: Uint8Array): Part | null {
  const bits = new BitReader(header);
  // synchronisation, UserDefinedBits, nExtSSIndex
  bits.skip(32 + 8 + 2);
  const isLong = bits.flag();
  bits.skip(isLong ? 12 : 8);
  const bytes = bits.u(isLong ? 20 : 16) + 1;
  return bytes < LEAST_EXTENSION ? null : { bytes, key: null, isHead: false, samples: 0 };
}
