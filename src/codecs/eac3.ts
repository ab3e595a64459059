import { BitReader, BitWriter } from '../core/bits.ts';
import { corrupt } from '../core/errors.ts';
import { AC3_CHANNELS, AC3_SYNC, parseAc3Frame } from './ac3.ts';
import { EAC3_BLOCKS, readMetadata } from './eac3-metadata.ts';

/** One synchronisation frame: ETSI TS 102 366, E.1.2. */
export interface Eac3Frame {
  /** strmtyp: 0 independent, 1 dependent, 2 independent, converted from AC-3. */
  readonly type: number;
  readonly substream: number;
  readonly frameBytes: number;
  readonly fscod: number;
  readonly sampleRate: number;
  /** Blocks of 256 samples. */
  readonly blocks: number;
  readonly bsid: number;
  readonly bsmod: number;
  readonly acmod: number;
  readonly lfeon: boolean;
  /** Channel map of a dependent substream, first channel in the highest of 16 bits; 0 without one. */
  readonly channelMap: number;
  /** complexity_index_type_a of joint object coding (ETSI TS 103 420, 8.3); 0 without it. */
  readonly complexityIndex: number;
  /** kbit/s. */
  readonly bitrate: number;
}

const RATES = [48_000, 44_100, 32_000] as const;
const HALF_RATES = [24_000, 22_050, 16_000] as const;
const BLOCK_SAMPLES = 256;
const FULL_BLOCKS = 3;
const DEPENDENT = 1;
const RESERVED_TYPE = 3;
const MAX_BSID = 16;
const FIRST_EAC3_BSID = 11;
/** Where bsid lies in both syntaxes: bit 40. */
const BSID_BYTE = 5;

const isEac3Frame = (frame: Uint8Array): boolean => (frame[BSID_BYTE] ?? 0) >> 3 >= FIRST_EAC3_BSID;

/**
 * True for E-AC-3 and for AC-3 with E-AC-3 substreams behind it, false for AC-3 alone: bsid stands at the same place
 * in both (E.1.3.1.6).
 */
export function isEac3(sample: Uint8Array): boolean {
  if (isEac3Frame(sample)) return true;
  const { frameBytes } = parseAc3Frame(sample);
  return sample.length > frameBytes && isEac3Frame(sample.subarray(frameBytes));
}

/** @throws MediaError `corrupt` for what is no frame */
export function parseEac3Frame(frame: Uint8Array): Eac3Frame {
  if (!isEac3Frame(frame)) return coreFrame(frame);
  const bits = new BitReader(frame);
  const sync = bits.u(16);
  const [type, substream, frameBytes, fscod] = [bits.u(2), bits.u(3), (bits.u(11) + 1) * 2, bits.u(2)];
  const code = bits.u(2);
  const sampleRate = fscod === 3 ? HALF_RATES[code as 0 | 1 | 2] : RATES[fscod as 0 | 1 | 2];
  const blockCode = fscod === 3 ? FULL_BLOCKS : code;
  const blocks = EAC3_BLOCKS[blockCode as 0 | 1 | 2 | 3];
  const [acmod, lfeon, bsid] = [bits.u(3), bits.flag(), bits.u(5)];
  const metadata = readMetadata(bits, { type, acmod, lfeon, fscod, blockCode });
  const isSane = sync === AC3_SYNC && type !== RESERVED_TYPE && sampleRate && bsid <= MAX_BSID;
  if (!isSane || bits.overrun) throw corrupt('No E-AC-3 frame');
  const bitrate = Math.round((frameBytes * 8 * sampleRate) / (blocks * BLOCK_SAMPLES) / 1000);
  const head = { type, substream, frameBytes, fscod, sampleRate, blocks, bsid, acmod, lfeon };
  return { ...head, ...metadata, bitrate };
}

/** The AC-3 frame that dependent substreams may follow. */
function coreFrame(frame: Uint8Array): Eac3Frame {
  const { frameBytes, fscod, sampleRate, bsid, bsmod, acmod, lfeon, samples } = parseAc3Frame(frame);
  const bitrate = Math.round((frameBytes * 8 * sampleRate) / samples / 1000);
  const head = { type: 2, substream: 0, frameBytes, fscod, sampleRate, blocks: samples / BLOCK_SAMPLES };
  return { ...head, bsid, bsmod, acmod, lfeon, channelMap: 0, complexityIndex: 0, bitrate };
}

/** The synchronisation frames of one sample. @throws MediaError `corrupt` */
function framesOf(sample: Uint8Array): Eac3Frame[] {
  const frames: Eac3Frame[] = [];
  for (let at = 0; at < sample.length; at += frames.at(-1)?.frameBytes ?? sample.length)
    frames.push(parseEac3Frame(sample.subarray(at)));
  return frames;
}

/** Samples that an MP4 sample lasts: the blocks of the first independent substream. @throws MediaError `corrupt` */
export const eac3Samples = (sample: Uint8Array): number =>
  framesOf(sample)
    .filter(({ type, substream }) => type !== DEPENDENT && substream === 0)
    .reduce((samples, { blocks }) => samples + blocks * BLOCK_SAMPLES, 0);

/** chan_loc by Table F.6.1, lowest bit first: places in the channel map (Table E.1.4), counted from its highest bit. */
export const EAC3_LOCATIONS = [
  { place: 5, channels: 2 },
  { place: 6, channels: 2 },
  { place: 7, channels: 1 },
  { place: 8, channels: 1 },
  { place: 9, channels: 2 },
  { place: 10, channels: 2 },
  { place: 11, channels: 2 },
  { place: 12, channels: 1 },
  { place: 14, channels: 1 },
] as const;

const locationsOf = (channelMap: number): number =>
  EAC3_LOCATIONS.reduce((bits, { place }, i) => bits | (((channelMap >> (15 - place)) & 1) << i), 0);

const MAX_DATA_RATE = 0x1fff;

/** Content of the `dec3` box from a first sample: F.6. @throws MediaError `corrupt` */
export function dec3Record(sample: Uint8Array): Uint8Array {
  const frames = framesOf(sample);
  const first = frames.findIndex(
    ({ substream }, i) => i > 0 && substream === 0 && frames[i]?.type !== DEPENDENT,
  );
  const cycle = first < 0 ? frames : frames.slice(0, first);
  const independent = cycle.filter(({ type }) => type !== DEPENDENT);
  if (independent.length === 0) throw corrupt('E-AC-3 without an independent substream');
  const bits = new BitWriter();
  const rate = cycle.reduce((sum, { bitrate }) => sum + bitrate, 0);
  bits.u(Math.min(MAX_DATA_RATE, rate), 13).u(independent.length - 1, 3);
  for (const main of independent) writeSubstream(bits, main, dependentsOf(cycle, main));
  const complexity = Math.max(...cycle.map(({ complexityIndex }) => complexityIndex));
  if (complexity > 0) bits.u(0, 7).flag(true).u(complexity, 8);
  return bits.bytes();
}

/** Those between an independent substream and the next. */
function dependentsOf(cycle: readonly Eac3Frame[], main: Eac3Frame): Eac3Frame[] {
  const rest = cycle.slice(cycle.indexOf(main) + 1);
  const next = rest.findIndex(({ type }) => type !== DEPENDENT);
  return next < 0 ? rest : rest.slice(0, next);
}

function writeSubstream(bits: BitWriter, main: Eac3Frame, dependents: readonly Eac3Frame[]): void {
  bits.u(main.fscod, 2).u(main.bsid, 5).u(0, 2).u(main.bsmod, 3).u(main.acmod, 3).flag(main.lfeon).u(0, 3);
  bits.u(dependents.length, 4);
  const locations = dependents.reduce((all, { channelMap }) => all | locationsOf(channelMap), 0);
  bits.u(locations, dependents.length > 0 ? 9 : 1);
}

/** An independent substream in a `dec3` record: F.6. */
export interface Eac3Substream {
  readonly fscod: number;
  /** Of AC-3, up to 10, where that is the core of the substreams that depend on it. */
  readonly bsid: number;
  readonly bsmod: number;
  readonly acmod: number;
  readonly lfeon: boolean;
  readonly dependents: number;
  /** chan_loc: what the dependent ones add, by the bits of `EAC3_LOCATIONS`; 0 without any. */
  readonly locations: number;
}

/** Content of a `dec3` box. */
export interface Eac3Record {
  /** kbit/s of all substreams. */
  readonly bitrate: number;
  readonly substreams: readonly Eac3Substream[];
  /** 0 without joint object coding. */
  readonly complexityIndex: number;
}

/** @throws MediaError `corrupt` */
export function parseDec3(record: Uint8Array): Eac3Record {
  const bits = new BitReader(record);
  const bitrate = bits.u(13);
  const count = bits.u(3) + 1;
  const substreams = Array.from({ length: count }, () => readSubstream(bits));
  if (bits.overrun) throw corrupt(`dec3 of ${record.length} bytes`);
  bits.skip(7);
  return { bitrate, substreams, complexityIndex: bits.flag() ? bits.u(8) : 0 };
}

function readSubstream(bits: BitReader): Eac3Substream {
  const [fscod, bsid] = [bits.u(2), bits.u(5)];
  bits.skip(2);
  const [bsmod, acmod, lfeon] = [bits.u(3), bits.u(3), bits.flag()];
  bits.skip(3);
  const dependents = bits.u(4);
  const locations = bits.u(dependents > 0 ? 9 : 1);
  return { fscod, bsid, bsmod, acmod, lfeon, dependents, locations: dependents > 0 ? locations : 0 };
}

/** What a `dec3` record says of the first independent substream. */
export interface Eac3Info {
  readonly fscod: number;
  readonly acmod: number;
  readonly lfeon: boolean;
  /** kbit/s of all substreams. */
  readonly bitrate: number;
  /** With LFE and with what its dependent substreams add. */
  readonly channels: number;
  readonly isAtmos: boolean;
  /** 0 without joint object coding. */
  readonly complexityIndex: number;
}

/** @throws MediaError `corrupt` */
export function eac3Info(record: Uint8Array): Eac3Info {
  const { bitrate, substreams, complexityIndex } = parseDec3(record);
  const [first] = substreams;
  if (!first) throw corrupt(`dec3 of ${record.length} bytes`);
  const { fscod, acmod, lfeon, locations } = first;
  const added = EAC3_LOCATIONS.reduce((sum, { channels }, i) => sum + ((locations >> i) & 1) * channels, 0);
  const channels = (AC3_CHANNELS[acmod] ?? 0) + (lfeon ? 1 : 0) + added;
  return { fscod, acmod, lfeon, bitrate, channels, isAtmos: complexityIndex > 0, complexityIndex };
}
