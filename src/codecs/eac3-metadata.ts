import type { BitReader } from '../core/bits.ts';

/** Blocks of 256 samples by numblkscod: ETSI TS 102 366, E.1.3.1.5. */
export const EAC3_BLOCKS = [1, 2, 3, 6] as const;
const FULL_BLOCKS = 3;
const DEPENDENT = 1;

/** What stands before the metadata and decides about their form. */
export interface Eac3Fields {
  readonly type: number;
  readonly acmod: number;
  readonly lfeon: boolean;
  readonly fscod: number;
  /** numblkscod. */
  readonly blockCode: number;
}

/** Of the bit stream information behind bsid, what a record needs. */
export interface Eac3Metadata {
  readonly bsmod: number;
  readonly channelMap: number;
  readonly complexityIndex: number;
}

/** From dialnorm to the end of the bit stream information: ETSI TS 102 366, E.1.2.2. */
export function readMetadata(bits: BitReader, fields: Eac3Fields): Eac3Metadata {
  const { type, acmod, fscod, blockCode } = fields;
  skipDynamics(bits, acmod);
  const channelMap = type === DEPENDENT && bits.flag() ? bits.u(16) : 0;
  if (bits.flag()) skipMixing(bits, fields);
  const bsmod = bits.flag() ? readInformation(bits, acmod, fscod) : 0;
  skipConversion(bits, type, blockCode);
  const complexityIndex = bits.flag() ? readAddition(bits) : 0;
  return { bsmod, channelMap, complexityIndex };
}

/** One that is announced by a flag is there. */
const skipIf = (bits: BitReader, size: number): void => {
  if (bits.flag()) bits.skip(size);
};

/** dialnorm and compr, twice for two mono programmes. */
function skipDynamics(bits: BitReader, acmod: number): void {
  for (let i = acmod === 0 ? 2 : 1; i > 0; i--) {
    bits.skip(5);
    skipIf(bits, 8);
  }
}

/** Mixing metadata: E.1.2.2. */
function skipMixing(bits: BitReader, { type, acmod, lfeon, blockCode }: Eac3Fields): void {
  if (acmod > 2) bits.skip(2);
  if ((acmod & 1) !== 0 && acmod > 2) bits.skip(6);
  if ((acmod & 4) !== 0) bits.skip(6);
  if (lfeon) skipIf(bits, 5);
  if (type !== 0) return;
  skipIf(bits, 6);
  if (acmod === 0) skipIf(bits, 6);
  skipIf(bits, 6);
  const definition = bits.u(2);
  if (definition === 1) bits.skip(5);
  if (definition === 2) bits.skip(12);
  if (definition === 3) bits.skip((bits.u(5) + 2) * 8);
  if (acmod < 2) skipIf(bits, 14);
  if (acmod === 0) skipIf(bits, 14);
  if (!bits.flag()) return;
  if (blockCode === 0) bits.skip(5);
  else for (let block = EAC3_BLOCKS[blockCode as 1 | 2 | 3]; block > 0; block--) skipIf(bits, 5);
}

/** Informational metadata; gives bsmod. */
function readInformation(bits: BitReader, acmod: number, fscod: number): number {
  const bsmod = bits.u(3);
  bits.skip(2);
  if (acmod === 2) bits.skip(4);
  if (acmod >= 6) bits.skip(2);
  skipIf(bits, 8);
  if (acmod === 0) skipIf(bits, 8);
  if (fscod < 3) bits.skip(1);
  return bsmod;
}

/** convsync, or blkid and frmsizecod of what was AC-3. */
function skipConversion(bits: BitReader, type: number, blockCode: number): void {
  if (type === 0 && blockCode !== FULL_BLOCKS) bits.skip(1);
  if (type === 2 && (blockCode === FULL_BLOCKS || bits.flag())) bits.skip(6);
}

/** addbsi: the extension of joint object coding, ETSI TS 103 420, 8.3. */
function readAddition(bits: BitReader): number {
  const size = bits.u(6) + 1;
  if (size < 2) return 0;
  bits.skip(7);
  return bits.flag() ? bits.u(8) : 0;
}
