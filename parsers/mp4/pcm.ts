import { orNull, unsupported } from '../../src/core/errors.ts';
import type { PcmFormat } from '../../src/core/media.ts';
import { cursorOf, readFullBox } from './readable-boxes.ts';
import { type AudioSetup, asStored, type Told, told } from './setup.ts';
import type { LinearSound, SoundEntry } from './sound-entry.ts';

/** Null for a size that the format cannot have. */
type ReadFormat = (entry: SoundEntry) => PcmFormat | null;

const WHOLE_BYTES: ReadonlySet<number> = new Set([8, 16, 24, 32]);
const FLOAT_BITS: ReadonlySet<number> = new Set([32, 64]);

const BIG = { isBigEndian: true } as const;
const LITTLE = { isBigEndian: false } as const;

const integer = (bits: number, order: Pick<PcmFormat, 'isBigEndian'>): PcmFormat | null =>
  WHOLE_BYTES.has(bits) ? { encoding: 'signed', bits, ...order } : null;
const float = (bits: number, order: Pick<PcmFormat, 'isBigEndian'>): PcmFormat | null =>
  FLOAT_BITS.has(bits) ? { encoding: 'float', bits, ...order } : null;
/** Eight bits without sign, more with one: as WAVE has it, and QuickTime's `raw `. */
const mixed = (bits: number, order: Pick<PcmFormat, 'isBigEndian'>): PcmFormat | null =>
  bits === 8 ? { encoding: 'unsigned', bits, ...order } : integer(bits, order);

const LITTLE_ENDIAN = 1;

/** `enda` (QuickTime File Format, Sound Sample Description Extensions): 1 for little-endian samples. */
function declaredOrder({ child }: SoundEntry): Pick<PcmFormat, 'isBigEndian'> {
  const enda = child('enda');
  const isLittle = enda && orNull(() => cursorOf(enda).u16()) === LITTLE_ENDIAN;
  return isLittle ? LITTLE : BIG;
}

/** AudioFormatFlags of Core Audio. */
const FLAG = { float: 1, bigEndian: 2, signed: 4, alignedHigh: 16, nonInterleaved: 32 } as const;

/** `lpcm` of version 2. What stands at the high end of larger samples is read as if those were full. */
function linearFormat({ linear, channels }: SoundEntry): PcmFormat | null {
  if (!linear || (linear.flags & FLAG.nonInterleaved && channels > 1)) return null;
  const bits = storedBits(linear, channels);
  const order = linear.flags & FLAG.bigEndian ? BIG : LITTLE;
  if (bits === null) return null;
  if (linear.flags & FLAG.float) return float(bits, order);
  if (bits === 20 && linear.flags & FLAG.signed) return { encoding: 'signed', bits, ...order };
  const signed = integer(bits, order);
  return signed && !(linear.flags & FLAG.signed) ? { ...signed, encoding: 'unsigned' } : signed;
}

function storedBits(
  { bits, packetBytes, packetFrames, flags }: LinearSound,
  channels: number,
): number | null {
  const stored = (packetBytes * 8) / (Math.max(1, packetFrames) * channels);
  if (packetBytes === 0 || stored === bits) return bits;
  return flags & FLAG.alignedHigh && stored > bits ? stored : null;
}

const PCMC_LITTLE = 1;

/** `pcmC`: ISO/IEC 23003-5, 5.2. */
function configured(format: typeof integer): ReadFormat {
  return ({ child }) => {
    const box = child('pcmC');
    if (!box) return null;
    const { fields } = readFullBox(box);
    const order = fields.u8() & PCMC_LITTLE ? LITTLE : BIG;
    return format(fields.u8(), order);
  };
}

/** Type of a sample entry → what its samples are. */
const FORMATS: ReadonlyMap<string, ReadFormat> = new Map<string, ReadFormat>([
  ['twos', ({ sampleBits }) => integer(sampleBits, BIG)],
  ['sowt', ({ sampleBits }) => integer(sampleBits, LITTLE)],
  ['raw ', ({ sampleBits }) => mixed(sampleBits, BIG)],
  ['NONE', ({ sampleBits }) => mixed(sampleBits, BIG)],
  ['\0\0\0\0', ({ sampleBits }) => mixed(sampleBits, BIG)],
  ['in24', (entry) => integer(24, declaredOrder(entry))],
  ['in32', (entry) => integer(32, declaredOrder(entry))],
  ['fl32', (entry) => float(32, declaredOrder(entry))],
  ['fl64', (entry) => float(64, declaredOrder(entry))],
  ['lpcm', linearFormat],
  ['ipcm', configured(integer)],
  ['fpcm', configured(float)],
  ['alaw', () => ({ encoding: 'alaw', bits: 8, ...LITTLE })],
  ['ulaw', () => ({ encoding: 'mulaw', bits: 8, ...LITTLE })],
  ['ms\x00\x01', ({ sampleBits }) => mixed(sampleBits, LITTLE)],
  ['ms\x00\x03', ({ sampleBits }) => float(sampleBits, LITTLE)],
  ['ms\x00\x06', () => ({ encoding: 'alaw', bits: 8, ...LITTLE })],
  ['ms\x00\x07', () => ({ encoding: 'mulaw', bits: 8, ...LITTLE })],
]);

export const PCM_TYPES: readonly string[] = [...FORMATS.keys()];

/** A frame of one sample of each still is small. */
const MAX_CHANNELS = 255;

/**
 * Samples as they are.
 * @throws MediaError `unsupported` for sizes and orders that cannot be decoded, and without channels or a rate
 */
export const pcmCodec =
  (type: string) =>
  (entry: SoundEntry): Told<AudioSetup> => {
    const { channels, sampleBits, sampleRate } = entry;
    const format = FORMATS.get(type)?.(entry);
    if (!format) throw unsupported(`PCM whose samples of ${sampleBits} bits are of no known form`);
    if (channels < 1 || channels > MAX_CHANNELS) throw unsupported(`PCM with ${channels} channels`);
    if (sampleRate === null) throw unsupported('PCM without a sampling rate');
    return told(
      asStored({
        config: { codec: 'pcm', record: new Uint8Array(0), format, channels },
        sampleRate,
        channels,
        frameSize: null,
      }),
    );
  };
