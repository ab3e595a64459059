/**
 * Bytes, numbers, or parts in a part: the size is known where a box is defined, the bytes are written once, by
 * `serialize`.
 */
export type Part = Uint8Array | Numbers | Composite;

/** Big-endian numbers of `width` bytes each; negative ones become two's complement. */
interface Numbers {
  readonly size: number;
  readonly width: keyof typeof SETTERS;
  readonly values: readonly number[];
}

interface Composite {
  readonly size: number;
  readonly parts: readonly Part[];
}

const sizeOf = (part: Part): number => (part instanceof Uint8Array ? part.length : part.size);

function composite(parts: readonly Part[]): Composite {
  let size = 0;
  for (const part of parts) size += sizeOf(part);
  return { size, parts };
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

const numbers = (width: Numbers['width'], values: readonly number[]): Part => ({
  size: width * values.length,
  width,
  values,
});

export const u8 = (...values: readonly number[]): Part => numbers(1, values);

export const u16 = (...values: readonly number[]): Part => numbers(2, values);

export const u24 = (value: number): Part => u8(value >> 16, value >> 8, value);

export const u32 = (...values: readonly number[]): Part => numbers(4, values);

/** As `u32`, for lists of any length. */
export const u32List = (values: readonly number[]): Part => numbers(4, values);

export const i16 = u16;
export const i32 = u32;

/** A non-negative safe integer. */
export const u64 = (value: number): Part => u32(Math.floor(value / 2 ** 32), value % 2 ** 32);

/** 16.16 fixed point. */
export const fixed = (...values: readonly number[]): Part =>
  u32List(values.map((value) => Math.round(value * 0x10000)));

export const zeros = (size: number): Uint8Array => new Uint8Array(size);

/** Four characters of one byte each. */
export const fourcc = (code: string): Part =>
  u8(code.charCodeAt(0), code.charCodeAt(1), code.charCodeAt(2), code.charCodeAt(3));

/** UTF-8 with its terminating zero. */
export const str = (text: string): Uint8Array => new TextEncoder().encode(`${text.replaceAll('\0', '')}\0`);

export function serialize(...parts: readonly Part[]): Uint8Array {
  const whole = composite(parts);
  const out = new Uint8Array(whole.size);
  write({ out, view: new DataView(out.buffer) }, 0, whole);
  return out;
}

interface Target {
  readonly out: Uint8Array;
  readonly view: DataView;
}

/** Gives the place behind what it wrote. */
function write(target: Target, at: number, part: Part): number {
  if (part instanceof Uint8Array) target.out.set(part, at);
  else if ('parts' in part) {
    let next = at;
    for (const child of part.parts) next = write(target, next, child);
  } else {
    const set = SETTERS[part.width];
    let next = at;
    for (const value of part.values) {
      set(target.view, next, value);
      next += part.width;
    }
  }
  return at + sizeOf(part);
}

const SETTERS = {
  1: (view: DataView, at: number, value: number) => view.setUint8(at, value),
  2: (view: DataView, at: number, value: number) => view.setUint16(at, value),
  4: (view: DataView, at: number, value: number) => view.setUint32(at, value),
} as const;
