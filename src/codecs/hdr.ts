import { ByteCursor } from '../core/bytes.ts';
import { H265_NAL, H265_NAL_HEADER, h265LayerId, h265NalType } from './h265-nal.ts';
import { seiMessages } from './sei.ts';

/** CIE 1931 coordinates in units of 0.00002. */
export interface Chromaticity {
  readonly x: number;
  readonly y: number;
}

/** SMPTE ST 2086, in the units and the order of the `mdcv` box and of the SEI message. */
export interface MasteringDisplay {
  readonly green: Chromaticity;
  readonly blue: Chromaticity;
  readonly red: Chromaticity;
  readonly white: Chromaticity;
  /** Units of 0.0001 cd/m². */
  readonly maxLuminance: number;
  readonly minLuminance: number;
}

/** CTA-861.3, in cd/m²; 0 is unknown. */
export interface ContentLight {
  /** Maximum content light level (MaxCLL). */
  readonly maxContent: number;
  /** Maximum frame-average light level (MaxFALL). */
  readonly maxAverage: number;
}

/** Payload of MasteringDisplayColourVolumeBox: ISO/IEC 14496-12, 12.1.7. */
export function mdcvPayload(md: MasteringDisplay): Uint8Array {
  const payload = new Uint8Array(MDCV_BYTES);
  const view = new DataView(payload.buffer);
  [md.green, md.blue, md.red, md.white].forEach(({ x, y }, i) => {
    view.setUint16(i * 4, x);
    view.setUint16(i * 4 + 2, y);
  });
  view.setUint32(16, md.maxLuminance);
  view.setUint32(20, md.minLuminance);
  return payload;
}

/** Payload of ContentLightLevelBox: ISO/IEC 14496-12, 12.1.6. */
export function clliPayload({ maxContent, maxAverage }: ContentLight): Uint8Array {
  return Uint8Array.of(maxContent >> 8, maxContent, maxAverage >> 8, maxAverage);
}

const MDCV_BYTES = 24;
const CLLI_BYTES = 4;

/**
 * Payload of an `mdcv` box, and of the SEI message alike.
 * @throws MediaError `truncated`
 */
export function parseMdcvPayload(payload: Uint8Array): MasteringDisplay {
  const cursor = new ByteCursor(payload);
  const point = (): Chromaticity => ({ x: cursor.u16(), y: cursor.u16() });
  const [green, blue, red, white] = [point(), point(), point(), point()];
  return { green, blue, red, white, maxLuminance: cursor.u32(), minLuminance: cursor.u32() };
}

/**
 * Payload of a `clli` box, and of the SEI message alike.
 * @throws MediaError `truncated`
 */
export function parseClliPayload(payload: Uint8Array): ContentLight {
  const cursor = new ByteCursor(payload);
  return { maxContent: cursor.u16(), maxAverage: cursor.u16() };
}

export interface HdrSei {
  readonly masteringDisplay: MasteringDisplay | null;
  readonly contentLight: ContentLight | null;
  /** preferred_transfer_characteristics, ITU-T H.273: 18 for HLG in a stream whose VUI says BT.2020. */
  readonly transfer: number | null;
}

const MASTERING_DISPLAY = 137;
const CONTENT_LIGHT = 144;
const ALTERNATIVE_TRANSFER = 147;
const H264_SEI = 6;

/**
 * What the SEI messages of an access unit or record say: ITU-T H.264, D.1.29, D.1.31, D.1.32; H.265, D.2.28, D.2.35,
 * D.2.38. Of several the first counts; one that is too short counts as absent, since pictures do not need it.
 */
export function readHdrSei(nals: Iterable<Uint8Array>, codec: 'h264' | 'h265'): HdrSei {
  const found = new Map<number, Uint8Array>();
  for (const nal of nals) {
    if (!IS_SEI[codec](nal)) continue;
    for (const { type, payload } of seiMessages(nal, codec === 'h264' ? 1 : H265_NAL_HEADER))
      if (!found.has(type)) found.set(type, payload);
  }
  const payloadOf = (type: number, size: number) => {
    const payload = found.get(type);
    return payload && payload.length >= size ? payload : null;
  };
  const mastering = payloadOf(MASTERING_DISPLAY, MDCV_BYTES);
  const light = payloadOf(CONTENT_LIGHT, CLLI_BYTES);
  return {
    masteringDisplay: mastering && parseMdcvPayload(mastering),
    contentLight: light && parseClliPayload(light),
    transfer: payloadOf(ALTERNATIVE_TRANSFER, 1)?.[0] ?? null,
  };
}

const IS_SEI: Readonly<Record<'h264' | 'h265', (nal: Uint8Array) => boolean>> = {
  h264: (nal) => ((nal[0] ?? 0) & 31) === H264_SEI,
  h265: (nal) => h265NalType(nal) === H265_NAL.prefixSei && h265LayerId(nal) === 0,
};

/** MasteringMetadata by the names of its elements: RFC 9559, 5.1.4.1.28.30. Coordinates 0 to 1, luminance in cd/m². */
export interface MatroskaMastering {
  readonly primaryRChromaticityX?: number;
  readonly primaryRChromaticityY?: number;
  readonly primaryGChromaticityX?: number;
  readonly primaryGChromaticityY?: number;
  readonly primaryBChromaticityX?: number;
  readonly primaryBChromaticityY?: number;
  readonly whitePointChromaticityX?: number;
  readonly whitePointChromaticityY?: number;
  readonly luminanceMax?: number;
  readonly luminanceMin?: number;
}

const PER_COORDINATE = 50_000;
const PER_CANDELA = 10_000;
const MAX_U32 = 0xffff_ffff;

/** Null where an element is missing or outside its range: `mdcv` cannot say half of it. */
export function fromMatroskaMastering(m: MatroskaMastering): MasteringDisplay | null {
  const green = fromFloats(m.primaryGChromaticityX, m.primaryGChromaticityY);
  const blue = fromFloats(m.primaryBChromaticityX, m.primaryBChromaticityY);
  const red = fromFloats(m.primaryRChromaticityX, m.primaryRChromaticityY);
  const white = fromFloats(m.whitePointChromaticityX, m.whitePointChromaticityY);
  const maxLuminance = inUnits(m.luminanceMax, PER_CANDELA, MAX_U32);
  const minLuminance = inUnits(m.luminanceMin, PER_CANDELA, MAX_U32);
  if (!green || !blue || !red || !white || maxLuminance === null || minLuminance === null) return null;
  return { green, blue, red, white, maxLuminance, minLuminance };
}

function fromFloats(floatX: number | undefined, floatY: number | undefined): Chromaticity | null {
  const [x, y] = [
    inUnits(floatX, PER_COORDINATE, PER_COORDINATE),
    inUnits(floatY, PER_COORDINATE, PER_COORDINATE),
  ];
  return x === null || y === null ? null : { x, y };
}

function inUnits(value: number | undefined, unitsPerOne: number, limit: number): number | null {
  const units = Math.round((value ?? Number.NaN) * unitsPerOne);
  return units >= 0 && units <= limit ? units : null;
}

/**
 * metadata_hdr_cll of an AV1 metadata OBU, behind metadata_type: AV1 specification, 5.8.3.
 * @throws MediaError `truncated`
 */
export const readAv1HdrCll = parseClliPayload;

/**
 * metadata_hdr_mdcv of an AV1 metadata OBU, behind metadata_type: red, green, blue in 0.16, luminances in 24.8 and
 * 18.14 fixed point. AV1 specification, 5.8.4 and 6.7.4.
 * @throws MediaError `truncated`
 */
export function readAv1HdrMdcv(payload: Uint8Array): MasteringDisplay {
  const cursor = new ByteCursor(payload);
  const coordinate = () => Math.round((cursor.u16() * PER_COORDINATE) / 2 ** 16);
  const point = (): Chromaticity => ({ x: coordinate(), y: coordinate() });
  const [red, green, blue, white] = [point(), point(), point(), point()];
  const luminance = (fraction: number) =>
    Math.min(MAX_U32, Math.round((cursor.u32() * PER_CANDELA) / fraction));
  const maxLuminance = luminance(2 ** 8);
  const minLuminance = luminance(2 ** 14);
  return { green, blue, red, white, maxLuminance, minLuminance };
}
