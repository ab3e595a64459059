import { ByteCursor, concat, equalBytes } from '../core/bytes.ts';
import { corrupt } from '../core/errors.ts';
import { H265_NAL, H265_NAL_HEADER, h265LayerId, h265NalType } from './h265-nal.ts';
import { type H265Profile, type H265Sps, parseH265Pps, parseH265Sps, parseH265Vps } from './h265-sps.ts';
import { type NalFraming, splitAnnexB, splitLengthPrefixed } from './nal.ts';
import { seiMessages } from './sei.ts';

/** NAL units of the base layer that a record carries. */
export interface H265ParameterSets {
  readonly vps: readonly Uint8Array[];
  readonly sps: readonly Uint8Array[];
  readonly pps: readonly Uint8Array[];
  /** Prefix SEI NAL units that speak of the whole stream: mastering display, content light level. */
  readonly sei?: readonly Uint8Array[];
}

/** HEVCDecoderConfigurationRecord: ISO/IEC 14496-15, 8.3.3.1. */
export interface HvcRecord extends Required<H265ParameterSets>, H265Profile {
  readonly minSpatialSegmentation: number;
  readonly chromaFormat: number;
  readonly bitDepthLuma: number;
  readonly bitDepthChroma: number;
  /** 0 unknown. */
  readonly numTemporalLayers: number;
  readonly temporalIdNested: boolean;
  /** Bytes of the lengths in front of NAL units. */
  readonly lengthSize: Exclude<NalFraming, 'annexb'>;
}

/**
 * Lists may be missing: that occurs. So does version 0, which muxers wrote before the format was published, with the
 * same fields.
 * @throws MediaError `corrupt`, `truncated`
 */
export function parseHvcRecord(bytes: Uint8Array): HvcRecord {
  const cursor = new ByteCursor(bytes);
  const version = cursor.u8();
  if (version > 1) throw corrupt(`hvcC with version ${version}, not 1`);
  const profile = readProfile(cursor);
  const minSpatialSegmentation = cursor.u16() & 0xfff;
  cursor.skip(1);
  const chromaFormat = cursor.u8() & 3;
  const [bitDepthLuma, bitDepthChroma] = [(cursor.u8() & 7) + 8, (cursor.u8() & 7) + 8];
  cursor.skip(2);
  const last = cursor.u8();
  return {
    ...profile,
    minSpatialSegmentation,
    chromaFormat,
    bitDepthLuma,
    bitDepthChroma,
    numTemporalLayers: (last >> 3) & 7,
    temporalIdNested: (last & 4) !== 0,
    lengthSize: LENGTH_SIZES[last & 3] ?? 4,
    ...readArrays(cursor),
  };
}

const LENGTH_SIZES = [1, 2, 3, 4] as const;

function readProfile(cursor: ByteCursor): H265Profile {
  const first = cursor.u8();
  return {
    profileSpace: first >> 6,
    tier: (first >> 5) & 1,
    profile: first & 31,
    compatibility: cursor.u32(),
    constraints: cursor.bytes(6),
    level: cursor.u8(),
  };
}

/** In the order in which a record lists them. */
const ARRAY_TYPES = [
  ['vps', H265_NAL.vps],
  ['sps', H265_NAL.sps],
  ['pps', H265_NAL.pps],
  ['sei', H265_NAL.prefixSei],
] as const;

function readArrays(cursor: ByteCursor): Required<H265ParameterSets> {
  const nals: Uint8Array[] = [];
  const count = cursor.remaining > 0 ? cursor.u8() : 0;
  for (let i = 0; i < count && cursor.remaining > 0; i++) {
    cursor.skip(1);
    for (let left = cursor.u16(); left > 0; left--) nals.push(cursor.bytes(cursor.u16()));
  }
  const ofType = (type: number) => nals.filter((nal) => isBase(nal) && h265NalType(nal) === type);
  const [vps, sps, pps, sei] = ARRAY_TYPES.map(([, type]) => ofType(type));
  return { vps: vps ?? [], sps: sps ?? [], pps: pps ?? [], sei: sei ?? [] };
}

const isBase = (nal: Uint8Array): boolean => nal.length > H265_NAL_HEADER && h265LayerId(nal) === 0;

/**
 * A record with 4-byte lengths that stands for all its SPS: highest tier and level, only the compatibilities and
 * constraints that they share. Its parameter sets are declared complete, as `hvc1` demands.
 * @throws MediaError `corrupt` without an SPS
 */
export function buildHvcRecord(sets: H265ParameterSets): Uint8Array {
  const list = sets.sps.map(parseH265Sps);
  const [first] = list;
  if (!first) throw corrupt('hvcC without an SPS');
  const segmentation = Math.min(...list.map((sps) => sps.minSpatialSegmentation));
  const parallelism = segmentation > 0 ? parallelismType(sets.pps) : 0;
  const layers = Math.max(...list.map((sps) => sps.numTemporalLayers));
  const isNested = list.every((sps) => sps.temporalIdNested);
  const arrays = ARRAY_TYPES.filter(([name]) => (sets[name] ?? []).length > 0);
  return concat([
    Uint8Array.of(1),
    ...profileBytes(list, first),
    Uint8Array.of(
      0xf0 | (segmentation >> 8),
      segmentation & 255,
      0xfc | parallelism,
      0xfc | first.chromaFormat,
    ),
    Uint8Array.of(0xf8 | depthField(first.bitDepthLuma), 0xf8 | depthField(first.bitDepthChroma)),
    Uint8Array.of(0, 0, (layers << 3) | (isNested ? 4 : 0) | 3, arrays.length),
    ...arrays.flatMap(([name, type]) => arrayBytes(type, sets[name] ?? [])),
  ]);
}

/** Three bits; only 16-bit profiles have more, which players tell from the SPS. */
const depthField = (depth: number): number => Math.min(7, depth - 8);

function profileBytes(list: readonly H265Sps[], first: H265Sps): Uint8Array[] {
  const tier = Math.max(...list.map((sps) => sps.tier));
  const profile = Math.max(...list.map((sps) => sps.profile));
  const level = Math.max(...list.filter((sps) => sps.tier === tier).map((sps) => sps.level));
  const compatibility = list.reduce((flags, sps) => flags & sps.compatibility, -1);
  const shared = first.constraints.map((byte, i) =>
    list.reduce((flags, sps) => flags & (sps.constraints[i] ?? 0), byte),
  );
  return [
    Uint8Array.of((first.profileSpace << 6) | (tier << 5) | profile),
    Uint8Array.of(compatibility >> 24, compatibility >> 16, compatibility >> 8, compatibility),
    shared,
    Uint8Array.of(level),
  ];
}

/** 0 unknown or mixed, 1 slices, 2 tiles, 3 wavefronts: 14496-15, 8.3.3.1.3. */
function parallelismType(pps: readonly Uint8Array[]): number {
  const types = new Set(pps.map(parseH265Pps).map(typeOfPps));
  const [only] = types;
  return types.size === 1 && only !== undefined ? only : 0;
}

function typeOfPps({ hasTiles, hasWavefronts }: { hasTiles: boolean; hasWavefronts: boolean }): number {
  if (hasTiles) return hasWavefronts ? 0 : 2;
  return hasWavefronts ? 3 : 1;
}

const ARRAY_COMPLETENESS = 0x80;

/** SEI messages may stand in the stream as well, so their array is not declared complete. */
function arrayBytes(type: number, nals: readonly Uint8Array[]): Uint8Array[] {
  const completeness = type === H265_NAL.prefixSei ? 0 : ARRAY_COMPLETENESS;
  return [Uint8Array.of(completeness | type, nals.length >> 8, nals.length), ...nals.map(withLength)];
}

function withLength(nal: Uint8Array): Uint8Array {
  if (nal.length > 0xffff) throw corrupt(`Parameter set of ${nal.length} bytes`);
  return concat([Uint8Array.of(nal.length >> 8, nal.length), nal]);
}

/** `hvc1.2.4.L153.B0`: ISO/IEC 14496-15, E.3. */
export function h265CodecString(record: Uint8Array, entry: 'hvc1' | 'hev1' = 'hvc1'): string {
  const { profileSpace, profile, compatibility, tier, level, constraints } = parseHvcRecord(record);
  let used = constraints.length;
  while (used > 0 && constraints[used - 1] === 0) used--;
  return [
    entry,
    `${['', 'A', 'B', 'C'][profileSpace] ?? ''}${profile}`,
    hex(reverseBits(compatibility)),
    `${tier === 1 ? 'H' : 'L'}${level}`,
    ...Array.from(constraints.subarray(0, used), hex),
  ].join('.');
}

const hex = (value: number): string => value.toString(16).toUpperCase();

function reverseBits(value: number): number {
  let reversed = 0;
  for (let i = 0; i < 32; i++) reversed = reversed * 2 + ((value >>> i) & 1);
  return reversed;
}

/** Parameter sets of the base layer and declarative SEI, each once; where an id comes twice, the later one. */
export function collectH265ParameterSets(nals: Iterable<Uint8Array>): Required<H265ParameterSets> {
  const vps = new Map<number, Uint8Array>();
  const sps = new Map<number, Uint8Array>();
  const pps = new Map<number, Uint8Array>();
  const sei: Uint8Array[] = [];
  for (const nal of nals) {
    if (!isBase(nal)) continue;
    const type = h265NalType(nal);
    if (type === H265_NAL.vps) vps.set(parseH265Vps(nal).id, nal);
    if (type === H265_NAL.sps) sps.set(parseH265Sps(nal).id, nal);
    if (type === H265_NAL.pps) pps.set(parseH265Pps(nal).id, nal);
    if (type === H265_NAL.prefixSei && isDeclarative(nal) && !isIn(sei, nal)) sei.push(nal);
  }
  return { vps: [...vps.values()], sps: [...sps.values()], pps: [...pps.values()], sei };
}

/**
 * Frame packing, display orientation, mastering display, content light level, alternative transfer, ambient
 * viewing environment, content colour volume: messages that hold for a whole coded sequence, Table D.1.
 */
const DECLARATIVE: ReadonlySet<number> = new Set([45, 47, 137, 144, 147, 148, 149]);

function isDeclarative(nal: Uint8Array): boolean {
  const messages = [...seiMessages(nal, H265_NAL_HEADER)];
  return messages.length > 0 && messages.every(({ type }) => DECLARATIVE.has(type));
}

/** The record that a byte stream or CodecPrivate in Annex B form stands for; null without VPS, SPS and PPS. */
export function h265RecordFromAnnexB(data: Uint8Array): HvcRecord | null {
  const sets = collectH265ParameterSets(splitAnnexB(data));
  const isComplete = sets.vps.length > 0 && sets.sps.length > 0 && sets.pps.length > 0;
  return isComplete ? parseHvcRecord(buildHvcRecord(sets)) : null;
}

/** Parameter sets and SEI among the NAL units of an access unit that the record does not hold byte for byte. */
export function missingH265ParameterSets(
  record: H265ParameterSets,
  nals: Iterable<Uint8Array>,
): Required<H265ParameterSets> {
  const { vps, sps, pps, sei } = collectH265ParameterSets(nals);
  return {
    vps: vps.filter((nal) => !isIn(record.vps, nal)),
    sps: sps.filter((nal) => !isIn(record.sps, nal)),
    pps: pps.filter((nal) => !isIn(record.pps, nal)),
    sei: sei.filter((nal) => !isIn(record.sei ?? [], nal)),
  };
}

/** The record's sets and those of `added` with new ids: another content under a known id stays in-band. */
export function mergeH265ParameterSets(
  record: H265ParameterSets,
  added: H265ParameterSets,
): Required<H265ParameterSets> {
  return {
    vps: withNewIds(record.vps, added.vps, parseH265Vps),
    sps: withNewIds(record.sps, added.sps, parseH265Sps),
    pps: withNewIds(record.pps, added.pps, parseH265Pps),
    sei: record.sei ?? [],
  };
}

function withNewIds(
  known: readonly Uint8Array[],
  added: readonly Uint8Array[],
  parse: (nal: Uint8Array) => { readonly id: number },
): Uint8Array[] {
  const ids = new Set(known.map((nal) => parse(nal).id));
  return [...known, ...added.filter((nal) => !ids.has(parse(nal).id))];
}

/** The record with parameter sets of new ids out of a sample with 4-byte lengths; the same one without any. */
export function withH265ParameterSets(bytes: Uint8Array, sample: Uint8Array): Uint8Array {
  const record = parseHvcRecord(bytes);
  const added = missingH265ParameterSets(record, splitLengthPrefixed(sample, 4));
  const merged = mergeH265ParameterSets(record, added);
  const count = ({ vps, sps, pps }: H265ParameterSets) => vps.length + sps.length + pps.length;
  return count(merged) > count(record) ? buildHvcRecord(merged) : bytes;
}

const isIn = (nals: readonly Uint8Array[], nal: Uint8Array): boolean =>
  nals.some((other) => equalBytes(other, nal));
