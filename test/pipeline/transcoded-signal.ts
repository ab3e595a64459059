import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deinterleave, interleave } from '../audio/wasm/sound.ts';
import { run } from '../helpers/ffmpeg.ts';

/** A sound whose place can be told to the sample, in films that ffmpeg makes and decodes. */

export interface SignalOptions {
  readonly rate: number;
  readonly channels: 1 | 2 | 6;
  readonly seconds: number;
}

/** Full scale is 1. */
const [NOISE, CHIRP, CLICK] = [0.2, 0.15, 0.3];
/** Hertz at the beginning, and by which it rises in a second. */
const [LOWEST, RISE] = [200, 250];
const CHIRP_SECONDS = 9;
const CLICK_SECONDS = 0.37;

/** Noise below 6 kHz, a chirp, and clicks: unlike in each channel, the same always. */
export function signal({ rate, channels, seconds }: SignalOptions): Float32Array[] {
  return Array.from({ length: channels }, (_, channel) => {
    let state = channel * 7919 + 1;
    let low = 0;
    const clickEvery = Math.round(CLICK_SECONDS * rate) + channel * 101;
    return Float32Array.from({ length: rate * seconds }, (_, i) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      low += 0.5 * (state / 2 ** 32 - 0.5 - low);
      const t = (i / rate) % CHIRP_SECONDS;
      const chirp = Math.sin(2 * Math.PI * (LOWEST + 90 * channel + (RISE / 2) * t) * t);
      const click = i % clickEvery < 2 ? CLICK : 0;
      return NOISE * low + CHIRP * chirp + click;
    });
  });
}

export interface FilmOptions extends SignalOptions {
  /** Encoder of the sound, and its options. */
  readonly codec: readonly string[];
  /** Pictures from one key picture to the next, or options that say where they are. */
  readonly keys: readonly string[];
  /** Seconds by which the sound begins after the pictures. */
  readonly late?: number;
  /** Width and height; small by default. */
  readonly size?: string;
}

const LAYOUTS = { 1: 'mono', 2: 'stereo', 6: '5.1' } as const;

/** H.264 at 25 pictures a second, and the signal, in Matroska. */
export function makeFilm(options: FilmOptions): Uint8Array {
  const { rate, channels, seconds, codec, keys, late = 0, size = '64x48' } = options;
  const pictures = ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=25:duration=${seconds + late}`];
  const form = ['-f', 'f32le', '-ar', `${rate}`, '-ac', `${channels}`, '-channel_layout', LAYOUTS[channels]];
  const sound = [...(late > 0 ? ['-itsoffset', `${late}`] : []), ...form, '-i', '-'];
  const encode = ['-c:v', 'libx264', '-preset', 'ultrafast', ...keys, '-c:a', ...codec];
  return written((path) => {
    const options = ['-v', 'error', ...pictures, ...sound, '-map', '0:v', '-map', '1:a', ...encode, path];
    execFileSync('ffmpeg', options, { input: interleave(signal({ rate, channels, seconds })) });
  });
}

/** What `write` wrote into a file: ffmpeg makes an index only where it can go back. */
export function written(write: (path: string) => void): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-signal-'));
  try {
    const path = join(folder, 'film.mkv');
    write(path);
    return new Uint8Array(readFileSync(path));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** As the stream has it: nothing cut off before or behind. */
const UNTRIMMED = ['-flags2', '+skip_manual'];

/** All sound of a file in two channels, one packet after the other, wherever their stamps are. */
export const decodeStereo = (file: Uint8Array, format = 'matroska'): Float32Array[] =>
  deinterleave(
    run(
      'ffmpeg',
      [...UNTRIMMED, '-f', format, '-i', '-', '-map', '0:a:0', '-ac', '2', '-f', 'f32le', '-'],
      file,
    ).stdout,
    2,
  );

export interface DecodedFrame {
  /** Nanoseconds, as the container rounds them. */
  readonly time: number;
  readonly samples: number;
}

/** When each of those frames is to be heard, or the first ones of a stream, by the container's stamps. */
export function decodedFrames(
  file: Uint8Array,
  stream: 'a:0' | 'v:0',
  first: number | 'all',
): DecodedFrame[] {
  const part = first === 'all' ? [] : ['-read_intervals', `%+#${first}`];
  const ask = ['-select_streams', stream, '-show_entries', 'frame=pts_time,nb_samples', '-of', 'csv=p=0'];
  const { stdout } = run('ffprobe', [...UNTRIMMED, '-f', 'matroska', ...part, ...ask, '-i', '-'], file);
  const rows = stdout.toString().split('\n').filter(Boolean);
  return rows.map((row) => {
    const [time = '', samples = ''] = row.split(',');
    return { time: Math.round(Number(time) * 1e9), samples: Number.parseInt(samples, 10) };
  });
}
