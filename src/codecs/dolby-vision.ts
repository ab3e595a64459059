import { ByteCursor } from '../core/bytes.ts';
import { H265_NAL, h265LayerId, h265NalType } from './h265-nal.ts';
import { joinLengthPrefixed, splitLengthPrefixed } from './nal.ts';

/** DOVIDecoderConfigurationRecord: Dolby Vision Streams within the ISO Base Media File Format, 3.2. */
export interface DolbyVision {
  readonly versionMajor: number;
  readonly versionMinor: number;
  readonly profile: number;
  readonly level: number;
  readonly rpuPresent: boolean;
  readonly elPresent: boolean;
  readonly blPresent: boolean;
  /** dv_bl_signal_compatibility_id: what the base layer is by itself. 0 nothing, 1 HDR10, 2 SDR, 4 HLG, 6 UHD Blu-ray. */
  readonly compatibilityId: number;
}

const RECORD_BYTES = 24;

/**
 * The content of `dvcC`, `dvvC` and `dvwC`, in Matroska of the block addition mapping. Records without the reserved
 * tail occur; one that ends before the compatibility id has none.
 * @throws MediaError `truncated`
 */
export function parseDolbyVisionRecord(bytes: Uint8Array): DolbyVision {
  const cursor = new ByteCursor(bytes);
  const [versionMajor, versionMinor, fields] = [cursor.u8(), cursor.u8(), cursor.u16()];
  return {
    versionMajor,
    versionMinor,
    profile: fields >> 9,
    level: (fields >> 3) & 63,
    rpuPresent: (fields & 4) !== 0,
    elPresent: (fields & 2) !== 0,
    blPresent: (fields & 1) !== 0,
    compatibilityId: (cursor.peek() ?? 0) >> 4,
  };
}

export function buildDolbyVisionRecord(dv: DolbyVision): Uint8Array {
  const flags = (dv.rpuPresent ? 4 : 0) | (dv.elPresent ? 2 : 0) | (dv.blPresent ? 1 : 0);
  const fields = (dv.profile << 9) | (dv.level << 3) | flags;
  const record = new Uint8Array(RECORD_BYTES);
  record.set([dv.versionMajor, dv.versionMinor, fields >> 8, fields, dv.compatibilityId << 4]);
  return record;
}

export function dolbyVisionBoxType(profile: number): 'dvcC' | 'dvvC' | 'dvwC' {
  if (profile <= 7) return 'dvcC';
  return profile <= 10 ? 'dvvC' : 'dvwC';
}

/** Profiles without a base layer for other players wherever their compatibility id is 0. */
const WITHOUT_BASE: ReadonlySet<number> = new Set([5, 10, 20]);

/**
 * True where only a Dolby Vision decoder shows right colours, so that the sample entry must be `dvh1` or `dav1`:
 * profiles 5, 10.0 and 20.0.
 * @param record DOVIDecoderConfigurationRecord; null without Dolby Vision
 */
export function needsDolbyVision(record: Uint8Array | null): boolean {
  const dv = record && parseDolbyVisionRecord(record);
  return dv !== null && dv.compatibilityId === 0 && WITHOUT_BASE.has(dv.profile);
}

/** Sample entries of Dolby Vision over HEVC, AVC and AV1. */
export type DolbyVisionEntry = 'dvh1' | 'dvhe' | 'dva1' | 'dvav' | 'dav1';

/** `dvh1.05.06`: Dolby Vision Streams within the ISO Base Media File Format, 5. */
export const dolbyVisionCodecString = (entry: DolbyVisionEntry, dv: DolbyVision): string =>
  `${entry}.${twoDigits(dv.profile)}.${twoDigits(dv.level)}`;

const twoDigits = (value: number): string => value.toString().padStart(2, '0');

/** By the sample entry of the base layer: profiles whose base layer plays without Dolby Vision. */
const SUPPLEMENTS: Readonly<Record<string, { readonly entry: DolbyVisionEntry; readonly profile: number }>> =
  {
    hvc1: { entry: 'dvh1', profile: 8 },
    hev1: { entry: 'dvhe', profile: 8 },
    av01: { entry: 'dav1', profile: 10 },
  };
/** Compatibility brand by dv_bl_signal_compatibility_id. */
const BRANDS: Readonly<Record<number, string>> = { 1: 'db1p', 2: 'db2g', 4: 'db4h' };

/**
 * `dvh1.08.07/db4h`: the SUPPLEMENTAL-CODECS of a variant, HLS second edition, 4.4.6.2. Null where the base layer
 * cannot be played by itself, or is of another profile.
 * @param baseCodec RFC 6381 string of the base layer
 */
export function supplementalCodec(dv: DolbyVision, baseCodec: string): string | null {
  const supplement = SUPPLEMENTS[baseCodec.split('.')[0] ?? ''];
  const brand = BRANDS[dv.compatibilityId];
  if (!supplement || supplement.profile !== dv.profile || !brand) return null;
  return `${dolbyVisionCodecString(supplement.entry, dv)}/${brand}`;
}

/**
 * An access unit with 4-byte lengths reduced to the base layer: without Dolby Vision's RPU and enhancement NAL units
 * and without other layers. The same view when there are none.
 * @throws MediaError `corrupt` where the lengths do not add up
 */
export function withoutEnhancementLayer(data4: Uint8Array): Uint8Array {
  const nals = [...splitLengthPrefixed(data4, 4)];
  const kept = nals.filter((nal) => !isEnhancement(nal));
  return kept.length === nals.length ? data4 : joinLengthPrefixed(kept);
}

function isEnhancement(nal: Uint8Array): boolean {
  const type = h265NalType(nal);
  return type === H265_NAL.dolbyVisionRpu || type === H265_NAL.dolbyVisionEnhancement || h265LayerId(nal) > 0;
}

/** rpu_nal_prefix: ETSI TS 103 572, 7.2. */
const RPU_PREFIX = 25;

/** True where an HEVC access unit carries reference processing units, whatever its container says. */
export function hasDolbyVisionRpu(nals: Iterable<Uint8Array>): boolean {
  for (const nal of nals)
    if (h265NalType(nal) === H265_NAL.dolbyVisionRpu && nal[2] === RPU_PREFIX) return true;
  return false;
}
