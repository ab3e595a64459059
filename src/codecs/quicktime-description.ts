interface Size {
  readonly width: number;
  readonly height: number;
}

/** Bytes of an ImageDescription before its extensions, and of the head of one of these. */
const FIXED = 86;
const HEAD = 8;
/** 72 dots to the inch in 16.16. */
const RESOLUTION = 0x48_0000;
const DEPTH = 24;
const NO_COLOUR_TABLE = 0xffff;

/**
 * ImageDescription from its size on, as Matroska has it behind `V_QUICKTIME`: QuickTime File Format, Video Sample
 * Description.
 * @param fourcc four characters
 * @param header what a decoder must know before the first picture; in an extension of its own
 */
export function quickTimeDescription(fourcc: string, size: Size, header: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(FIXED + HEAD + header.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length);
  bytes.set(characters(fourcc), 4);
  view.setUint16(14, 1);
  view.setUint16(32, size.width);
  view.setUint16(34, size.height);
  view.setUint32(36, RESOLUTION);
  view.setUint32(40, RESOLUTION);
  view.setUint16(48, 1);
  view.setUint16(82, DEPTH);
  view.setUint16(84, NO_COLOUR_TABLE);
  view.setUint32(FIXED, HEAD + header.length);
  bytes.set(characters('glbl'), FIXED + 4);
  bytes.set(header, FIXED + HEAD);
  return bytes;
}

const characters = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));
