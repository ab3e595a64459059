import { AC3_SYNC, ac3FrameBytes } from '../../../src/codecs/ac3.ts';
import { parseMajorSync } from '../../../src/codecs/truehd.ts';
import { corrupt } from '../../../src/core/errors.ts';
import { type Framing, type Part, rememberFormat, type Sound, type SoundFormat } from './framing.ts';

/** format_sync but for its last bit, which tells TrueHD from MLP. */
const MAJOR = { at: 4, bytes: [0xf8, 0x72, 0x6f, 0xba], masks: [0xff, 0xff, 0xff, 0xfe] } as const;
const FORMAT_INFO = 8;
/** num_substreams: the upper half. */
const SUBSTREAMS = 20;
/** A major sync up to there. */
const MAJOR_BYTES = SUBSTREAMS + 1;
/** A header and the directory of one substream. */
const LEAST_BYTES = 8;
const NIBBLES = 0xf;
const HAS_EXTRA_WORD = 0x80;
/** Where bsid lies in AC-3, and the last one that is none of E-AC-3. */
const BSID = { byte: 5, max: 10 } as const;

/**
 * TrueHD and MLP (Dolby TrueHD high-level bitstream description, 4): a frame here is an access unit with a major sync
 * and those up to the next, each of them a sound by itself. Frames of AC-3 between them, which Blu-ray has for those
 * who know nothing else, are left out.
 */
export function trueHdFraming(): Framing {
  const remember = rememberFormat();
  /** As the last major sync said. */
  let substreams = 0;
  return {
    // 18 Mbit/s between two major syncs, at most 128 units of 1/1200 s apart, and AC-3 of 640 kbit/s
    maxBytes: 320 * 1024,
    isSparse: true,
    partAt(bytes, at) {
      if (bytes.length - at < LEAST_BYTES) return 'more';
      if (!isMajor(bytes, at)) return corePart(bytes, at) ?? unitPart(bytes, at, substreams);
      if (bytes.length - at < MAJOR_BYTES) return 'more';
      substreams = (bytes[at + SUBSTREAMS] ?? 0) >> 4;
      return majorPart(bytes, at);
    },
    joins: ({ isHead }) => !isHead,
    sounds(frame) {
      const sync = parseMajorSync(frame);
      if (!sync) throw corrupt('TrueHD without a major sync');
      const { sampleRate, channels, samples } = sync;
      const format = remember([sampleRate, channels, samples].join(), (): SoundFormat => {
        const config = { codec: 'truehd', record: new Uint8Array(0) } as const;
        return { config, sampleRate, channels, frameSize: samples };
      });
      return unitsOf(frame).map((data): Sound => ({ data, raw: data, samples, format }));
    },
  };
}

const isMajor = (bytes: Uint8Array, at: number): boolean =>
  MAJOR.bytes.every((byte, i) => ((bytes[at + MAJOR.at + i] ?? 0) & (MAJOR.masks[i] ?? 0)) === byte);

/** access_unit_length counts words. */
const unitBytes = (bytes: Uint8Array, at: number): number =>
  ((((bytes[at] ?? 0) & 15) << 8) | (bytes[at + 1] ?? 0)) * 2;

function majorPart(bytes: Uint8Array, at: number): Part | null {
  const size = unitBytes(bytes, at);
  const key = new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(FORMAT_INFO);
  return size < MAJOR_BYTES ? null : { bytes: size, key, isHead: true, samples: 0 };
}

/** A unit without a major sync, whose check_nibble is right: all nibbles of header and directory cancel each other out. */
function unitPart(bytes: Uint8Array, at: number, substreams: number): Part | 'more' | null {
  const size = unitBytes(bytes, at);
  let sum = 0;
  let next = at;
  for (let entry = -1; entry < substreams; entry++) {
    const words = entry < 0 || ((bytes[next] ?? 0) & HAS_EXTRA_WORD) !== 0 ? 2 : 1;
    for (const end = next + words * 2; next < end; next++) sum ^= bytes[next] ?? 0;
  }
  if (size < LEAST_BYTES || next - at > size) return null;
  if (next > bytes.length) return 'more';
  const isRight = (((sum >> 4) ^ sum) & NIBBLES) === NIBBLES;
  return isRight ? { bytes: size, key: null, isHead: false, samples: 0 } : null;
}

/** A frame of AC-3. */
function corePart(bytes: Uint8Array, at: number): Part | null {
  const [first = 0, second = 0, , , code = 0, bsid = 0] = bytes.subarray(at, at + BSID.byte + 1);
  if (((first << 8) | second) !== AC3_SYNC || bsid >> 3 > BSID.max) return null;
  const size = ac3FrameBytes(code >> 6, code & 63);
  return size === null ? null : { bytes: size, key: null, isHead: false, samples: 0 };
}

/** The access units of a frame. */
function unitsOf(frame: Uint8Array): Uint8Array[] {
  const units: Uint8Array[] = [];
  for (let at = 0; at < frame.length; ) {
    const core = isMajor(frame, at) ? null : corePart(frame, at);
    const size = core?.bytes ?? unitBytes(frame, at);
    if (!core) units.push(frame.subarray(at, at + size));
    at += Math.max(size, LEAST_BYTES);
  }
  return units;
}
