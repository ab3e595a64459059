import { removeEmulationPrevention } from '../core/bits.ts';

/** One SEI message; `payload` is without emulation prevention. */
export interface SeiMessage {
  readonly type: number;
  readonly payload: Uint8Array;
}

/**
 * The messages of an SEI NAL unit: ITU-T H.264, 7.3.2.3.1; H.265, 7.3.5. One whose size reaches past the end closes
 * the list: what an SEI says is never needed for decoding.
 * @param headerSize bytes of the NAL unit header: 1 in H.264, 2 in H.265
 */
export function* seiMessages(nal: Uint8Array, headerSize: 1 | 2): Generator<SeiMessage> {
  const rbsp = removeEmulationPrevention(nal);
  let at: number = headerSize;
  while (at + 2 <= rbsp.length) {
    const type = readNumber(rbsp, at);
    const size = readNumber(rbsp, type.end);
    const end = size.end + size.value;
    if (end > rbsp.length) return;
    yield { type: type.value, payload: rbsp.subarray(size.end, end) };
    at = end;
  }
}

/** A payload type or size: 255 for every 255 in it, then the rest. */
function readNumber(bytes: Uint8Array, start: number): { readonly value: number; readonly end: number } {
  let value = 0;
  let at = start;
  while (bytes[at] === 255) {
    value += 255;
    at++;
  }
  return { value: value + (bytes[at] ?? 0), end: at + 1 };
}
