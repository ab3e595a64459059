import { BitWriter } from '../core/bits.ts';
import { AC3_CHANNELS, AC3_SYNC, type Ac3Record, ac3FrameBytes, parseDac3 } from './ac3.ts';
import { crc16, leadingCrc16 } from './crc.ts';

/** Which channels a frame has. */
export interface Ac3Channels {
  readonly acmod: number;
  readonly lfeon: boolean;
}

/** dialnorm of -31 dB: nothing is turned down. */
export const PLAIN_DIALNORM = 31;
/** Exponent strategies, 4.4.3: one for four coefficients; those of the block before. */
export const STRATEGY = { d45: 3, reuse: 0 } as const;
/** chbwcod 0: 73 coefficients, so that 6 groups of 3 differences hold their exponents by D45; the LFE has 2: 6.1.3. */
const BANDWIDTH_BITS = 6;
const GROUPS = 6;
const LFE_GROUPS = 2;
const FIRST_EXPONENT = 15;
/** Three differences of 0: 25 · 2 + 5 · 2 + 2. */
const NO_DIFFERENCES = 62;
const REMATRIX_BANDS = 4;
const STEREO = 2;
const DUAL_MONO = 0;

const fullChannels = ({ acmod }: Ac3Channels): number => AC3_CHANNELS[acmod] ?? 0;

/** A value for each full bandwidth channel. */
export function writeEach(
  bits: BitWriter,
  layout: Ac3Channels,
  [value, size]: readonly [number, number],
): void {
  for (let channel = 0; channel < fullChannels(layout); channel++) bits.u(value, size);
}

/** rematflg of all bands where there is neither coupling nor spectral extension. */
export const writeNoRematrixing = (bits: BitWriter): BitWriter => bits.u(0, REMATRIX_BANDS);

/** chbwcod and exponents of a first block: 4.3.3. */
export function writeExponents(bits: BitWriter, layout: Ac3Channels): void {
  writeEach(bits, layout, [0, BANDWIDTH_BITS]);
  for (let channel = 0; channel < fullChannels(layout); channel++) {
    writeGroups(bits, GROUPS);
    bits.u(0, 2);
  }
  if (layout.lfeon) writeGroups(bits, LFE_GROUPS);
}

function writeGroups(bits: BitWriter, groups: number): void {
  bits.u(FIRST_EXPONENT, 4);
  for (let group = 0; group < groups; group++) bits.u(NO_DIFFERENCES, 7);
}

const BLOCKS = 6;
const ERROR_CHECK_BITS = 17 + 1;
/** skipl and the flag in front of it. */
const MAX_SKIP_BYTES = 511;
const SKIP_LENGTH_BITS = 9;

/**
 * A frame of silence: no signal-to-noise offset, so that no mantissa is stored (6.2.2), and no dither in their place.
 * What the bit rate leaves over is skip fields, spread over all blocks: what comes first must lie in the first 5/8
 * of the frame. ETSI TS 102 366, 4.3 and 4.5.
 * @param record content of a `dac3` box
 * @throws MediaError `corrupt` for a record of no AC-3 stream
 */
export const silentAc3Frame = (record: Uint8Array): Uint8Array => buildSilentAc3Frame(parseDac3(record));

/** The same from fields that a `dac3` box has. */
export function buildSilentAc3Frame(fields: Ac3Record): Uint8Array {
  const size = ac3FrameBytes(fields.fscod, fields.bitRateCode * 2) ?? 0;
  const unpadded = writeFrame(fields, 0).position + BLOCKS * SKIP_LENGTH_BITS + ERROR_CHECK_BITS;
  const spare = Math.floor((size * 8 - unpadded) / 8 / BLOCKS);
  const frame = new Uint8Array(size);
  frame.set(writeFrame(fields, Math.min(spare, MAX_SKIP_BYTES)).bytes());
  return withChecks(frame);
}

function writeFrame(fields: Ac3Record, skipBytes: number): BitWriter {
  const bits = new BitWriter();
  writeInformation(bits, fields);
  for (let block = 0; block < BLOCKS; block++) {
    if (block === 0) writeFirstBlock(bits, fields);
    else writeNextBlock(bits, fields);
    writeSkip(bits, skipBytes);
  }
  return bits;
}

/** syncinfo without its check, and bsi: 4.3.1, 4.3.2. */
function writeInformation(
  bits: BitWriter,
  { fscod, bsid, bsmod, acmod, lfeon, bitRateCode }: Ac3Record,
): void {
  bits
    .u(AC3_SYNC, 16)
    .u(0, 16)
    .u(fscod, 2)
    .u(bitRateCode * 2, 6);
  bits.u(bsid, 5).u(bsmod, 3).u(acmod, 3);
  const [hasCentre, hasSurround] = [(acmod & 1) !== 0 && acmod !== 1, (acmod & 4) !== 0];
  bits.u(0, (hasCentre ? 2 : 0) + (hasSurround ? 2 : 0) + (acmod === STEREO ? 2 : 0));
  bits.flag(lfeon);
  // compre, langcode and audprodie are 0.
  bits.u(PLAIN_DIALNORM, 5).u(0, 3);
  if (acmod === DUAL_MONO) bits.u(PLAIN_DIALNORM, 5).u(0, 3);
  // copyrightb 0, origbs 1, timecod1e, timecod2e, addbsie 0.
  bits.u(0, 1).u(1, 1).u(0, 3);
}

/** blksw and dithflag of each channel, dynrnge: 4.3.3. */
function writeBlockHead(bits: BitWriter, layout: Ac3Channels): void {
  writeEach(bits, layout, [0, 2]);
  bits.u(0, layout.acmod === DUAL_MONO ? 2 : 1);
}

function writeFirstBlock(bits: BitWriter, layout: Ac3Channels): void {
  writeBlockHead(bits, layout);
  // cplstre: no coupling.
  bits.flag(true).flag(false);
  if (layout.acmod === STEREO) writeNoRematrixing(bits.flag(true));
  writeEach(bits, layout, [STRATEGY.d45, 2]);
  if (layout.lfeon) bits.flag(true);
  writeExponents(bits, layout);
  // baie with its five parameters; snroffste: offsets and gains, csnroffst first.
  bits.flag(true).u(0, 11);
  bits.flag(true).u(0, 6);
  writeEach(bits, layout, [0, 7]);
  if (layout.lfeon) bits.u(0, 7);
  // deltbaie.
  bits.flag(false);
}

/** All as in the block before. */
function writeNextBlock(bits: BitWriter, layout: Ac3Channels): void {
  writeBlockHead(bits, layout);
  bits.flag(false);
  if (layout.acmod === STEREO) bits.flag(false);
  writeEach(bits, layout, [STRATEGY.reuse, 2]);
  if (layout.lfeon) bits.flag(false);
  // baie, snroffste, deltbaie.
  bits.u(0, 3);
}

function writeSkip(bits: BitWriter, bytes: number): void {
  bits.flag(bytes > 0);
  if (bytes === 0) return;
  bits.u(bytes, SKIP_LENGTH_BITS);
  for (let i = 0; i < bytes; i++) bits.u(0, 8);
}

/** crc1 over the first 5/8 of the frame, behind the syncword; crc2 over the rest: 6.10.1. */
function withChecks(frame: Uint8Array): Uint8Array {
  const words = frame.length / 2;
  const border = 2 * ((words >> 1) + (words >> 3));
  const view = new DataView(frame.buffer);
  view.setUint16(2, leadingCrc16(frame.subarray(4, border)));
  view.setUint16(frame.length - 2, crc16(frame.subarray(border, frame.length - 2)));
  return frame;
}
