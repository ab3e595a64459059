import { corrupt, truncated, unsupported } from '../../src/core/errors.ts';
import type { PcmFormat } from '../../src/core/media.ts';
import { ADTS, DOLBY, DTS, DTS_WORDS, type FrameKind, MPEG_AUDIO } from '../bare-audio/kinds.ts';

/** Samples as they are. */
export interface PcmSound {
  readonly kind: 'pcm';
  readonly format: PcmFormat;
  readonly channels: number;
  readonly sampleRate: number;
  /** Of one sample of all channels. */
  readonly sampleBytes: number;
}

/** Frames of a codec, one after the other as in a file of their own. */
export interface FramedSound {
  readonly kind: 'frames';
  readonly kinds: readonly FrameKind[];
}

/** WAVEFORMATEX, all of it little-endian. */
const WAVE = { bytes: 16, channels: 2, rate: 4, blockAlign: 12, bits: 14 } as const;
const EXTENSIBLE = { tag: 0xfffe, bytes: 40, subformat: 24 } as const;
/** What the GUIDs of subformats that are format tags end with: KSDATAFORMAT_SUBTYPE. */
const GUID_TAIL = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71];

type Encoding = PcmFormat['encoding'];

/** Encodings by format tag, and by bits of a sample as stored. Samples of fewer bits fill the highest of them. */
const PCM: Readonly<Record<number, Readonly<Record<number, Encoding>>>> = {
  1: { 8: 'unsigned', 16: 'signed', 24: 'signed', 32: 'signed' },
  3: { 32: 'float', 64: 'float' },
  6: { 8: 'alaw' },
  7: { 8: 'mulaw' },
};

const FRAMED: ReadonlyMap<number, FramedSound> = new Map([
  [0x50, { kind: 'frames', kinds: [MPEG_AUDIO] }],
  [0x55, { kind: 'frames', kinds: [MPEG_AUDIO] }],
  [0x1600, { kind: 'frames', kinds: [ADTS] }],
  [0x2000, { kind: 'frames', kinds: [DOLBY] }],
  [0x2001, { kind: 'frames', kinds: [DTS, DTS_WORDS] }],
]);

/** Names of what is met and cannot be read. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [0x02, 'Microsoft ADPCM'],
  [0x11, 'IMA ADPCM'],
  [0x31, 'GSM 6.10'],
  [0x161, 'Windows Media Audio'],
]);

const MAX_RATE = 1_536_000;

/**
 * Content of a `fmt ` chunk.
 * @throws MediaError `unsupported` for other codecs and widths, `corrupt`, `truncated`
 */
export function parseWaveFormat(content: Uint8Array): PcmSound | FramedSound {
  if (content.length < WAVE.bytes - 2) throw truncated(`A fmt chunk of ${content.length} bytes`);
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  const tag = formatTag(content, view);
  const framed = FRAMED.get(tag);
  if (framed) return framed;
  const [channels, sampleRate] = [view.getUint16(WAVE.channels, true), view.getUint32(WAVE.rate, true)];
  const declared = content.length >= WAVE.bytes ? view.getUint16(WAVE.bits, true) : 0;
  const block = view.getUint16(WAVE.blockAlign, true);
  if (channels === 0 || sampleRate === 0 || sampleRate > MAX_RATE)
    throw corrupt(`WAV with ${channels} channels at ${sampleRate} Hz`);
  const widths = PCM[tag];
  if (!widths) throw unsupported(`WAV with ${nameOf(tag)}`);
  const bits = storedBits(declared, block / channels);
  const encoding = widths[bits];
  if (!encoding) throw unsupported(`WAV with ${bits} bits in a sample (format ${tag})`);
  return {
    kind: 'pcm',
    format: { encoding, bits, isBigEndian: false },
    channels,
    sampleRate,
    sampleBytes: (bits / 8) * channels,
  };
}

const nameOf = (tag: number): string =>
  NAMES.get(tag) ?? `a codec that is not known here (format tag ${tag})`;

function formatTag(content: Uint8Array, view: DataView): number {
  const tag = view.getUint16(0, true);
  if (tag !== EXTENSIBLE.tag || content.length < EXTENSIBLE.bytes) return tag;
  const at = EXTENSIBLE.subformat + 2;
  const isTag = GUID_TAIL.every((byte, i) => content[at + i] === byte);
  if (!isTag) throw unsupported('WAV with a subformat of its own');
  return view.getUint16(EXTENSIBLE.subformat, true);
}

/** Whole bytes, as many as a block has for each channel where that is possible. */
function storedBits(declared: number, sampleBytes: number): number {
  const least = Math.ceil(declared / 8);
  return 8 * (Number.isInteger(sampleBytes) && sampleBytes >= least ? sampleBytes : least);
}
