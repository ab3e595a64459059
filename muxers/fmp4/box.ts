/** Bytes, or bytes in bytes: the size is known where a box is defined, the bytes are written once, by `serialize`. */
export type Part = Uint8Array | Composite;

interface Composite {
  readonly size: number;
  readonly parts: readonly Part[];
}

const sizeOf = (part: Part): number => (part instanceof Uint8Array ? part.length : part.size);

function composite(parts: readonly Part[]): Composite {
  return { size: parts.reduce((sum, part) => sum + sizeOf(part), 0), parts };
}

/** Box: ISO/IEC 14496-12, 4.2. */
export function box(type: string, ...content: readonly Part[]): Part {
  const { size, parts } = composite(content);
  return composite([u32(8 + size), fourcc(type), ...parts]);
}

interface FullBoxHead {
  readonly type: string;
  readonly version: number;
  readonly flags: number;
}

/** FullBox: ISO/IEC 14496-12, 4.2. */
export const fullBox = ({ type, version, flags }: FullBoxHead, ...content: readonly Part[]): Part =>
  box(type, u32(version * 2 ** 24 + flags), ...content);

export const u8 = (...values: readonly number[]): Uint8Array => Uint8Array.from(values);

export const u16 = (...values: readonly number[]): Uint8Array =>
  fields(values, 2, (view, at, value) => view.setUint16(at, value));

export const u24 = (value: number): Uint8Array => u8(value >> 16, value >> 8, value);

export const u32 = (...values: readonly number[]): Uint8Array => u32List(values);

/** As `u32`, for lists of any length. Negative values become two's complement, as `i32` wants them. */
export const u32List = (values: readonly number[]): Uint8Array =>
  fields(values, 4, (view, at, value) => view.setUint32(at, value));

export const i16 = u16;
export const i32 = u32;

/** A non-negative safe integer. */
export const u64 = (value: number): Uint8Array => u32(Math.floor(value / 2 ** 32), value % 2 ** 32);

/** 16.16 fixed point. */
export const fixed = (...values: readonly number[]): Uint8Array =>
  u32List(values.map((value) => Math.round(value * 0x10000)));

export const zeros = (size: number): Uint8Array => new Uint8Array(size);

/** Four characters of one byte each. */
export const fourcc = (code: string): Uint8Array =>
  Uint8Array.from({ length: 4 }, (_, i) => code.charCodeAt(i));

/** UTF-8 with its terminating zero. */
export const str = (text: string): Uint8Array => new TextEncoder().encode(`${text.replaceAll('\0', '')}\0`);

export function serialize(...parts: readonly Part[]): Uint8Array {
  const whole = composite(parts);
  const out = new Uint8Array(whole.size);
  write(out, 0, whole);
  return out;
}

function write(out: Uint8Array, at: number, part: Part): number {
  if (part instanceof Uint8Array) {
    out.set(part, at);
    return at + part.length;
  }
  return part.parts.reduce((next, child) => write(out, next, child), at);
}

type WriteField = (view: DataView, at: number, value: number) => void;

function fields(values: readonly number[], size: number, writeField: WriteField): Uint8Array {
  const bytes = new Uint8Array(values.length * size);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => {
    writeField(view, i * size, value);
  });
  return bytes;
}
