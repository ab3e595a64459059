import { BitReader, BitWriter } from '../core/bits.ts';
import { corrupt, unsupported } from '../core/errors.ts';

/** Header of a core frame: ETSI TS 102 114, 5.3.1. */
export interface DtsHeader {
  readonly sampleRate: number;
  /** With the low-frequency one. */
  readonly channels: number;
  /** In the frame, of each channel. */
  readonly samples: number;
}

/** How the bits of a core lie in the file: in words of 16 bits, of which all count, or the low 14 as on DTS-CDs. */
interface Packing {
  readonly bits: 14 | 16;
  readonly isLittleEndian: boolean;
}

/** The first four bytes of a core, as each form packs the synchronisation word 0x7FFE8001. */
const PACKINGS: ReadonlyMap<number, Packing> = new Map<number, Packing>([
  [0x7ffe8001, { bits: 16, isLittleEndian: false }],
  [0xfe7f0180, { bits: 16, isLittleEndian: true }],
  [0x1fffe800, { bits: 14, isLittleEndian: false }],
  [0xff1f00e8, { bits: 14, isLittleEndian: true }],
]);
const EXTENSION_SYNC = 0x64582025;

/** SFREQ, Table 5-5; 0 where it is invalid. */
const RATES = [
  0, 8000, 16_000, 32_000, 0, 0, 11_025, 22_050, 44_100, 0, 0, 12_000, 24_000, 48_000, 0, 0,
] as const;
/** AMODE, Table 5-4; those from 16 on are defined by the user. */
const CHANNELS = [1, 2, 2, 2, 2, 3, 3, 4, 4, 5, 6, 6, 6, 7, 8, 8] as const;
const BLOCK_SAMPLES = 32;
/** Values below these are invalid. */
const LEAST = { nblks: 5, fsize: 95 } as const;
const INVALID_LFF = 3;
/** What reaches beyond LFF in every form. */
const HEADER_BYTES = 16;

/**
 * Reads the core that an access unit begins with, in any of its four forms; what extensions behind it add to rate and
 * channels is not told.
 * @throws MediaError `corrupt` for what is no core, `unsupported` where there is only an extension substream (DTS
 * Express, DTS-HD Master Audio without a core) or where the channels are the user's own
 */
export function parseDtsHeader(frame: Uint8Array): DtsHeader {
  const sync = new BitReader(frame).u(32);
  if (sync === EXTENSION_SYNC) throw unsupported('DTS without a core: Express or lossless alone');
  const packing = PACKINGS.get(sync);
  if (!packing) throw corrupt('No DTS frame');
  const bits = new BitReader(
    packing.bits === 16 && !packing.isLittleEndian ? frame : unpacked(frame, packing),
  );
  // SYNC, FTYPE, SHORT, CPF
  bits.skip(32 + 1 + 5 + 1);
  const [nblks, fsize, amode, sfreq] = [bits.u(7), bits.u(14), bits.u(6), bits.u(4)];
  // RATE, a fixed bit, DYNF, TIMEF, AUXF, HDCD, EXT_AUDIO_ID, EXT_AUDIO, ASPF
  bits.skip(5 + 1 + 1 + 1 + 1 + 1 + 3 + 1 + 1);
  const lff = bits.u(2);
  const sampleRate = RATES[sfreq];
  if (bits.overrun || nblks < LEAST.nblks || fsize < LEAST.fsize || !sampleRate || lff === INVALID_LFF)
    throw corrupt('No header of a DTS core');
  const main = CHANNELS[amode];
  if (main === undefined) throw unsupported(`DTS with channels of its own kind (AMODE ${amode})`);
  return { sampleRate, channels: main + (lff > 0 ? 1 : 0), samples: (nblks + 1) * BLOCK_SAMPLES };
}

/** The beginning of a core as words of 16 bits, high byte first, without what the form adds. */
function unpacked(frame: Uint8Array, { bits, isLittleEndian }: Packing): Uint8Array {
  const out = new BitWriter();
  const size = Math.min(frame.length, HEADER_BYTES) & ~1;
  const view = new DataView(frame.buffer, frame.byteOffset, size);
  for (let at = 0; at < size; at += 2) out.u(view.getUint16(at, isLittleEndian), bits);
  return out.bytes();
}
