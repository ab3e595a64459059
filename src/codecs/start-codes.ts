import { nextStartCode } from './nal.ts';

/** A start code of MPEG-1, MPEG-2, MPEG-4 video or VC-1. */
export interface StartCode {
  /** The byte behind 00 00 01. */
  readonly code: number;
  /** Of the first zero of 00 00 01. */
  readonly start: number;
  /** Of the byte behind `code`. */
  readonly at: number;
}

/** Those whose own byte is there: ISO/IEC 13818-2, 6.2.1; ISO/IEC 14496-2, 6.2.1; SMPTE 421M, Annex E. */
export function* startCodes(data: Uint8Array): Generator<StartCode> {
  for (let at = nextStartCode(data, 0); at + 3 < data.length; at = nextStartCode(data, at + 3))
    yield { code: data[at + 3] ?? 0, start: at, at: at + 4 };
}
