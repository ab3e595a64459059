import { readRange } from '../../src/core/bytes.ts';
import type { Source } from '../../src/core/contracts.ts';

/** Bytes of a file that came already. */
export interface Held {
  readonly position: number;
  readonly bytes: Uint8Array;
}

interface Wanted {
  readonly at: number;
  readonly size: number;
  readonly signal: AbortSignal;
}

/** Of the bytes held where they reach so far; else of the source. Fewer only where the file ends. */
export async function bytesAt(source: Source, held: Held, { at, size, signal }: Wanted): Promise<Uint8Array> {
  if (size === 0) return new Uint8Array(0);
  const from = at - held.position;
  if (from >= 0 && from + size <= held.bytes.length) return held.bytes.subarray(from, from + size);
  return readRange(source, { start: at, end: at + size }, signal);
}
