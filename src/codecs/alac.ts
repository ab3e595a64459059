import { BitReader, BitWriter } from '../core/bits.ts';
import { ByteCursor } from '../core/bytes.ts';
import { corrupt } from '../core/errors.ts';

/** ALACSpecificConfig: Apple Lossless Format, magic cookie. */
export interface AlacCookie {
  /** Samples in a frame. */
  readonly frameLength: number;
  readonly bitDepth: number;
  readonly channels: number;
  readonly sampleRate: number;
  /** The adaptive Golomb coder's: mb, where its mean begins; pb, how fast that moves; kb, its longest remainder. */
  readonly initialHistory: number;
  readonly historyMultiplier: number;
  readonly riceLimit: number;
  /** The 24 bytes themselves. */
  readonly record: Uint8Array;
}

const COOKIE_BYTES = 24;
const FORMAT_ATOM_BYTES = 12;
const CONFIG_ATOM_HEAD_BYTES = 12;
const MAX_FRAME = 65_536;
const MAX_CHANNELS = 8;

/**
 * The cookie bare, or in the `frma` and `alac` atoms that old files wrap it in; a channel layout may follow.
 * @throws MediaError `corrupt`, `truncated`
 */
export function readAlacCookie(bytes: Uint8Array): AlacCookie {
  let rest = bytes;
  if (isAtom(rest, 'frma')) rest = rest.subarray(FORMAT_ATOM_BYTES);
  if (isAtom(rest, 'alac')) rest = rest.subarray(CONFIG_ATOM_HEAD_BYTES);
  const cursor = new ByteCursor(rest);
  const record = cursor.bytes(COOKIE_BYTES).slice();
  const fields = new ByteCursor(record);
  const frameLength = fields.u32();
  fields.skip(1);
  const bitDepth = fields.u8();
  const [historyMultiplier, initialHistory, riceLimit] = [fields.u8(), fields.u8(), fields.u8()];
  const channels = fields.u8();
  fields.skip(10);
  const sampleRate = fields.u32();
  const isSane =
    frameLength > 0 && frameLength <= MAX_FRAME && channels > 0 && channels <= MAX_CHANNELS && sampleRate > 0;
  if (!isSane || ![16, 20, 24, 32].includes(bitDepth)) throw corrupt('ALAC cookie with impossible values');
  return {
    frameLength,
    bitDepth,
    channels,
    sampleRate,
    initialHistory,
    historyMultiplier,
    riceLimit,
    record,
  };
}

const isAtom = (bytes: Uint8Array, type: string): boolean =>
  [...type].every((char, i) => bytes[4 + i] === char.charCodeAt(0));

/** Content of the `alac` box behind version and flags. */
export const alacRecord = ({ record }: AlacCookie): Uint8Array => record;

/** Bits of an element's head before the flag that says whether it has fewer samples than the others: tag, instance, unused. */
const BEFORE_PARTIAL = 3 + 4 + 12;
/** How many low bits are stored apart, and whether nothing is compressed. */
const BEFORE_COUNT = 2 + 1;

/** Samples of a frame that has fewer than the others; null for a full one. */
export function alacFrameSamples(frame: Uint8Array): number | null {
  const bits = new BitReader(frame);
  bits.skip(BEFORE_PARTIAL);
  const isPartial = bits.flag();
  bits.skip(BEFORE_COUNT);
  const samples = isPartial ? bits.u(32) : 0;
  return bits.overrun || samples === 0 || samples > MAX_FRAME ? null : samples;
}

/** Syntactic elements: a single channel, a pair, the end. */
const ELEMENT = { single: 0, pair: 1, end: 7 } as const;

/** Elements by channels, in the order of the bitstream; the LFE channel is a single one. */
const LAYOUTS: readonly (readonly ('single' | 'pair')[])[] = [
  [],
  ['single'],
  ['pair'],
  ['single', 'pair'],
  ['single', 'pair', 'single'],
  ['single', 'pair', 'pair'],
  ['single', 'pair', 'pair', 'single'],
  ['single', 'pair', 'pair', 'single', 'single'],
  ['single', 'pair', 'pair', 'pair', 'single'],
];

/**
 * A frame of digital silence, compressed: residuals of 0 without prediction. Fewer samples than a frame has make a
 * partial frame; null for more.
 * @param record ALACSpecificConfig
 * @throws MediaError `corrupt`, `truncated` for a broken record
 */
export function silentAlacFrame(record: Uint8Array, samples: number): Uint8Array | null {
  const cookie = readAlacCookie(record);
  if (samples < 1 || samples > cookie.frameLength || cookie.riceLimit === 0) return null;
  const bits = new BitWriter();
  const instances = { single: 0, pair: 0 };
  for (const kind of LAYOUTS[cookie.channels] ?? []) {
    bits.u(ELEMENT[kind], 3).u(instances[kind]++, 4);
    writeSilence(bits, cookie, { samples, channels: kind === 'pair' ? 2 : 1 });
  }
  return bits.u(ELEMENT.end, 3).bytes();
}

interface Silence {
  readonly samples: number;
  readonly channels: number;
}

const UNUSED_HEADER_BITS = 12;
/** A pair of 32 bits is beyond a decoder's word: the lowest byte of each sample stands uncompressed. */
const SHIFTED_BYTES = { 16: 0, 20: 0, 24: 0, 32: 1 } as const;
/** mixBits and mixRes. */
const NO_MIXING_BITS = 16;

/** One element: its header, the coefficients and the shifted bytes, then the residuals of each channel. */
function writeSilence(bits: BitWriter, cookie: AlacCookie, { samples, channels }: Silence): void {
  const isPartial = samples !== cookie.frameLength;
  const shifted = SHIFTED_BYTES[cookie.bitDepth as 16 | 20 | 24 | 32];
  bits.u(0, UNUSED_HEADER_BITS).flag(isPartial).u(shifted, 2).flag(false);
  if (isPartial) bits.u(samples, 32);
  bits.u(0, NO_MIXING_BITS);
  for (let channel = 0; channel < channels; channel++) writeNoPrediction(bits);
  for (let i = 0; i < samples * channels; i++) bits.u(0, shifted * 8);
  for (let channel = 0; channel < channels; channel++) writeZeroResiduals(bits, cookie, samples);
}

/** pbFactor in quarters: the cookie's own multiplier. */
const WHOLE_FACTOR = 4;

/** denShift, without effect here, as encoders write it: decoders refuse 0. */
const USUAL_SHIFT = 9;

/** mode, denShift, pbFactor, number of coefficients. */
const writeNoPrediction = (bits: BitWriter): BitWriter =>
  bits.u(0, 4).u(USUAL_SHIFT, 4).u(WHOLE_FACTOR, 3).u(0, 5);

const HISTORY_SHIFT = 9;
/** Below this mean a run of zeros follows. */
const RUN_HISTORY = 128;
/** Nine ones: the value follows as it is. */
const ESCAPE = 0x1ff;

/** Zeros one by one, a bit each while the mean is a byte, until it is low; then a run of all that is left. */
function writeZeroResiduals(bits: BitWriter, cookie: AlacCookie, samples: number): void {
  let history = cookie.initialHistory;
  let left = samples;
  while (left > 0) {
    bits.u(0, 1);
    left--;
    history -= (history * cookie.historyMultiplier) >> HISTORY_SHIFT;
    if (left === 0 || history >= RUN_HISTORY) continue;
    bits.u(ESCAPE, 9).u(left, 16);
    left = 0;
  }
}
