import { corrupt } from '../core/errors.ts';

/** What stands between NAL units: a length of 1, 2 or 4 bytes (ISO/IEC 14496-15) or a start code (Annex B). */
export type NalFraming = 1 | 2 | 3 | 4 | 'annexb';

/**
 * Views of the NAL units of an access unit. Empty ones, which some writers leave, are passed over.
 * ISO/IEC 14496-15, 4.3.3.
 * @throws MediaError `corrupt` where a length reaches past the end
 */
export function* splitLengthPrefixed(data: Uint8Array, lengthSize: number): Generator<Uint8Array> {
  for (const { nal, missing } of cutNalUnits(data, lengthSize)) {
    if (missing > 0) throw corrupt(`NAL unit reaches ${missing} bytes past the end of its access unit`);
    yield nal;
  }
}

export function joinLengthPrefixed(nals: Iterable<Uint8Array>): Uint8Array {
  return joinWith(nals, (view, at, size) => view.setUint32(at, size));
}

/**
 * Views of the NAL units of a byte stream, without the zero bytes that trail them.
 * ITU-T H.264, Annex B.
 * @throws MediaError `corrupt` where anything but zeros stands before the first start code
 */
export function* splitAnnexB(data: Uint8Array): Generator<Uint8Array> {
  let code = nextStartCode(data, 0);
  if (!isZero(data.subarray(0, code))) throw corrupt('No start code at the beginning of a byte stream');
  while (code < data.length) {
    const start = code + 3;
    code = nextStartCode(data, start);
    const nal = trimZeros(data.subarray(start, code));
    if (nal.length > 0) yield nal;
  }
}

export function joinAnnexB(nals: Iterable<Uint8Array>): Uint8Array {
  return joinWith(nals, (view, at) => view.setUint32(at, 1));
}

export interface CutNalUnit {
  readonly nal: Uint8Array;
  /** Bytes that its length promises and the data do not hold; 0 for a whole one. */
  readonly missing: number;
}

/** As `splitLengthPrefixed` for the beginning of an access unit: the last NAL unit may be cut anywhere. */
export function* cutNalUnits(data: Uint8Array, lengthSize: number): Generator<CutNalUnit> {
  for (let at = 0; at < data.length; ) {
    const start = at + lengthSize;
    if (start > data.length) {
      yield { nal: data.subarray(data.length), missing: start - data.length };
      return;
    }
    const end = start + lengthAt(data, at, lengthSize);
    if (end > start) yield { nal: data.subarray(start, end), missing: Math.max(0, end - data.length) };
    at = end;
  }
}

/**
 * An access unit in MP4's form: 4-byte lengths. The same view when it has it already. Annex B where lengths are
 * declared occurs and is rewritten.
 * @throws MediaError `corrupt` where the lengths do not add up
 */
export function toLengthPrefixed4(data: Uint8Array, framing: NalFraming): Uint8Array {
  if (framing === 4 && isInForm(data)) return data;
  if (framing === 'annexb' || looksAnnexB(data, framing)) return joinLengthPrefixed(splitAnnexB(data));
  const end = wholeUnits(data, framing);
  if (end < data.length) throw corrupt(`Access unit of ${data.length} bytes is damaged after ${end}`);
  return joinLengthPrefixed(splitLengthPrefixed(data, framing));
}

/** Lengths of 4 bytes that add up, and no NAL unit is empty: FFmpeg takes such a sample for damaged. */
function isInForm(data: Uint8Array): boolean {
  let at = 0;
  while (at + 4 < data.length) {
    const size = lengthAt(data, at, 4);
    if (size === 0) return false;
    at += 4 + size;
  }
  return at === data.length;
}

/**
 * True for a byte stream where length-prefixed data are expected. A length of 256 to 511 looks like a start code as
 * well, so data whose lengths add up are never taken for one.
 */
export function looksAnnexB(data: Uint8Array, lengthSize = 4): boolean {
  const [a, b, c, d] = data;
  const begins = a === 0 && b === 0 && (c === 1 || (c === 0 && d === 1));
  return begins && wholeUnits(data, lengthSize) < data.length;
}

/** Bytes up to the end of the last NAL unit that is whole. */
function wholeUnits(data: Uint8Array, lengthSize: number): number {
  let at = 0;
  while (at + lengthSize <= data.length) {
    const end = at + lengthSize + lengthAt(data, at, lengthSize);
    if (end > data.length) return at;
    at = end;
  }
  return at;
}

function lengthAt(data: Uint8Array, at: number, lengthSize: number): number {
  let size = 0;
  for (let i = 0; i < lengthSize; i++) size = size * 256 + (data[at + i] ?? 0);
  return size;
}

type WritePrefix = (view: DataView, at: number, size: number) => void;

function joinWith(nals: Iterable<Uint8Array>, writePrefix: WritePrefix): Uint8Array {
  const list = [...nals];
  const out = new Uint8Array(list.reduce((sum, nal) => sum + 4 + nal.length, 0));
  const view = new DataView(out.buffer);
  let at = 0;
  for (const nal of list) {
    writePrefix(view, at, nal.length);
    out.set(nal, at + 4);
    at += 4 + nal.length;
  }
  return out;
}

/** Index of the next start code, 00 00 01, in [from, end); `end` where there is none. ITU-T H.264, B.1.1. */
export function nextStartCode(data: Uint8Array, from: number, end = data.length): number {
  let i = from + 2;
  while (i < end) {
    const byte = data[i] ?? 0;
    if (byte > 1) i += 3;
    else if (byte === 0) i++;
    else if (data[i - 1] === 0 && data[i - 2] === 0) return i - 2;
    else i += 3;
  }
  return end;
}

const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);

function trimZeros(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return bytes.subarray(0, end);
}
