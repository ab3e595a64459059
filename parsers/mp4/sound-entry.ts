import type { ByteCursor } from '../../src/core/bytes.ts';
import { orNull } from '../../src/core/errors.ts';
import type { Box } from './box.ts';
import { cursorOf, firstBoxes, readFullBox, restOf } from './readable-boxes.ts';

/** Fields and extensions of an AudioSampleEntry: ISO/IEC 14496-12, 12.2.3; QuickTime File Format, Sound Sample Descriptions. */
export interface SoundEntry {
  /** As the entry has them; codecs know better. */
  readonly channels: number;
  /** Bits of a sample. */
  readonly sampleBits: number;
  /** Hz; null where it is none that a rate can be. */
  readonly sampleRate: number | null;
  /** How QuickTime cuts compressed sound into packets; null in other files. */
  readonly packing: SoundPacking | null;
  /** Of QuickTime's version 2; null in others. */
  readonly linear: LinearSound | null;
  /** From the entry, or from QuickTime's `wave` within. */
  child(type: string): Box | undefined;
}

/** SoundDescriptionV1: where tables count samples of sound rather than packets, these tell what a packet is. */
export interface SoundPacking {
  readonly samplesPerPacket: number;
  /** Of one channel. */
  readonly bytesPerPacket: number;
  /** Of all channels. */
  readonly bytesPerFrame: number;
  readonly bytesPerSample: number;
}

/** SoundDescriptionV2. */
export interface LinearSound {
  /** AudioFormatFlags of Core Audio. */
  readonly flags: number;
  readonly bits: number;
  readonly packetBytes: number;
  readonly packetFrames: number;
}

interface Fields {
  readonly channels: number;
  readonly sampleBits: number;
  readonly rate: number;
  readonly packing: SoundPacking | null;
  readonly linear: LinearSound | null;
}

const CHILDREN = 'esds dac3 dec3 dOps dfLa alac pcmC enda frma sinf btrt srat ddts dmlp'.split(' ');

/** From reserved and data_reference_index to its end. */
const ENTRY_HEAD = 8;
/** Twice the highest rate of DSD as PCM. */
const MAX_RATE = 1_536_000;

/**
 * @param entry a sample entry as a box
 * @param stsdVersion of the box around it: an entry of version 1 is QuickTime's in 0 and ISO's in 1
 * @throws MediaError `truncated`
 */
export function readSoundEntry(entry: Box, stsdVersion: number): SoundEntry {
  const fields = cursorOf(entry);
  fields.skip(ENTRY_HEAD);
  const version = fields.u16();
  const readVersion = stsdVersion === 0 ? QUICKTIME[version] : undefined;
  const common = readCommon(fields);
  const { rate, ...rest } = readVersion ? readVersion(fields, common, entry) : common;
  const children = firstBoxes(restOf(fields), [...CHILDREN, 'wave']);
  const wave = children.get('wave');
  const inner = firstBoxes(wave, CHILDREN);
  const child = (type: string): Box | undefined => children.get(type) ?? inner.get(type);
  const srat = child('srat');
  const exact = srat && orNull(() => readFullBox(srat).fields.u32());
  return { ...rest, sampleRate: plausible(exact ?? rate), child };
}

const plausible = (rate: number): number | null => {
  const whole = Math.round(rate);
  return whole > 0 && whole <= MAX_RATE ? whole : null;
};

/** From revision to samplerate; the position is behind it. */
function readCommon(fields: ByteCursor): Fields {
  fields.skip(2 + 4);
  const [channels, sampleBits] = [fields.u16(), fields.u16()];
  fields.skip(2 + 2);
  return { channels, sampleBits, rate: fields.u32() / 0x10000, packing: null, linear: null };
}

type ReadVersion = (fields: ByteCursor, common: Fields, entry: Box) => Fields;

const QUICKTIME: readonly (ReadVersion | undefined)[] = [undefined, readVersion1, readVersion2];

function readVersion1(fields: ByteCursor, common: Fields): Fields {
  const [samplesPerPacket, bytesPerPacket, bytesPerFrame] = [fields.u32(), fields.u32(), fields.u32()];
  const packing = { samplesPerPacket, bytesPerPacket, bytesPerFrame, bytesPerSample: fields.u32() };
  return { ...common, packing };
}

/** Head of a box with a size of 32 bits. */
const BOX_HEAD = 8;

function readVersion2(fields: ByteCursor, _common: Fields, entry: Box): Fields {
  const size = fields.u32();
  const [rate, channels] = [fields.f64(), fields.u32()];
  fields.skip(4);
  const bits = fields.u32();
  const linear = { flags: fields.u32(), bits, packetBytes: fields.u32(), packetFrames: fields.u32() };
  const more = size - BOX_HEAD - (fields.position - entry.content);
  if (more > 0 && more <= fields.remaining) fields.skip(more);
  return { channels, sampleBits: bits, rate, packing: null, linear };
}
