import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { MediaError } from '../core/errors.ts';
import { openMovie } from '../pipeline/live/movie.ts';
import { PIECE } from '../pipeline/movie/lines.ts';
import { openTitleFile, openTitleMovie, SOUNDS, type TitleFile } from '../pipeline/movie/movie.ts';
import { SEEKS } from '../pipeline/movie/place.ts';
import { type Input, type InputFlags, withInput } from './input.ts';
import { writeMovieFile } from './movie-file.ts';
import { note } from './output.ts';
import { openProgress, type Progress } from './progress.ts';
import { tellLeftOut } from './strict.ts';
import { clock, secondsOf, size } from './text.ts';
import { writeWholeFile } from './whole-file.ts';
import { writeAll } from './write-all.ts';

export interface RemuxFlags extends InputFlags {
  readonly output?: string;
  readonly start?: string;
  readonly duration?: string;
  readonly seek?: string;
  readonly sound?: string;
  readonly strict?: boolean;
  readonly force?: boolean;
}

/** One file of every track: written to a file, or to standard output as it is made. */
export async function remux(target: string, flags: RemuxFlags, signal: AbortSignal): Promise<number> {
  const wish = readWish(flags);
  const output = flags.output ?? '-';
  if (output === '-' && process.stdout.isTTY)
    throw new MediaError(
      'bad-request',
      'An MP4 file is nothing for a terminal: name a file with -o, or pipe it on',
    );
  if (output !== '-' && !flags.force) await refuseExisting(output);
  return withInput(target, flags, async (input) => {
    const movie = await openMovieOf(input, { ...wish, isFile: output !== '-' }, signal);
    const progress = await openProgress({ total: movie.seconds, now: () => performance.now() });
    try {
      const chunks = counted(movie, progress);
      const bytes = output === '-' ? await pipe(chunks) : await store(resolve(output), movie, chunks, signal);
      progress.end();
      if (output !== '-') note(`${output}: ${clock(movie.seconds)}, ${size(bytes)}`);
    } finally {
      progress.end();
    }
    return tellLeftOut(movie.omitted, flags);
  });
}

/** What comes in order only is fragmented, in a file too. */
const store = (
  path: string,
  movie: OpenedMovie,
  chunks: AsyncIterable<readonly Uint8Array[]>,
  signal: AbortSignal,
): Promise<number> =>
  movie.file ? writeMovieFile(path, movie.file, chunks, signal) : writeWholeFile(path, chunks);

/** @throws MediaError `bad-request` for a file that is there */
async function refuseExisting(path: string): Promise<void> {
  if (await stat(path).catch(() => null))
    throw new MediaError('bad-request', `${path} is there already; --force writes over it`);
}

interface Wish {
  readonly start: number | null;
  readonly duration: number | null;
  readonly seek: (typeof SEEKS)[number];
  readonly sound: (typeof SOUNDS)[number];
}

/** @throws MediaError `bad-request` naming the flag */
function readWish({ start, duration, seek = 'before', sound = 'playable' }: RemuxFlags): Wish {
  return {
    start: start === undefined ? null : seconds('--start', start),
    duration: duration === undefined ? null : seconds('--duration', duration),
    seek: oneOf('--seek', seek, SEEKS),
    sound: oneOf('--sound', sound, SOUNDS),
  };
}

function seconds(flag: string, text: string): number {
  const value = secondsOf(text);
  if (value !== null) return value;
  throw new MediaError('bad-request', `${flag} wants seconds or H:MM:SS, not "${text}"`);
}

function oneOf<T extends string>(flag: string, text: string, choices: readonly T[]): T {
  const choice = choices.find((each) => each === text);
  if (choice) return choice;
  throw new MediaError('bad-request', `${flag} must be one of ${choices.join(', ')}, not "${text}"`);
}

interface OpenedMovie {
  readonly omitted: readonly string[];
  /** 0 where nobody knows. */
  readonly seconds: number;
  readonly chunks: AsyncGenerator<readonly Uint8Array[]>;
  /** Seconds that a list of buffers is worth on average. */
  readonly pace: number;
  /** What is left to do at the end; null where nothing is. */
  readonly file: Pick<TitleFile, 'ending'> | null;
}

interface OutputWish extends Wish {
  /** What is written can be written over. */
  readonly isFile: boolean;
}

/** What comes in order only is read once more, by a transfer of its own. */
async function openMovieOf(input: Input, wish: OutputWish, signal: AbortSignal): Promise<OpenedMovie> {
  const media = await input.openMedia(signal);
  if (!media.live) {
    const context = { transcripts: input.library.transcripts, signal };
    const file = wish.isFile ? await openTitleFile(media, wish, context) : null;
    const movie = file ?? (await openTitleMovie(media, wish, context));
    const { omitted, seconds, chunks, renditions } = movie;
    return { omitted, seconds, chunks, pace: PIECE / Math.max(1, renditions.length), file };
  }
  if (wish.start !== null || wish.duration !== null)
    throw new MediaError(
      'not-offered',
      'This source gives its bytes in order only: leave out --start and --duration',
    );
  const { sequence } = await input.openSource();
  if (!sequence) throw new MediaError('not-offered', 'This source cannot be read in order');
  const { omitted, chunks } = await openMovie(sequence, input.options, signal);
  return { omitted, chunks, seconds: 0, pace: 0, file: null };
}

async function* counted(
  { chunks, pace }: OpenedMovie,
  progress: Progress,
): AsyncGenerator<readonly Uint8Array[]> {
  let [bytes, lists] = [0, 0];
  for await (const buffers of chunks) {
    yield buffers;
    bytes += buffers.reduce((sum, { length }) => sum + length, 0);
    progress.update(pace * lists++, bytes);
  }
}

/** Written to past the stream, which costs as much as all else. */
const STDOUT = 1;

async function pipe(chunks: AsyncIterable<readonly Uint8Array[]>): Promise<number> {
  let bytes = 0;
  for await (const buffers of chunks) {
    await writeAll(STDOUT, buffers);
    bytes += buffers.reduce((sum, { length }) => sum + length, 0);
  }
  return bytes;
}
