import { BitWriter } from '../../../src/core/bits.ts';
import { concat } from '../../../src/core/bytes.ts';

/** MPEG-2 of grey fields, written by hand: no encoder at hand codes fields as pictures of their own. ISO/IEC 13818-2. */

const [WIDTH, HEIGHT] = [32, 64];
const MACROBLOCK = 16;

export interface Picture {
  readonly data: Uint8Array;
}

const unit = (code: number, bits: BitWriter): Uint8Array =>
  concat([Uint8Array.of(0, 0, 1, code), bits.align().bytes()]);

/** Sequence header and extension: 32x64, 25 frames a second, 4:3, main profile. */
export const sequence = (isProgressive = false): Uint8Array =>
  concat([
    unit(
      0xb3,
      new BitWriter().u(WIDTH, 12).u(HEIGHT, 12).u(2, 4).u(3, 4).u(1000, 18).u(1, 1).u(20, 10).u(0, 3),
    ),
    unit(
      0xb5,
      new BitWriter()
        .u(1, 4)
        .u(0x48, 8)
        .flag(isProgressive)
        .u(1, 2)
        .u(0, 4)
        .u(0, 12)
        .u(1, 1)
        .u(0, 8)
        .u(0, 1)
        .u(0, 7),
    ),
  ]);

/** Group of pictures; closed. */
const group = (): Uint8Array => unit(0xb8, new BitWriter().u(0, 25).u(1, 1).u(0, 1));

interface Head {
  readonly temporalReference: number;
  /** picture_coding_type. */
  readonly type?: number;
  /** 1 top, 2 bottom, 3 frame. */
  readonly structure: number;
}

/** Picture header and picture coding extension: 6.2.3. */
export const pictureHead = ({ temporalReference, type = 1, structure }: Head): Uint8Array => {
  const head = new BitWriter().u(temporalReference, 10).u(type, 3).u(0xffff, 16);
  if (type > 1) head.u(7, 4);
  if (type > 2) head.u(7, 4);
  const coding = new BitWriter().u(8, 4).u(0xffff, 16).u(0, 2).u(structure, 2).u(0, 8).u(0, 2);
  return concat([unit(0x00, head.u(0, 1)), unit(0xb5, coding)]);
};

/** Macroblocks of nothing but the grey that prediction begins with. */
function slice(row: number): Uint8Array {
  const bits = new BitWriter().u(8, 5).u(0, 1);
  for (let i = 0; i < WIDTH / MACROBLOCK; i++) {
    bits.u(0b11, 2);
    for (let block = 0; block < 4; block++) bits.u(0b10010, 5);
    for (let block = 0; block < 2; block++) bits.u(0b0010, 4);
  }
  return unit(row + 1, bits);
}

const field = (temporalReference: number, structure: number, front: readonly Uint8Array[]): Picture => ({
  data: concat([
    ...front,
    pictureHead({ temporalReference, structure }),
    ...Array.from({ length: HEIGHT / 2 / MACROBLOCK }, (_, row) => slice(row)),
  ]),
});

/** Both fields of a frame, each a picture of its own. */
export const greyFrame = (temporalReference: number, front: 'sequence' | 'bare'): Picture[] => [
  field(temporalReference, 1, front === 'sequence' ? [sequence(), group()] : []),
  field(temporalReference, 2, []),
];
