import { run } from '../helpers/ffmpeg.ts';

/** What Matroska stores of one track. */
export interface StoredTrack {
  readonly codecPrivate: Uint8Array;
  readonly packets: readonly Uint8Array[];
}

const MASTERS = new Set([
  0x18538067, // Segment
  0x1654ae6b, // Tracks
  0xae, // TrackEntry
  0x1f43b675, // Cluster
  0xa0, // BlockGroup
]);
const CODEC_PRIVATE = 0x63a2;
const BLOCKS = [0xa3, 0xa1];
/** Track number, time and flags. */
const BLOCK_HEAD = 4;

/** A Matroska file of one track without lacing, as ffmpeg writes it. */
export function readMatroska(file: Uint8Array): StoredTrack {
  let codecPrivate = new Uint8Array();
  const packets: Uint8Array[] = [];
  for (let at = 0; at < file.length; ) {
    const id = vint(file, at, 'marked');
    const size = vint(file, at + id.length, 'bare');
    const from = at + id.length + size.length;
    at = MASTERS.has(id.value) ? from : from + size.value;
    if (id.value === CODEC_PRIVATE) codecPrivate = file.slice(from, at);
    if (BLOCKS.includes(id.value)) packets.push(file.slice(from + BLOCK_HEAD, at));
  }
  return { codecPrivate, packets };
}

function vint(file: Uint8Array, at: number, form: 'marked' | 'bare'): { value: number; length: number } {
  const first = file[at] ?? 0;
  const length = Math.clz32(first) - 23;
  let value = form === 'marked' ? first : first & ((1 << (8 - length)) - 1);
  for (let i = 1; i < length; i++) value = value * 256 + (file[at + i] ?? 0);
  return { value, length };
}

/** One second of a stretch of sweeps and noise, unlike in each channel, as ffmpeg makes it. */
const source = (channels: number, rate: number): string =>
  `aevalsrc=${Array.from({ length: channels }, (_, i) => `0.4*sin(2*PI*(200+${i * 170})*t+9*sin(3*t))+0.2*(random(${i})-0.5)`).join('|')}:s=${rate}:d=1`;

export interface Encoding {
  /** Options that name the encoder and its settings. */
  readonly options: readonly string[];
  readonly rate: number;
  /** A channel layout of ffmpeg's, and how many channels it has. */
  readonly layout: string;
  readonly channels: number;
}

/** One second in Matroska, made by ffmpeg. */
export function encodeMatroska({ options, rate, layout, channels }: Encoding): Uint8Array {
  const filter = `${source(channels, rate)}:c=${layout}`;
  const { stdout, stderr } = run(
    'ffmpeg',
    ['-f', 'lavfi', '-i', filter, ...options, '-f', 'matroska', '-'],
    new Uint8Array(),
  );
  if (stdout.length === 0) throw new Error(`ffmpeg made nothing: ${stderr}`);
  return new Uint8Array(stdout);
}

/** All that ffmpeg decodes of a file, nothing trimmed, one array for each channel. */
export function decodeWhole(
  file: Uint8Array,
  channels: number,
  options: readonly string[] = [],
): Float32Array[] {
  const { stdout } = run(
    'ffmpeg',
    ['-flags2', '+skip_manual', ...options, '-i', '-', '-f', 'f32le', '-c:a', 'pcm_f32le', '-'],
    file,
  );
  const all = new Float32Array(stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + stdout.length));
  const length = all.length / channels;
  return Array.from({ length: channels }, (_, channel) =>
    Float32Array.from({ length }, (_, i) => all[i * channels + channel] ?? 0),
  );
}

/** The largest difference of two channels, infinite where they are not equally long. */
export function largestError(got: Float32Array | undefined, expected: Float32Array | undefined): number {
  if (!got || !expected || got.length !== expected.length || got.length === 0)
    return Number.POSITIVE_INFINITY;
  return got.reduce((worst, sample, i) => Math.max(worst, Math.abs(sample - (expected[i] ?? 0))), 0);
}
