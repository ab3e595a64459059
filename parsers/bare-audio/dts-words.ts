import { parseDtsHeader } from '../../src/codecs/dts.ts';
import { BitWriter } from '../../src/core/bits.ts';
import { orNull } from '../../src/core/errors.ts';
import type { Framing, Part, SoundFormat } from '../elementary/sound/framing.ts';

/** How a word holds bits of a core: all 16 with the low byte first, or 14 in either order. */
interface Words {
  readonly sync: readonly [number, number, number, number];
  readonly bits: 14 | 16;
  readonly isLittleEndian: boolean;
}

/** The synchronisation word 0x7FFE8001 in each form: ETSI TS 102 114, 5.3 and Annex on DTS-CDs. */
const FORMS: readonly Words[] = [
  { sync: [0xfe, 0x7f, 0x01, 0x80], bits: 16, isLittleEndian: true },
  { sync: [0xff, 0x1f, 0x00, 0xe8], bits: 14, isLittleEndian: true },
  { sync: [0x1f, 0xff, 0xe8, 0x00], bits: 14, isLittleEndian: false },
];
const HEADER_BYTES = 16;
/** The longest core, of words with 14 bits. */
const MAX_BYTES = 18_728;
/** Samples of PCM that a frame takes the place of, two channels of two bytes: what follows it up to there is zero. */
const CD_SAMPLE_BYTES = 4;

/**
 * DTS cores as words for a CD player, in place of samples of PCM: padded with zeros to as many bytes as their samples
 * would take, or without anything between them.
 * @param front bytes of the stream, which tell whether there is padding
 */
export function dtsWordsFramings(front: Uint8Array): () => Framing {
  const isPadded = hasPadding(front);
  return () => dtsWordsFraming(isPadded);
}

function dtsWordsFraming(isPadded: boolean): Framing {
  let format: SoundFormat | null = null;
  return {
    maxBytes: MAX_BYTES,
    partAt(bytes, at) {
      const part = partOf(bytes, at);
      if (part === null || part === 'more' || !isPadded) return part;
      return { ...part, bytes: Math.max(part.bytes, part.samples * CD_SAMPLE_BYTES) };
    },
    sounds(frame) {
      const { sampleRate, channels, samples } = parseDtsHeader(frame);
      if (format?.sampleRate !== sampleRate || format.channels !== channels || format.frameSize !== samples)
        format = {
          config: { codec: 'dts', record: new Uint8Array(0) },
          sampleRate,
          channels,
          frameSize: samples,
        };
      return [{ data: frame, samples, format }];
    },
  };
}

const FIRST_BYTES: ReadonlySet<number> = new Set(FORMS.map(({ sync: [first] }) => first));

/** The form whose synchronisation word stands at `at`, as far as the bytes reach. */
const formAt = (bytes: Uint8Array, at: number): Words | undefined =>
  FORMS.find(({ sync }) => sync.every((byte, i) => (bytes[at + i] ?? byte) === byte));

function partOf(bytes: Uint8Array, at: number): Part | 'more' | null {
  const form = FIRST_BYTES.has(bytes[at] ?? 0) ? formAt(bytes, at) : undefined;
  if (!form) return null;
  if (bytes.length - at < HEADER_BYTES) return 'more';
  const header = bytes.subarray(at, at + HEADER_BYTES);
  const size = coreBytes(header, form);
  const fields = size === null ? null : orNull(() => parseDtsHeader(header));
  if (size === null || !fields) return null;
  const words = Math.ceil((size * 8) / form.bits);
  return {
    bytes: words * 2,
    key: FORMS.indexOf(form) * 2 ** 20 + fields.sampleRate,
    isHead: true,
    samples: fields.samples,
  };
}

/** Bytes of the core as words of 16 bits; null where a header cannot be meant, which is cheaper than an error. */
function coreBytes(header: Uint8Array, { bits, isLittleEndian }: Words): number | null {
  const view = new DataView(header.buffer, header.byteOffset, HEADER_BYTES);
  const words = new BitWriter();
  for (let at = 0; at < HEADER_BYTES; at += 2) words.u(view.getUint16(at, isLittleEndian), bits);
  return plausibleCoreBytes(words.bytes());
}

/** SFREQ of Table 5-5 that mean a rate. */
const RATES: ReadonlySet<number> = new Set([1, 2, 3, 6, 7, 8, 11, 12, 13]);
const LEAST = { nblks: 5, fsize: 95 } as const;
const MAX_AMODE = 15;

/** FSIZE behind SYNC, FTYPE, SHORT, CPF and NBLKS; then AMODE and SFREQ: 5.3.1. Null for values that mean nothing. */
export function plausibleCoreBytes(header: Uint8Array): number | null {
  const [e = 0, f = 0, g = 0, h = 0, i = 0] = header.subarray(4, 9);
  const nblks = ((e & 1) << 6) | (f >> 2);
  const fsize = ((f & 3) << 12) | (g << 4) | (h >> 4);
  const [amode, sfreq] = [((h & 15) << 2) | (i >> 6), (i >> 2) & 15];
  const isPlausible = nblks >= LEAST.nblks && fsize >= LEAST.fsize && amode <= MAX_AMODE && RATES.has(sfreq);
  return isPlausible ? fsize + 1 : null;
}

/** Whether the first frame is followed by zeros up to where the next one begins. */
function hasPadding(front: Uint8Array): boolean {
  for (let at = 0; at < front.length; at++) {
    const part = partOf(front, at);
    if (part === null) continue;
    if (part === 'more') return false;
    const next = at + part.samples * CD_SAMPLE_BYTES;
    const isZero = front.subarray(at + part.bytes, next).every((byte) => byte === 0);
    if (next > at + part.bytes && isZero && partOf(front, next)) return true;
    if (partOf(front, at + part.bytes)) return false;
  }
  return false;
}
