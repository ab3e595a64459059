/** nal_unit_type: ITU-T H.265, Table 7-1; the last two as Dolby Vision uses them. */
export const H265_NAL = {
  raslN: 8,
  raslR: 9,
  blaWithLeading: 16,
  blaWithRadl: 17,
  bla: 18,
  idrWithRadl: 19,
  idr: 20,
  cra: 21,
  vps: 32,
  sps: 33,
  pps: 34,
  delimiter: 35,
  prefixSei: 39,
  dolbyVisionRpu: 62,
  dolbyVisionEnhancement: 63,
} as const;

/** Bytes of the NAL unit header: 7.3.1.2. */
export const H265_NAL_HEADER = 2;
/** Types below are slice segments: Table 7-1. */
const FIRST_NON_VCL = 32;

export const h265NalType = (nal: Uint8Array): number => ((nal[0] ?? 0) >> 1) & 63;

/** nuh_layer_id: above 0 for the layers of scalable, multiview and some enhancement streams. */
export const h265LayerId = (nal: Uint8Array): number => (((nal[0] ?? 0) & 1) << 5) | ((nal[1] ?? 0) >> 3);

export const isBaseSlice = (nal: Uint8Array): boolean =>
  nal.length >= H265_NAL_HEADER && h265NalType(nal) < FIRST_NON_VCL && h265LayerId(nal) === 0;
