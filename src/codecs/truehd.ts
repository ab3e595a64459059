import { BitReader } from '../core/bits.ts';
import { corrupt } from '../core/errors.ts';

/**
 * major_sync_info of Dolby TrueHD (Dolby TrueHD (MLP) high-level bitstream description); that of MLP on DVD-Audio, which
 * no open document describes, has another format_info.
 */
export interface MajorSync {
  readonly sampleRate: number;
  /** Of the presentation with the most of them. */
  readonly channels: number;
  /** In an access unit, of each channel. */
  readonly samples: number;
}

const SYNC = { truehd: 0xf8726fba, mlp: 0xf8726fbb } as const;
const SIGNATURE = 0xb752;
/** check_nibble, access_unit_length and input_timing stand before the sync. */
const UNIT_HEAD_BITS = 32;
/** audio_sampling_frequency: three low bits double the base rate, the high one takes 44.1 kHz for it. */
const DOUBLINGS = 7;
const LOW_FAMILY = 8;
const MOST_DOUBLINGS = 2;
/** Samples of an access unit at the base rate. */
const UNIT_SAMPLES = 40;
const STEREO = 2;

/** Channels by each bit of a channel assignment of TrueHD, lowest first: L/R, C, LFE, Ls/Rs, Lvh/Rvh … */
const ASSIGNED = [2, 1, 1, 2, 2, 2, 2, 1, 1, 2, 2, 1, 1] as const;
/** Channels by channel_assignment of MLP; what is beyond is reserved. */
const MLP_CHANNELS = [1, 2, 3, 4, 3, 4, 5, 3, 4, 5, 4, 5, 6, 4, 5, 4, 5, 6, 5, 5, 6] as const;

/**
 * What the major sync of an access unit says; null for a unit that begins without one, as most do.
 * @throws MediaError `corrupt` for one that is cut off or has values that are reserved
 */
export function parseMajorSync(unit: Uint8Array): MajorSync | null {
  const bits = new BitReader(unit);
  bits.skip(UNIT_HEAD_BITS);
  const sync = bits.u(32);
  if (sync !== SYNC.truehd && sync !== SYNC.mlp) return null;
  const { frequency, channels } = sync === SYNC.truehd ? readTrueHd(bits) : readMlp(bits);
  const doublings = frequency & DOUBLINGS;
  if (bits.u(16) !== SIGNATURE || doublings > MOST_DOUBLINGS || channels === undefined)
    throw corrupt('Broken major sync of TrueHD or MLP');
  const base = frequency & LOW_FAMILY ? 44_100 : 48_000;
  return { sampleRate: base * 2 ** doublings, channels, samples: UNIT_SAMPLES * 2 ** doublings };
}

interface FormatInfo {
  readonly frequency: number;
  readonly channels: number | undefined;
}

/** format_info of TrueHD: the assignments of the 8-channel and the 6-channel presentation, 0 where there is none. */
function readTrueHd(bits: BitReader): FormatInfo {
  const frequency = bits.u(4);
  // multichannel types, reserved, modifiers of the 2- and the 6-channel presentation
  bits.skip(1 + 1 + 2 + 2 + 2);
  const six = bits.u(5);
  bits.skip(2);
  const eight = bits.u(13);
  return { frequency, channels: assignedChannels(eight) || assignedChannels(six) || STEREO };
}

const assignedChannels = (assignment: number): number =>
  ASSIGNED.reduce<number>((sum, channels, bit) => sum + ((assignment >> bit) & 1) * channels, 0);

/** format_info of MLP: word lengths, then rates, of two groups of channels; the first group's rate is the stream's. */
function readMlp(bits: BitReader): FormatInfo {
  bits.skip(4 + 4);
  const frequency = bits.u(4);
  bits.skip(4 + 11);
  return { frequency, channels: MLP_CHANNELS[bits.u(5)] };
}
