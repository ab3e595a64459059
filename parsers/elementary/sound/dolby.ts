import { AC3_SYNC, ac3FrameBytes, dac3Record, parseAc3Frame } from '../../../src/codecs/ac3.ts';
import { dec3Record, eac3Info, eac3Samples, isEac3, parseEac3Frame } from '../../../src/codecs/eac3.ts';
import { EAC3_BLOCKS } from '../../../src/codecs/eac3-metadata.ts';
import { corrupt } from '../../../src/core/errors.ts';
import { type Framing, type Part, rememberFormat, type Sound, syncAt } from './framing.ts';

const SYNC = { first: AC3_SYNC >> 8, second: AC3_SYNC & 255, mask: 255 } as const;
/** Up to bsid, which lies at the same place in both. */
const HEADER_BYTES = 6;
const MAX_BSID = { ac3: 10, eac3: 16 } as const;
const BLOCK_SAMPLES = 256;
/** Of a sample of MP4, whatever its frames have. */
const UNIT_SAMPLES = 1536;

/**
 * AC-3 and E-AC-3: ETSI TS 102 366; bsid decides which of them it is. A frame has those of all other substreams behind
 * it.
 * @param gathering frames of fewer than six blocks: as many as make a sample of MP4 (F.5), counted from the first one on,
 * or each by itself, for streams that are read from anywhere
 */
export function dolbyFraming(gathering: 'samples' | 'frames' = 'samples'): Framing {
  const remember = rememberFormat();
  const least = gathering === 'samples' ? UNIT_SAMPLES : 0;
  return {
    // sixteen of the longest syncframes: 16 Mbit/s
    maxBytes: 64 * 1024,
    partAt(bytes, at) {
      if (!syncAt(bytes, at, SYNC)) return null;
      if (bytes.length - at < HEADER_BYTES) return 'more';
      const header = bytes.subarray(at, at + HEADER_BYTES);
      return (header[5] ?? 0) >> 3 <= MAX_BSID.ac3 ? ac3Part(header) : eac3Part(header);
    },
    joins: ({ isHead }, samples) => !isHead || samples < least,
    sounds(unit) {
      const sound = isEac3(unit) ? eac3Sound(unit, remember) : ac3Sound(unit, remember);
      if (sound.samples < least) throw corrupt('E-AC-3 frames of a part of an access unit');
      return [sound];
    },
  };
}

/** Rates as codes: whole ones by fscod, halves and quarters behind them. */
function ac3Part([, , , , code = 0, bsid = 0]: Uint8Array): Part | null {
  const fscod = code >> 6;
  const bytes = ac3FrameBytes(fscod, code & 63);
  const divisor = Math.max(0, (bsid >> 3) - 8);
  return bytes === null ? null : { bytes, key: fscod + divisor * 3, isHead: true, samples: UNIT_SAMPLES };
}

const TYPE = { dependent: 1, reserved: 3 } as const;
const HALF_RATE = 3;
const FULL_BLOCKS = 3;

/** syncinfo and what follows it up to bsid: E.1.2.2. */
function eac3Part([, , c = 0, d = 0, e = 0, f = 0]: Uint8Array): Part | null {
  const [type, substream] = [c >> 6, (c >> 3) & 7];
  const [fscod, code] = [e >> 6, (e >> 4) & 3];
  const isHalf = fscod === HALF_RATE;
  if (type === TYPE.reserved || f >> 3 > MAX_BSID.eac3 || (isHalf && code === HALF_RATE)) return null;
  const blocks = EAC3_BLOCKS[(isHalf ? FULL_BLOCKS : code) as 0 | 1 | 2 | 3];
  const isHead = type !== TYPE.dependent && substream === 0;
  return {
    bytes: (((c & 7) << 8) + d + 1) * 2,
    key: isHalf ? HALF_RATE + code : fscod,
    isHead,
    samples: isHead ? blocks * BLOCK_SAMPLES : 0,
  };
}

type Remember = ReturnType<typeof rememberFormat>;

function ac3Sound(unit: Uint8Array, remember: Remember): Sound {
  const { sampleRate, channels, fscod, bsid, bsmod, acmod, lfeon, samples } = parseAc3Frame(unit);
  const key = ['ac3', fscod, bsid, bsmod, acmod, lfeon].join();
  const format = remember(key, () => ({
    config: { codec: 'ac3', record: dac3Record(unit) },
    sampleRate,
    channels,
    frameSize: UNIT_SAMPLES,
  }));
  return { data: unit, samples, format };
}

function eac3Sound(unit: Uint8Array, remember: Remember): Sound {
  const record = dec3Record(unit);
  const format = remember(withoutRate(record), () => ({
    config: { codec: 'eac3', record },
    sampleRate: parseEac3Frame(unit).sampleRate,
    channels: eac3Info(record).channels,
    frameSize: UNIT_SAMPLES,
  }));
  return { data: unit, samples: eac3Samples(unit), format };
}

/** A record but for data_rate, the first 13 bits, which differs from unit to unit. */
const withoutRate = ([, second = 0, ...rest]: Uint8Array): string => ['eac3', second & 7, ...rest].join();
