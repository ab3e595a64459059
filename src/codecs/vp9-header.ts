import { BitReader } from '../core/bits.ts';
import { corrupt } from '../core/errors.ts';

/** What the first byte of a frame tells: VP9 bitstream specification, 6.2 and 7.2. */
export interface Vp9FrameStart {
  readonly profile: number;
  /** An earlier frame is shown again; there is nothing else to the frame. */
  readonly showExistingFrame: boolean;
  readonly frameType: 'key' | 'inter';
  /** False for frames that only serve as reference; true with `showExistingFrame`. */
  readonly showFrame: boolean;
}

/** uncompressed_header() as far as it can be told without earlier frames: VP9 bitstream specification, 6.2 and 7.2. */
export interface Vp9FrameHeader extends Vp9FrameStart {
  readonly errorResilient: boolean;
  readonly intraOnly: boolean;
  /** Bit i: the frame replaces reference i. */
  readonly refreshFrameFlags: number;
  /** Of key and intra-only frames; null where earlier frames tell. */
  readonly format: Vp9Format | null;
}

interface Vp9Samples {
  readonly bitDepth: 8 | 10 | 12;
  /** color_space, table of 7.2.2. */
  readonly colorSpace: number;
  /** color_range: true for full swing. */
  readonly colorRange: boolean;
  readonly subsamplingX: boolean;
  readonly subsamplingY: boolean;
}

export interface Vp9Format extends Vp9Samples {
  readonly width: number;
  readonly height: number;
}

/** color_space: VP9 bitstream specification, 7.2.2. */
export const VP9_COLOR_SPACE = {
  unknown: 0,
  bt601: 1,
  bt709: 2,
  smpte170: 3,
  smpte240: 4,
  bt2020: 5,
  rgb: 7,
} as const;

const FRAME_MARKER = 2;
const SYNC_CODE = 0x498342;
const ALL_REFERENCES = 0xff;
const HAS_CHROMA_FORMAT: ReadonlySet<number> = new Set([1, 3]);

/**
 * Of one frame, or of the first one of a superframe.
 * @throws MediaError `corrupt` where it is no VP9 frame or ends before the last of these fields
 */
export function parseVp9FrameHeader(frame: Uint8Array): Vp9FrameHeader {
  const bits = new BitReader(frame);
  const header = readHeader(bits, readStart(bits));
  if (bits.overrun) throw corrupt('VP9 frame header ends early');
  return header;
}

/**
 * The beginning of a frame, from at least its first byte. The sync code of a key frame is looked at as far as it is
 * there.
 * @throws MediaError `corrupt` where it is no VP9 frame
 */
export function parseVp9FrameStart(frame: Uint8Array): Vp9FrameStart {
  const bits = new BitReader(frame);
  const start = readStart(bits);
  if (start.frameType === 'key') {
    bits.skip(1);
    readSyncCode(bits);
  }
  return start;
}

function readStart(bits: BitReader): Vp9FrameStart {
  const marker = bits.u(2);
  const profile = bits.u(1) + 2 * bits.u(1);
  const isReserved = profile === 3 && bits.flag();
  if (bits.overrun) throw corrupt('VP9 frame without a byte');
  if (marker !== FRAME_MARKER || isReserved) throw corrupt('No VP9 frame: marker or profile is not valid');
  const showExistingFrame = bits.flag();
  if (showExistingFrame) return { profile, showExistingFrame, frameType: 'inter', showFrame: true };
  return {
    profile,
    showExistingFrame,
    frameType: bits.flag() ? 'inter' : 'key',
    showFrame: bits.flag(),
  };
}

function readHeader(bits: BitReader, start: Vp9FrameStart): Vp9FrameHeader {
  if (start.showExistingFrame) {
    bits.skip(3);
    return { ...start, errorResilient: false, intraOnly: false, refreshFrameFlags: 0, format: null };
  }
  const errorResilient = bits.flag();
  if (start.frameType === 'key') {
    readSyncCode(bits);
    const format = readSize(bits, readSamples(bits, start.profile));
    return { ...start, errorResilient, intraOnly: false, refreshFrameFlags: ALL_REFERENCES, format };
  }
  const intraOnly = !start.showFrame && bits.flag();
  if (!errorResilient) bits.skip(2);
  if (!intraOnly) return { ...start, errorResilient, intraOnly, refreshFrameFlags: bits.u(8), format: null };
  readSyncCode(bits);
  const samples = start.profile > 0 ? readSamples(bits, start.profile) : INTRA_ONLY_SAMPLES;
  const refreshFrameFlags = bits.u(8);
  return { ...start, errorResilient, intraOnly, refreshFrameFlags, format: readSize(bits, samples) };
}

function readSyncCode(bits: BitReader): void {
  const code = bits.u(24);
  if (code !== SYNC_CODE && !bits.overrun)
    throw corrupt(`VP9 frame with sync code ${code.toString(16)}, not ${SYNC_CODE.toString(16)}`);
}

/** What an intra-only frame of profile 0 implies. */
const INTRA_ONLY_SAMPLES: Vp9Samples = {
  bitDepth: 8,
  colorSpace: VP9_COLOR_SPACE.bt601,
  colorRange: false,
  subsamplingX: true,
  subsamplingY: true,
};

/** color_config(): 6.2.2. */
function readSamples(bits: BitReader, profile: number): Vp9Samples {
  const bitDepth = profile < 2 ? 8 : bits.flag() ? 12 : 10;
  const colorSpace = bits.u(3);
  const hasChromaFormat = HAS_CHROMA_FORMAT.has(profile);
  if (colorSpace === VP9_COLOR_SPACE.rgb) {
    if (!hasChromaFormat && !bits.overrun) throw corrupt(`VP9 profile ${profile} with RGB`);
    bits.skip(1);
    return { bitDepth, colorSpace, colorRange: true, subsamplingX: false, subsamplingY: false };
  }
  const colorRange = bits.flag();
  const [subsamplingX, subsamplingY] = hasChromaFormat ? [bits.flag(), bits.flag()] : [true, true];
  if (hasChromaFormat) bits.skip(1);
  return { bitDepth, colorSpace, colorRange, subsamplingX, subsamplingY };
}

/** frame_size(): 6.2.3. */
const readSize = (bits: BitReader, samples: Vp9Samples): Vp9Format => ({
  ...samples,
  width: bits.u(16) + 1,
  height: bits.u(16) + 1,
});
