import { BitWriter } from '../core/bits.ts';
import { concat } from '../core/bytes.ts';
import { AC3_SYNC } from './ac3.ts';
import {
  type Ac3Channels,
  buildSilentAc3Frame,
  PLAIN_DIALNORM,
  STRATEGY,
  writeEach,
  writeExponents,
  writeNoRematrixing,
} from './ac3-silence.ts';
import { crc16 } from './crc.ts';
import { EAC3_LOCATIONS, type Eac3Substream, parseDec3 } from './eac3.ts';
import { EAC3_BLOCKS } from './eac3-metadata.ts';

const MAX_AC3_BSID = 10;
const BSID = 16;
/** fscod of the rates below 32 kHz: the record does not say which. */
const REDUCED_RATE = 3;
const BLOCK_SAMPLES = 256;
const SIX_BLOCKS = 3;
const STEREO = 2;
const DUAL_MONO = 0;

/**
 * A sample of silence: a synchronisation frame for each independent substream and for those that depend on it, as
 * short as they can be. Objects are gone with their metadata: a decoder plays the bed. Null at rates below 32 kHz, of
 * which a `dec3` box tells the class only, and for what no frame lasts: it has 1, 2, 3 or 6 blocks of 256 samples,
 * with an AC-3 core 6.
 * @param record content of a `dec3` box
 * @throws MediaError `corrupt` for a broken record
 */
export function silentEac3Frame(record: Uint8Array, samples: number): Uint8Array | null {
  const { substreams } = parseDec3(record);
  const blockCode = EAC3_BLOCKS.findIndex((blocks) => blocks * BLOCK_SAMPLES === samples);
  if (blockCode < 0 || substreams.some(({ fscod }) => fscod === REDUCED_RATE)) return null;
  if (blockCode !== SIX_BLOCKS && substreams.some(hasAc3Core)) return null;
  return concat(
    substreams.flatMap((main, id) => [mainFrame(main, id, blockCode), ...dependentFrames(main, blockCode)]),
  );
}

const hasAc3Core = ({ bsid }: Eac3Substream): boolean => bsid <= MAX_AC3_BSID;

function mainFrame(main: Eac3Substream, id: number, blockCode: number): Uint8Array {
  if (hasAc3Core(main)) return buildSilentAc3Frame({ ...main, bitRateCode: 0 });
  return silentFrame({ ...main, type: TYPE.independent, id, blockCode, channelMap: 0 });
}

const MAX_FULL_CHANNELS = 5;
/** acmod by the number of full bandwidth channels: with a channel map it says no more than that. */
const MODES = [1, 1, 2, 3, 6, 7] as const;
const CENTRE = 1;
const LFE2 = 14;

/** The record has only the union of what they add: each takes as much as it can hold. */
const dependentFrames = ({ fscod, dependents, locations }: Eac3Substream, blockCode: number): Uint8Array[] =>
  groupsOf(locations)
    .slice(0, dependents)
    .map((places, id) => {
      const full = places.filter(({ place }) => place !== LFE2);
      const channels = full.reduce((sum, location) => sum + location.channels, 0);
      // None is without a full bandwidth channel.
      const named = channels > 0 ? places : [...places, { place: CENTRE }];
      const channelMap = named.reduce((map, { place }) => map | (1 << (15 - place)), 0);
      const acmod = MODES[channels as 0 | 1 | 2 | 3 | 4 | 5];
      const lfeon = places.length > full.length;
      return silentFrame({ type: TYPE.dependent, id, fscod, blockCode, acmod, lfeon, channelMap });
    });

type Location = (typeof EAC3_LOCATIONS)[number];

/** Places in their order, as many together as one substream has channels for. */
function groupsOf(locations: number): Location[][] {
  const groups: Location[][] = [];
  let room = 0;
  for (const location of EAC3_LOCATIONS.filter((_, bit) => (locations >> bit) & 1)) {
    const needed = location.place === LFE2 ? 0 : location.channels;
    const last = groups.at(-1);
    if (last && needed <= room) last.push(location);
    else groups.push([location]);
    room = (last && needed <= room ? room : MAX_FULL_CHANNELS) - needed;
  }
  return groups;
}

/** strmtyp. */
const TYPE = { independent: 0, dependent: 1 } as const;

interface SilentSubstream extends Ac3Channels {
  readonly type: 0 | 1;
  readonly id: number;
  readonly fscod: number;
  /** numblkscod. */
  readonly blockCode: number;
  /** Of a dependent one. */
  readonly channelMap: number;
}

const SIZE_AT = 2;
const SIZE_BITS = 11;
const CHECK_BITS = 16;
/** auxdatae and encinfo. */
const LAST_FLAG_BITS = 2;

const blocksOf = ({ blockCode }: SilentSubstream): number => EAC3_BLOCKS[blockCode as 0 | 1 | 2 | 3];

/** One synchronisation frame: E.1.2. */
function silentFrame(substream: SilentSubstream): Uint8Array {
  const bits = new BitWriter();
  writeInformation(bits, substream);
  writeFrameInformation(bits, substream);
  for (let block = 0; block < blocksOf(substream); block++) writeBlock(bits, substream, block);
  const words = Math.ceil((bits.position + LAST_FLAG_BITS + CHECK_BITS) / 16);
  const frame = new Uint8Array(words * 2);
  frame.set(bits.bytes());
  const view = new DataView(frame.buffer);
  view.setUint16(SIZE_AT, view.getUint16(SIZE_AT) + ((words - 1) & (2 ** SIZE_BITS - 1)));
  view.setUint16(frame.length - 2, crc16(frame.subarray(SIZE_AT, frame.length - 2)));
  return frame;
}

/** syncinfo and bsi, with frmsiz left 0: E.1.2.1, E.1.2.2. */
function writeInformation(bits: BitWriter, substream: SilentSubstream): void {
  const { type, id, fscod, blockCode, acmod, lfeon, channelMap } = substream;
  bits.u(AC3_SYNC, 16).u(type, 2).u(id, 3).u(0, SIZE_BITS).u(fscod, 2).u(blockCode, 2);
  bits.u(acmod, 3).flag(lfeon).u(BSID, 5);
  // compre is 0.
  bits.u(PLAIN_DIALNORM, 5).u(0, 1);
  if (acmod === DUAL_MONO) bits.u(PLAIN_DIALNORM, 5).u(0, 1);
  if (type === TYPE.dependent) bits.flag(true).u(channelMap, 16);
  // mixmdate, infomdate.
  bits.u(0, 2);
  // convsync, for a converter that gathers six blocks.
  if (type === TYPE.independent && blockCode !== SIX_BLOCKS) bits.flag(false);
  // addbsie.
  bits.flag(false);
}

/** audfrm: E.1.2.3. */
function writeFrameInformation(bits: BitWriter, substream: SilentSubstream): void {
  const { type, blockCode, acmod, lfeon } = substream;
  const blocks = blocksOf(substream);
  // expstre 1: strategies block by block, as always with fewer than six; ahte 0.
  if (blockCode === SIX_BLOCKS) bits.flag(true).flag(false);
  // snroffststr 0: one offset for all.
  bits.u(0, 2);
  // transproce, blkswe 0; dithflage 1, else there is dither; bamode, frmfgaincode, dbaflde, skipflde, spxattene 0.
  bits.u(0, 2).flag(true).u(0, 5);
  // No coupling, and nothing new of it in later blocks.
  if (acmod >= STEREO) bits.u(0, blocks);
  for (let block = 0; block < blocks; block++)
    writeEach(bits, substream, [block === 0 ? STRATEGY.d45 : STRATEGY.reuse, 2]);
  if (lfeon) bits.flag(true).u(0, blocks - 1);
  // convexpstr, for a converter to AC-3; without six blocks convexpstre, that there is none.
  if (type === TYPE.independent) {
    if (blockCode === SIX_BLOCKS) writeEach(bits, substream, [0, 5]);
    else bits.flag(false);
  }
  // frmcsnroffst, frmfsnroffst: no mantissas.
  bits.u(0, 6 + 4);
  // blkstrtinfoe.
  if (blocks > 1) bits.flag(false);
}

/** audblk: E.1.2.4. */
function writeBlock(bits: BitWriter, substream: SilentSubstream, block: number): void {
  const { type, acmod } = substream;
  const isFirst = block === 0;
  // dithflag, dynrnge, spxinu of a first block or spxstre.
  writeEach(bits, substream, [0, 1]);
  bits.u(0, (acmod === DUAL_MONO ? 2 : 1) + 1);
  if (acmod === STEREO) {
    if (isFirst) writeNoRematrixing(bits);
    else bits.flag(false);
  }
  if (isFirst) writeExponents(bits, substream);
  // convsnroffste.
  if (type === TYPE.independent) bits.flag(false);
}
