import { MediaError, unsupported } from '../../core/errors.ts';
import type { ForeignFacts, ForeignReader, ForeignSound, FrameGrid } from '../../core/foreign.ts';
import type { AudioTrack } from '../../core/media.ts';
import { runChild } from '../child.ts';
import { gatherText } from '../gather.ts';
import { foreignInput } from './input-arguments.ts';
import { throughLoopback } from './loopback.ts';
import { decodingDelay, type ToldStream, trackOf } from './told-tracks.ts';

/** The programs, and how long they may be silent. */
export interface ForeignOptions {
  /** Path of FFmpeg. */
  readonly program: string;
  /** Path of ffprobe. */
  readonly prober: string;
  /** Milliseconds. */
  readonly patience?: number;
}

const PATIENCE = 20_000;

interface Told {
  readonly streams?: readonly ToldStream[];
  readonly format?: {
    readonly format_name?: string;
    readonly start_time?: string;
    readonly duration?: string;
  };
}

/** FFmpeg as a reader of containers that are not read here. It is fed through a loopback, and opens nothing else. */
export function openForeignReader({ program, prober, patience = PATIENCE }: ForeignOptions): ForeignReader {
  return {
    async probe(source, signal) {
      const ask = async (what: readonly string[]): Promise<string> => {
        const told = throughLoopback(source, signal, (url) => {
          const args = ['-v', 'error', ...foreignInput(url), ...what, '-of', 'json'];
          return runChild({ program: prober, args, input: null, patience, signal });
        });
        return gatherText(told).catch(notReadEither);
      };
      const facts = factsOf(await ask(['-show_format', '-show_streams']));
      if (!facts.tracks.some(({ kind }) => kind === 'audio')) return facts;
      return { ...facts, grids: gridsOf(await ask(FIRST_FRAMES), facts) };
    },
    sound: (source, sound, signal) =>
      throughLoopback(source, signal, (url) =>
        runChild({ program, args: soundArguments(url, sound), input: null, patience, signal }),
      ),
  };
}

function notReadEither(error: unknown): never {
  if (error instanceof MediaError && error.code === 'not-offered')
    throw new MediaError('unsupported', `FFmpeg cannot read it either: ${error.message}`, { cause: error });
  throw error;
}

/** Containers that say when a packet is decoded, not when it is shown. */
const DECODE_TIMES_ONLY: ReadonlySet<string> = new Set(['avi']);

/** @throws MediaError `unsupported` for a file without pictures and sound, or of unknown length */
function factsOf(text: string): ForeignFacts {
  const { streams = [], format = {} } = JSON.parse(text) as Told;
  const tracks = streams.flatMap((stream) => trackOf(stream) ?? []);
  const start = Number(format.start_time ?? 0);
  const duration = Number(format.duration ?? 0);
  if (tracks.length === 0) throw unsupported('The file has neither video nor audio');
  if (!(duration > 0)) throw unsupported('FFmpeg cannot tell how long it is');
  const zero = Number.isFinite(start) ? start : 0;
  const container = (format.format_name ?? 'unknown').split(',')[0] ?? 'unknown';
  const starts = new Map(
    streams.map(({ index, start_time }) => [index + 1, Math.max(0, Number(start_time ?? zero) - zero || 0)]),
  );
  const delays = DECODE_TIMES_ONLY.has(container) ? streams.map(decodingDelay) : [];
  const grids = new Map<number, FrameGrid>();
  return { container, start: zero, duration, starts, grids, pictureDelay: Math.max(0, ...delays), tracks };
}

/** Frames of sound of the first seconds. */
const FIRST_FRAMES = [
  ...['-select_streams', 'a', '-read_intervals', '%+3'],
  ...['-show_frames', '-show_entries', 'frame=stream_index,pts_time,nb_samples'],
];

interface ToldFrames {
  readonly frames?: readonly {
    readonly stream_index: number;
    readonly pts_time?: string;
    readonly nb_samples?: number;
  }[];
}

/** Of each track whose frames are equally long but for the first, which may begin late, and the last. */
function gridsOf(text: string, { tracks, start }: ForeignFacts): Map<number, FrameGrid> {
  const { frames = [] } = JSON.parse(text) as ToldFrames;
  const grids = new Map<number, FrameGrid>();
  for (const track of tracks) {
    if (track.kind !== 'audio') continue;
    const own = frames.filter((frame) => frame.stream_index === track.index).slice(1, -1);
    const [first] = own;
    const size = first?.nb_samples ?? 0;
    const time = Number(first?.pts_time);
    const isEven = size >= SHORTEST_FRAME && own.every(({ nb_samples }) => nb_samples === size);
    if (!isEven || !Number.isFinite(time)) continue;
    grids.set(track.id, { size, phase: Math.round((time - start) * track.sampleRate) % size });
  }
  return grids;
}

/** Samples: shorter ones are hardly longer than stamps are rounded. */
const SHORTEST_FRAME = 400;

/** Seconds read before the place that is wanted: packets overlap, and seeking is coarse. */
const BEFORE = 1;

/** The whole command line: one track in, its samples out, exactly from one on. */
export function soundArguments(url: string, { facts, track, from }: ForeignSound): string[] {
  const { sampleRate, channels, index } = track;
  const at = Math.max(0, from / sampleRate - BEFORE);
  const filters = [
    `asetpts=${stampsOf(facts, track)}`,
    `aresample=${sampleRate}:async=1:min_hard_comp=0.05:first_pts=${from}`,
  ];
  return [
    ...[
      '-hide_banner',
      '-nostdin',
      '-loglevel',
      'error',
      '-copyts',
      '-noaccurate_seek',
      '-ss',
      at.toFixed(6),
    ],
    ...foreignInput(url),
    ...['-map', `0:${index}`, '-vn', '-sn', '-dn', '-af', filters.join(',')],
    ...['-ac', String(channels), '-c:a', 'pcm_f32le', '-f', 'f32le', 'pipe:1'],
  ];
}

/** Stamps in samples of the title, on the grid of the track's frames where it has one. */
function stampsOf({ start, grids }: ForeignFacts, { id, sampleRate }: AudioTrack): string {
  const grid = grids.get(id);
  const samples = `(T-${start})*${sampleRate}`;
  return grid
    ? `round((${samples}-${grid.phase})/${grid.size})*${grid.size}+${grid.phase}`
    : `round(${samples})`;
}
