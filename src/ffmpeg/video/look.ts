import { runChild } from '../child.ts';
import { gather } from '../gather.ts';
import type { Planes } from './likeness.ts';
import type { Maker } from './trial-pictures.ts';

/** Pictures as small planes of 8 bits: enough to see whether they are the same. */
export type Look = Planes;

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Samples of a line that are looked at. */
const WIDTH = 320;

/** The size at which pictures of another one are looked at. */
export function lookSize({ width, height }: Size): Size {
  const scale = Math.min(1, WIDTH / width);
  const side = (length: number) => Math.max(8, Math.round((length * scale) / 8) * 8);
  return { width: side(width), height: side(height) };
}

/** The whole command line. */
export const lookArguments = (format: 'matroska' | 'mp4', { width, height }: Size): string[] => [
  ...['-hide_banner', '-nostdin', '-loglevel', 'error', '-f', format, '-i', 'pipe:0', '-map', '0:v:0'],
  ...['-vf', `scale=${width}:${height}:flags=area,format=yuv444p`, '-fps_mode', 'passthrough'],
  ...['-f', 'rawvideo', 'pipe:1'],
];

interface Movie {
  readonly format: 'matroska' | 'mp4';
  readonly bytes: Uint8Array;
}

/** Bytes of pictures that are looked at, at most: 500 of them. */
const MAX_BYTES = 500 * WIDTH * WIDTH * 3;

/**
 * Decodes all pictures of a movie.
 * @throws MediaError `not-offered` where this FFmpeg cannot; the abort reason when aborted
 */
export async function takeLook(movie: Movie, { width, height }: Size, maker: Maker): Promise<Look> {
  const { program, patience, signal } = maker;
  const args = lookArguments(movie.format, { width, height });
  const input = once([movie.bytes]);
  return {
    width,
    height,
    samples: await gather(runChild({ program, args, input, patience, signal }), MAX_BYTES),
  };
}

/** A sequence of one. */
export async function* once<T>(value: T): AsyncGenerator<T> {
  yield value;
}
