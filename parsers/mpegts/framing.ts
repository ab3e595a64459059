import { LIMITS } from '../../src/core/limits.ts';

/** How packets of 188 bytes lie in a file: ISO/IEC 13818-1, 2.4.3.2. */
export interface PacketFraming {
  /** From packet to packet: with 4 bytes of time before each in M2TS, or 16 of error correction behind. */
  readonly stride: 188 | 192 | 204;
  /** Bytes before the sync byte of each. */
  readonly lead: 0 | 4;
  /** Of the first one, with what leads it. */
  readonly start: number;
}

type Form = Pick<PacketFraming, 'stride' | 'lead'>;

export const PACKET = 188;
export const SYNC = 0x47;
const FORMS: readonly Form[] = [
  { stride: 188, lead: 0 },
  { stride: 192, lead: 4 },
  { stride: 204, lead: 0 },
];
/** adaptation_field_control */
const CONTROL = 0x30;
/** Sync bytes in a row that are no accident: one of 256 bytes is one. */
const SURE = 5;

/**
 * Finds packets by their content within `LIMITS.leadingGarbage`: something else may stand before them. A file of fewer
 * packets than are sure must hold nothing else. Null where there are none.
 */
export function findFraming(bytes: Uint8Array): PacketFraming | null {
  const last = Math.min(bytes.length, LIMITS.leadingGarbage);
  for (let at = bytes.indexOf(SYNC); at >= 0 && at < last; at = bytes.indexOf(SYNC, at + 1))
    for (const form of FORMS) {
      const start = at - form.lead;
      if (start >= 0 && isRow(bytes, start, form)) return { ...form, start };
    }
  return null;
}

/** Index at or after `from` where a packet begins, with what leads it; null where none does. */
export function findPacket(bytes: Uint8Array, from: number, form: Form): number | null {
  const { lead } = form;
  for (let at = bytes.indexOf(SYNC, from + lead); at >= 0; at = bytes.indexOf(SYNC, at + 1))
    if (isRow(bytes, at - lead, form)) return at - lead;
  return null;
}

/** Packets follow each other as far as the bytes go, or as it takes to be sure; what is cut off at the end counts. */
function isRow(bytes: Uint8Array, start: number, { stride, lead }: Form): boolean {
  let count = 0;
  for (let at = start + lead; at < bytes.length && count < SURE; at += stride) {
    // adaptation_field_control 0 is reserved.
    if (bytes[at] !== SYNC || ((bytes[at + 3] ?? CONTROL) & CONTROL) === 0) return false;
    count++;
  }
  return count >= SURE || (start === 0 && (count > 1 || stride === bytes.length));
}
