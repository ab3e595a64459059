/** For codecs whose frames Matroska stores as MP4 does. */
export const unchanged = (frame: Uint8Array): Uint8Array => frame;
