/** Texts are for people; what is longer is cut. */
const MAX_TEXT = 1000;
const MAX_TEXT_BYTES = 4 * MAX_TEXT;

/** UTF-8, or Latin-1 where it is none, up to the first zero; null where nothing is left. */
export function readText(bytes: Uint8Array): string | null {
  const zero = bytes.indexOf(0);
  const own = bytes.subarray(0, Math.min(zero < 0 ? bytes.length : zero, MAX_TEXT_BYTES));
  const text = new TextDecoder().decode(own);
  return short(text.includes(REPLACEMENT) && own.length < MAX_TEXT_BYTES ? latin1(own) : text);
}

const REPLACEMENT = '\ufffd';

const latin1 = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');

/** UTF-16, big-endian unless its byte order mark says otherwise. */
export function readUtf16(bytes: Uint8Array): string | null {
  const own = bytes.subarray(0, Math.min(bytes.length & ~1, MAX_TEXT_BYTES));
  const view = new DataView(own.buffer, own.byteOffset, own.length);
  const isLittle = own[0] === 0xff && own[1] === 0xfe;
  const units = Array.from({ length: own.length / 2 }, (_, i) => view.getUint16(i * 2, isLittle));
  return short(String.fromCharCode(...units).replace(/^\ufeff/, ''));
}

/** UTF-8, or UTF-16 where a byte order mark begins it, as 3GPP TS 26.244, 8 has it. */
export const readMarkedText = (bytes: Uint8Array): string | null =>
  (bytes[0] === 0xfe && bytes[1] === 0xff) || (bytes[0] === 0xff && bytes[1] === 0xfe)
    ? readUtf16(bytes)
    : readText(bytes);

const short = (text: string): string | null => text.replace(/\0.*$/s, '').trim().slice(0, MAX_TEXT) || null;
