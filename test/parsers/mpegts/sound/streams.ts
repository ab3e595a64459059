import { createHash } from 'node:crypto';
import { type CutFrame, createSplitter, type SoundCodec } from '../../../../parsers/mpegts/sound/splitter.ts';
import { run } from '../../../helpers/ffmpeg.ts';

/** An elementary stream of ffmpeg's own making. */
export interface SoundStream {
  readonly name: string;
  readonly codec: SoundCodec;
  readonly rate: number;
  readonly channels: number;
  /** Encoder and muxer. */
  readonly options: readonly string[];
  /** ffmpeg's demuxer. */
  readonly reader: string;
  /** As the splitter tells it. */
  readonly told: { readonly codec: string; readonly frameSize: number };
}

const stream = (
  [codec, reader, encoder, muxer]: readonly [SoundCodec, string, string, string],
  [rate, channels]: readonly [number, number],
  told: SoundStream['told'],
): SoundStream => ({
  name: `${encoder} as ${muxer}, ${rate} Hz, ${channels} channels`,
  codec,
  reader,
  rate,
  channels,
  options: [...`-c:a ${encoder} -strict -2 -write_xing 0 -id3v2_version 0 -f ${muxer}`.split(' ')],
  told,
});

const AAC = { codec: 'aac', frameSize: 1024 } as const;

export const STREAMS: readonly SoundStream[] = [
  stream(['aac', 'aac', 'aac', 'adts'], [48_000, 2], AAC),
  stream(['aac', 'aac', 'aac', 'adts'], [22_050, 1], AAC),
  stream(['aac', 'aac', 'aac', 'adts'], [48_000, 6], AAC),
  stream(['aac_latm', 'loas', 'aac', 'latm'], [48_000, 2], AAC),
  stream(['aac_latm', 'loas', 'aac', 'latm'], [44_100, 6], AAC),
  stream(['ac3', 'ac3', 'ac3', 'ac3'], [48_000, 6], { codec: 'ac3', frameSize: 1536 }),
  stream(['eac3', 'ac3', 'ac3', 'ac3'], [44_100, 2], { codec: 'ac3', frameSize: 1536 }),
  stream(['eac3', 'eac3', 'eac3', 'eac3'], [48_000, 6], { codec: 'eac3', frameSize: 1536 }),
  stream(['ac3', 'eac3', 'eac3', 'eac3'], [44_100, 2], { codec: 'eac3', frameSize: 1536 }),
  stream(['mpeg-audio', 'mp3', 'mp2', 'mp2'], [44_100, 2], { codec: 'mp2', frameSize: 1152 }),
  stream(['mpeg-audio', 'mp3', 'mp2', 'mp2'], [24_000, 1], { codec: 'mp2', frameSize: 1152 }),
  stream(['mpeg-audio', 'mp3', 'libmp3lame', 'mp3'], [44_100, 2], { codec: 'mp3', frameSize: 1152 }),
  stream(['mpeg-audio', 'mp3', 'libmp3lame', 'mp3'], [16_000, 1], { codec: 'mp3', frameSize: 576 }),
  stream(['dts', 'dts', 'dca', 'dts'], [48_000, 6], { codec: 'dts', frameSize: 512 }),
];

/** Tones that differ by channel, half a second of them. */
export function encodeStream(
  options: readonly string[],
  [rate, channels]: readonly [number, number],
): Uint8Array {
  const tones = Array.from({ length: channels }, (_, i) => `0.3*sin(${400 + 150 * i}*2*PI*t)`).join('|');
  const layout = channels === 6 ? '5.1' : `${channels}c`;
  const source = ['-f', 'lavfi', '-i', `aevalsrc=${tones}:s=${rate}:c=${layout}:d=0.5`];
  const { stdout, stderr } = run('ffmpeg', [...source, ...options, '-'], new Uint8Array());
  if (stdout.length === 0) throw new Error(stderr);
  return Uint8Array.from(stdout);
}

/** Sizes of ffmpeg's packets behind its parser. */
export function probedSizes(bytes: Uint8Array, reader: string): number[] {
  const options = ['-f', reader, '-show_entries', 'packet=size', '-of', 'csv=p=0', '-i', '-'];
  const lines = run('ffprobe', options, bytes).stdout.toString().trim().split('\n');
  return lines.map((line) => Number.parseInt(line, 10));
}

/** Bytes cut at the places given. */
export const cutAt = (bytes: Uint8Array, places: readonly number[]): Uint8Array[] =>
  [0, ...places].map((from, i) => bytes.subarray(from, places[i] ?? bytes.length));

/** Pieces of `size` bytes, the last one shorter. */
export const piecesOf = (bytes: Uint8Array, size: number): Uint8Array[] =>
  cutAt(
    bytes,
    Array.from({ length: Math.ceil(bytes.length / size) - 1 }, (_, i) => (i + 1) * size),
  );

/** A frame and where it begins, counted over all payloads. */
export interface PlacedFrame extends CutFrame {
  readonly at: number;
}

export interface SplitStream {
  readonly frames: readonly PlacedFrame[];
  readonly skipped: number;
}

/** Everything that comes out of payloads, the last frame of which may be flushed. */
export function splitAll(
  codec: SoundCodec,
  payloads: readonly Uint8Array[],
  descriptors: Parameters<typeof createSplitter>[1] = [],
): SplitStream {
  const splitter = createSplitter(codec, descriptors);
  const frames: PlacedFrame[] = [];
  let base = 0;
  for (const payload of payloads) {
    for (const frame of splitter.push(payload)) frames.push({ ...frame, at: base + frame.offset });
    base += payload.length;
  }
  for (const frame of splitter.flush()) frames.push({ ...frame, at: base + frame.offset });
  return { frames, skipped: splitter.takeSkipped() };
}

/** What two runs have to agree on. */
export const identity = ({ frames }: SplitStream, from = 0): string[] =>
  frames.map(
    ({ at, raw, data, samples }) =>
      `${from + at}+${raw.length} ${samples} ${createHash('sha1').update(data).digest('hex')}`,
  );
