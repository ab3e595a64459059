import type { DecodeOnlyVideo } from '../core/media.ts';
import type { PictureKind } from './codecs.ts';
import { nextStartCode } from './nal.ts';

/** What is known of a sample: (the beginning of) its bytes, and whether the container calls it a key picture. */
interface SampleFacts {
  readonly data: Uint8Array;
  /** Null where the container tells it only after the payload. */
  readonly isKey: boolean | null;
}

type KindOf = (sample: SampleFacts) => PictureKind;

/** As where to begin decoding each picture can be used: one row a codec. */
const KINDS: { readonly [C in DecodeOnlyVideo['codec']]: KindOf } = {
  mpeg2: mpeg2Kind,
  mpeg4: mpeg4Kind,
  vc1: vc1Kind,
  vp8: ({ data: [first] }) => (first === undefined ? 'unknown' : (first & 1) === 0 ? 'idr' : 'other'),
  intra: () => 'idr',
  other: claimed,
};

/** @throws never: what makes no sense is `other` */
export const decodeOnlyKind = ({ codec }: DecodeOnlyVideo, sample: SampleFacts): PictureKind =>
  KINDS[codec](sample);

/** By the container's claim. Whether pictures shown before it follow nobody says. */
function claimed({ isKey }: SampleFacts): PictureKind {
  return isKey === null ? 'unknown' : isKey ? 'cra' : 'other';
}

/** Start codes with the bytes behind them. */
function* startCodes(data: Uint8Array): Generator<{ readonly code: number; readonly at: number }> {
  for (let at = nextStartCode(data, 0); at + 3 < data.length; at = nextStartCode(data, at + 3))
    yield { code: data[at + 3] ?? 0, at: at + 4 };
}

const MPEG2 = { picture: 0x00, gop: 0xb8 } as const;
const INTRA_CODED = 1;

/**
 * By picture_coding_type (ISO/IEC 13818-2, 6.3.9); an I-picture behind a header with closed_gop (6.3.8) closes what came
 * before. B-pictures shown before an I-picture may follow it.
 */
function mpeg2Kind({ data }: SampleFacts): PictureKind {
  let isClosed = false;
  for (const { code, at } of startCodes(data)) {
    if (code === MPEG2.gop) isClosed = ((data[at + 3] ?? 0) & 0x40) !== 0;
    if (code !== MPEG2.picture) continue;
    if (at + 1 >= data.length) return 'unknown';
    const type = ((data[at + 1] ?? 0) >> 3) & 7;
    return type !== INTRA_CODED ? 'other' : isClosed ? 'radl' : 'cra';
  }
  return 'unknown';
}

const VOP = 0xb6;

/** By vop_coding_type: ISO/IEC 14496-2, 6.2.5. */
function mpeg4Kind({ data }: SampleFacts): PictureKind {
  for (const { code, at } of startCodes(data)) {
    if (code !== VOP) continue;
    const first = data[at];
    if (first === undefined) return 'unknown';
    return first >> 6 === 0 ? 'cra' : 'other';
  }
  return 'unknown';
}

const VC1 = { frame: 0x0d, entryPoint: 0x0e, sequence: 0x0f } as const;

/** Of the advanced profile, in start codes: an entry point is where decoding can begin (SMPTE 421M, 6.2). */
function vc1Kind(sample: SampleFacts): PictureKind {
  for (const { code } of startCodes(sample.data)) {
    if (code === VC1.sequence || code === VC1.entryPoint) return 'cra';
    if (code === VC1.frame) return 'other';
  }
  return claimed(sample);
}
