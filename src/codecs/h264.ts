import { ByteCursor, concat, equalBytes } from '../core/bytes.ts';
import { corrupt } from '../core/errors.ts';
import { NAL, nalType } from './h264-access-unit.ts';
import { parsePpsIds, parseSps } from './h264-sps.ts';
import { type NalFraming, splitAnnexB, splitLengthPrefixed } from './nal.ts';

export interface ParameterSets {
  readonly sps: readonly Uint8Array[];
  readonly pps: readonly Uint8Array[];
  /** sequence_parameter_set_extension NAL units: auxiliary pictures. */
  readonly spsExtensions?: readonly Uint8Array[];
}

/** AVCDecoderConfigurationRecord: ISO/IEC 14496-15, 5.3.3.1. */
export interface AvcRecord extends ParameterSets {
  readonly profile: number;
  readonly compatibility: number;
  readonly level: number;
  /** Bytes of the lengths in front of NAL units. */
  readonly lengthSize: Exclude<NalFraming, 'annexb'>;
  readonly spsExtensions: readonly Uint8Array[];
}

/** Lists may be empty and the tail of the high profiles may be missing: both occur. */
export function parseAvcRecord(bytes: Uint8Array): AvcRecord {
  const cursor = new ByteCursor(bytes);
  const version = cursor.u8();
  if (version !== 1) throw corrupt(`avcC with version ${version}, not 1`);
  const [profile, compatibility, level] = [cursor.u8(), cursor.u8(), cursor.u8()];
  const lengthSize = LENGTH_SIZES[cursor.u8() & 3] ?? 4;
  const sps = cursor.remaining > 0 ? readSets(cursor, cursor.u8() & 31) : [];
  const pps = cursor.remaining > 0 ? readSets(cursor, cursor.u8()) : [];
  const spsExtensions = cursor.remaining >= TAIL_BYTES ? readTail(cursor) : [];
  return { profile, compatibility, level, lengthSize, sps, pps, spsExtensions };
}

const LENGTH_SIZES = [1, 2, 3, 4] as const;
const TAIL_BYTES = 4;
/** Profiles whose record has no tail: 14496-15, 5.3.3.1.2. */
const PROFILES_WITHOUT_TAIL: ReadonlySet<number> = new Set([66, 77, 88]);
const MAX_SPS = 31;
const MAX_PPS = 255;

const readSets = (cursor: ByteCursor, count: number): Uint8Array[] =>
  Array.from({ length: count }, () => cursor.bytes(cursor.u16()));

function readTail(cursor: ByteCursor): Uint8Array[] {
  cursor.skip(3);
  return readSets(cursor, cursor.u8());
}

/**
 * A record with 4-byte lengths; profile and level are those that all its SPS conform to.
 * @throws MediaError `corrupt` without an SPS
 */
export function buildAvcRecord({ sps, pps, spsExtensions = [] }: ParameterSets): Uint8Array {
  const [first] = sps;
  if (!first) throw corrupt('avcC without an SPS');
  const { profile, chromaFormat, bitDepthLuma, bitDepthChroma } = parseSps(first);
  const compatibility = sps.reduce((flags, nal) => flags & (nal[2] ?? 0), 0xff);
  const level = Math.max(...sps.map((nal) => nal[3] ?? 0));
  const tail = [0xfc | chromaFormat, 0xf8 | (bitDepthLuma - 8), 0xf8 | (bitDepthChroma - 8)];
  return concat([
    Uint8Array.of(1, profile, compatibility, level, 0xff, 0xe0 | Math.min(MAX_SPS, sps.length)),
    ...sps.slice(0, MAX_SPS).map(withLength),
    Uint8Array.of(Math.min(MAX_PPS, pps.length)),
    ...pps.slice(0, MAX_PPS).map(withLength),
    ...(PROFILES_WITHOUT_TAIL.has(profile) ? [] : [Uint8Array.of(...tail, spsExtensions.length)]),
    ...(PROFILES_WITHOUT_TAIL.has(profile) ? [] : spsExtensions.map(withLength)),
  ]);
}

function withLength(nal: Uint8Array): Uint8Array {
  if (nal.length > 0xffff) throw corrupt(`Parameter set of ${nal.length} bytes`);
  return concat([Uint8Array.of(nal.length >> 8, nal.length & 255), nal]);
}

/** RFC 6381, 3.3: `avc1.64001f`. */
export const h264CodecString = (record: Uint8Array): string =>
  `avc1.${[...record.subarray(1, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;

/** The parameter sets among NAL units, each once; where an id comes twice, the later one. */
export function collectParameterSets(nals: Iterable<Uint8Array>): Required<ParameterSets> {
  const sps = new Map<number, Uint8Array>();
  const pps = new Map<number, Uint8Array>();
  const spsExtensions: Uint8Array[] = [];
  for (const nal of nals) {
    const type = nalType(nal);
    if (type === NAL.sps) sps.set(parseSps(nal).id, nal);
    if (type === NAL.pps) pps.set(parsePpsIds(nal).id, nal);
    if (type === NAL.spsExtension && !isIn(spsExtensions, nal)) spsExtensions.push(nal);
  }
  return { sps: [...sps.values()], pps: [...pps.values()], spsExtensions };
}

/** The record that a byte stream or CodecPrivate in Annex B form stands for; null without both SPS and PPS. */
export function recordFromAnnexB(data: Uint8Array): AvcRecord | null {
  const sets = collectParameterSets(splitAnnexB(data));
  return sets.sps.length > 0 && sets.pps.length > 0 ? parseAvcRecord(buildAvcRecord(sets)) : null;
}

/** Parameter sets among the NAL units of an access unit that the record does not hold byte for byte. */
export function missingParameterSets(
  record: ParameterSets,
  nals: Iterable<Uint8Array>,
): Required<ParameterSets> {
  const { sps, pps, spsExtensions } = collectParameterSets(nals);
  return {
    sps: sps.filter((nal) => !isIn(record.sps, nal)),
    pps: pps.filter((nal) => !isIn(record.pps, nal)),
    spsExtensions: spsExtensions.filter((nal) => !isIn(record.spsExtensions ?? [], nal)),
  };
}

/** The record's sets and those of `added` with new ids: another content under a known id stays in-band. */
export function mergeParameterSets(record: ParameterSets, added: ParameterSets): Required<ParameterSets> {
  const spsIds = new Set(record.sps.map((nal) => parseSps(nal).id));
  const ppsIds = new Set(record.pps.map((nal) => parsePpsIds(nal).id));
  return {
    sps: [...record.sps, ...added.sps.filter((nal) => !spsIds.has(parseSps(nal).id))],
    pps: [...record.pps, ...added.pps.filter((nal) => !ppsIds.has(parsePpsIds(nal).id))],
    spsExtensions: record.spsExtensions ?? [],
  };
}

/** The record with parameter sets of new ids out of a sample with 4-byte lengths; the same one without any. */
export function withH264ParameterSets(bytes: Uint8Array, sample: Uint8Array): Uint8Array {
  const record = parseAvcRecord(bytes);
  const added = missingParameterSets(record, splitLengthPrefixed(sample, 4));
  if (added.sps.length + added.pps.length === 0) return bytes;
  const merged = mergeParameterSets(record, added);
  const isNew = merged.sps.length > record.sps.length || merged.pps.length > record.pps.length;
  return isNew ? buildAvcRecord(merged) : bytes;
}

const isIn = (nals: readonly Uint8Array[], nal: Uint8Array): boolean =>
  nals.some((other) => equalBytes(other, nal));
