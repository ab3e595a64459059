import type { VideoTarget } from '../../core/encoding.ts';
import { MediaError } from '../../core/errors.ts';
import type { VideoTrack } from '../../core/media.ts';
import { runChild } from '../child.ts';
import { gather } from '../gather.ts';

/** Pictures to try an encoder with. */
export interface TrialPictures {
  /** Matroska whose stamps are microseconds. */
  readonly movie: Uint8Array;
  /** Of the pictures, ascending. Those of the second half are odd. */
  readonly stamps: readonly number[];
  readonly source: VideoTrack;
}

/** Microseconds: far into a long film. */
const BEGIN = 36_000_000_000;
const SECOND = 1_000_000;

const stampsOf = ({ frameRate }: VideoTarget, count: number): number[] =>
  Array.from({ length: count }, (_, i) => {
    const even = 2 * Math.round((BEGIN + (i * SECOND) / frameRate) / 2);
    return i < count / 2 ? even : even + 1;
  });

/** FFmpeg's Matroska has milliseconds: 1 000 000 ns. It is given microseconds for such, and then says so. */
const MILLISECONDS = Uint8Array.of(0x2a, 0xd7, 0xb1, 0x83, 0x0f, 0x42, 0x40);
const MICROSECONDS = Uint8Array.of(0x2a, 0xd7, 0xb1, 0x83, 0x00, 0x03, 0xe8);
/** Bytes of a file in which its header lies. */
const HEADER = 4096;

/** The whole command line: a moving pattern, lossless, of the size and depth that are wanted. */
export function trialPictureArguments(target: VideoTarget, count: number): string[] {
  const format = target.depth === 10 ? 'yuv420p10le' : 'yuv420p';
  const [first = 0] = stampsOf(target, 1);
  const stamp = `2*round((${first}+N*${SECOND}/${target.frameRate})/2)+gte(N\\,${count / 2})`;
  return [
    ...['-hide_banner', '-nostdin', '-loglevel', 'error'],
    ...[
      '-f',
      'lavfi',
      '-i',
      `testsrc2=s=${target.width}x${target.height}:r=${target.frameRate},format=${format}`,
    ],
    ...[
      '-frames:v',
      String(count),
      '-c:v',
      'ffvhuff',
      '-bsf:v',
      `setts=time_base=1/1000:pts=${stamp}:dts=${stamp}`,
    ],
    ...['-f', 'matroska', '-write_crc32', '0', '-live', '1', '-avoid_negative_ts', 'disabled', 'pipe:1'],
  ];
}

/** Bytes of a sample of a picture, at most, with what lies around it. */
const SAMPLE_BYTES = 4;
const SLACK = 1 << 20;

/** Who makes something, and how long it may stay silent. */
export interface Maker {
  readonly program: string;
  readonly patience: number;
  readonly signal: AbortSignal;
}

/** @throws MediaError `not-offered` where this FFmpeg cannot make them; the abort reason when aborted */
export async function makeTrialPictures(
  target: VideoTarget,
  count: number,
  { program, patience, signal }: Maker,
): Promise<TrialPictures> {
  const args = trialPictureArguments(target, count);
  const maxBytes = target.width * target.height * count * SAMPLE_BYTES + SLACK;
  const movie = await gather(runChild({ program, args, input: null, patience, signal }), maxBytes);
  const at = indexOf(movie, MILLISECONDS, HEADER);
  if (at < 0) throw new MediaError('not-offered', 'FFmpeg writes no Matroska');
  movie.set(MICROSECONDS, at);
  return { movie, stamps: stampsOf(target, count), source: trackOf(target) };
}

function indexOf(bytes: Uint8Array, pattern: Uint8Array, end: number): number {
  for (let at = 0; at < Math.min(end, bytes.length - pattern.length); at++)
    if (pattern.every((byte, i) => bytes[at + i] === byte)) return at;
  return -1;
}

/** Pictures that are already as the target wants them. */
const trackOf = ({ width, height, colour }: VideoTarget): VideoTrack => ({
  kind: 'video',
  id: 1,
  index: 0,
  sourceCodec: 'V_MS/VFW/FOURCC',
  isEnabled: true,
  isDefault: true,
  isForced: false,
  language: 'und',
  name: null,
  unreadable: null,
  configs: [],
  decodeOnly: { codec: 'other', codecId: '', codecPrivate: new Uint8Array(0), mayBeInterlaced: false },
  width,
  height,
  pixelAspect: { h: 1, v: 1 },
  colour,
  rotation: 0,
  frameRate: null,
  reorderDepth: 0,
  masteringDisplay: null,
  contentLight: null,
  dolbyVision: null,
  isAttachedPicture: false,
});
