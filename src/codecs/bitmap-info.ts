/** Bytes of a BITMAPINFOHEADER. */
export const BITMAP_INFO = 40;
const DEPTH = 24;

/** BITMAPINFOHEADER without anything behind it, as Matroska has it behind `V_MS/VFW/FOURCC`. */
export function bitmapInfo(
  fourcc: Uint8Array,
  size: { readonly width: number; readonly height: number },
): Uint8Array {
  const bytes = new Uint8Array(BITMAP_INFO);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, BITMAP_INFO, true);
  view.setInt32(4, size.width, true);
  view.setInt32(8, size.height, true);
  view.setUint16(12, 1, true);
  view.setUint16(14, DEPTH, true);
  bytes.set(fourcc.subarray(0, 4), 16);
  return bytes;
}
