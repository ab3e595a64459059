import { orNull } from '../../../src/core/errors.ts';
import type { Framing } from '../../elementary/sound/framing.ts';
import { framingOf, type SoundCodec } from './splitter.ts';

/** Sound that was told from its frames alone. */
export interface Recognised {
  readonly codec: SoundCodec;
  /** Where its first whole frame begins. */
  readonly at: number;
}

/**
 * Headers that must agree, each where the frame before ends. Sync words of 11 bits with little behind them that stays
 * the same want one more: in 64 KB of noise two of those are met once in 64 times.
 */
const ROWS: readonly (readonly [SoundCodec, headers: number, firstByte: number])[] = [
  ['aac', 2, 0xff],
  ['ac3', 2, 0x0b],
  ['dts', 2, 0x7f],
  ['mpeg-audio', 3, 0xff],
  ['aac_latm', 3, 0x56],
  ['opus', 3, 0x7f],
];
/** Parts looked at for one row: a frame of E-AC-3 may have 16. */
const MAX_PARTS = 48;
/** Where bsid lies in AC-3 and E-AC-3, and its first value of the latter. */
const BSID = { byte: 5, eac3: 11 } as const;

/**
 * The codec of frames in a row, of which the first makes a sound by itself, and may begin anywhere; null where there are
 * none, or not enough yet.
 */
export function recogniseSound(bytes: Uint8Array): Recognised | null {
  for (const [codec, wanted, first] of ROWS) {
    const framing = framingOf(codec, []);
    for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
      if (!isRow(framing, bytes, at, wanted)) continue;
      const isEac3 = codec === 'ac3' && (bytes[at + BSID.byte] ?? 0) >> 3 >= BSID.eac3;
      return { codec: isEac3 ? 'eac3' : codec, at };
    }
  }
  return null;
}

function isRow(framing: Framing, bytes: Uint8Array, at: number, wanted: number): boolean {
  const first = framing.partAt(bytes, at);
  if (first === null || first === 'more' || !first.isHead) return false;
  let end = at + first.bytes;
  let met = 1;
  for (let parts = 1; met < wanted && parts < MAX_PARTS; parts++) {
    const part = framing.partAt(bytes, end);
    if (part === null || part === 'more') return false;
    if (part.isHead && part.key !== first.key) return false;
    if (part.isHead) met++;
    end += part.bytes;
  }
  const isSound = () => orNull(() => framing.sounds(bytes.subarray(at, at + first.bytes))) ?? [];
  return met === wanted && isSound().length > 0;
}
