import type { FlacStreamInfo } from '../../src/codecs/flac.ts';
import { readRange } from '../../src/core/bytes.ts';
import type { ByteRange, SeekPoint, Source } from '../../src/core/contracts.ts';
import { POINT_DISTANCE, seekPoint } from '../audio-file/seek-points.ts';
import { timeOfSamples } from '../audio-file/sound-track.ts';
import { type FrameHeader, frameHeaderAt, MAX_HEADER_BYTES } from './frame-header.ts';
import { type FlacFrame, FlacWalker } from './frame-walker.ts';
import type { TablePoint } from './metadata.ts';

/** What it takes to know when a frame is heard. */
export interface FlacStream {
  readonly info: FlacStreamInfo;
  /** Samples of every frame but the last, where frames are numbered. */
  readonly blockSize: number;
}

/** Number of the first sample of a frame. */
export const firstSample = ({ blockSize }: FlacStream, { number, isFixed }: FrameHeader): number =>
  isFixed ? number * blockSize : number;

/** Entries that are looked at: where these are right the others are believed. */
const LOOKS = 4;

/** Seek points as SEEKTABLE tells them; null where frames lie elsewhere, or there is none. */
export async function seekPointsByTable(
  source: Source,
  {
    table,
    payload,
    stream,
  }: { readonly table: readonly TablePoint[]; readonly payload: ByteRange; readonly stream: FlacStream },
  signal: AbortSignal,
): Promise<SeekPoint[] | null> {
  const points = table.filter(({ offset }) => payload.start + offset < payload.end);
  const last = points.length - 1;
  if (last < 1) return null;
  const looked = new Set(Array.from({ length: LOOKS }, (_, i) => Math.round((last * (i + 1)) / LOOKS)));
  const verdicts = await Promise.all(
    [...looked].map(async (i) => {
      const { offset = 0, sample = 0 } = points[i] ?? {};
      const at = payload.start + offset;
      const bytes = await readRange(source, { start: at, end: at + MAX_HEADER_BYTES }, signal);
      const header = frameHeaderAt(bytes, 0, stream.info);
      return header !== null && firstSample(stream, header) === sample;
    }),
  );
  if (verdicts.includes(false)) return null;
  const { sampleRate } = stream.info;
  return points.map(({ sample, offset }) =>
    seekPoint(timeOfSamples(sample, sampleRate), payload.start + offset),
  );
}

/** Seek points as frames tell them: reads all of them. */
export async function seekPointsByFrames(
  source: Source,
  { payload, stream }: { readonly payload: ByteRange; readonly stream: FlacStream },
  signal: AbortSignal,
): Promise<SeekPoint[]> {
  const walker = new FlacWalker(stream.info, { position: payload.start, isForeign: false });
  const { sampleRate } = stream.info;
  const points: SeekPoint[] = [];
  let reached = Number.NEGATIVE_INFINITY;
  const add = (frames: readonly FlacFrame[]) => {
    for (const { position, header } of frames) {
      const sample = firstSample(stream, header);
      if (sample < reached + POINT_DISTANCE * sampleRate) continue;
      points.push(seekPoint(timeOfSamples(sample, sampleRate), position));
      reached = sample;
    }
  };
  for await (const chunk of source.read(payload, signal)) add(walker.push(chunk));
  add(walker.flush());
  return points;
}
