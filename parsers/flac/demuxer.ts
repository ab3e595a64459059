import { dfLaRecord, type FlacStreamInfo, parseStreamInfo } from '../../src/codecs/flac.ts';
import { readRange } from '../../src/core/bytes.ts';
import type {
  ByteRange,
  Demuxer,
  SampleBatch,
  SampleQuery,
  SeekPoint,
  Source,
} from '../../src/core/contracts.ts';
import { corrupt } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { arrivals } from '../audio-file/arrivals.ts';
import { type Front, readFront } from '../audio-file/front-tags.ts';
import { peakBitrate } from '../audio-file/seek-points.ts';
import { PRECISION, sizeOf, soundTrack, TRACK_ID, timeOfSamples } from '../audio-file/sound-track.ts';
import { readTail } from '../audio-file/tail-tags.ts';
import { containerInfo } from '../audio-file/told.ts';
import { frameHeaderAt } from './frame-header.ts';
import { type FlacFrame, FlacWalker, nextHeader } from './frame-walker.ts';
import { type FlacMetadata, readMetadata } from './metadata.ts';
import { type FlacStream, firstSample, seekPointsByFrames, seekPointsByTable } from './seek-table.ts';

export interface FlacOptions {
  readonly access?: 'anywhere' | 'in order';
}

const MAGIC = [0x66, 0x4c, 0x61, 0x43];

/** Whether the bytes begin as a FLAC file does. */
export const isFlac = (bytes: Uint8Array): boolean => MAGIC.every((byte, i) => bytes[i] === byte);

const SCORE = 0.95;

/** How sure the first bytes of a file make it that it is FLAC: 0 to 1. */
export const scoreFlac = (head: Uint8Array): number => (isFlac(head) ? SCORE : 0);

/**
 * Opens native FLAC: metadata, then places of the seek table, or where there is none all of a file up to 64 MB
 * (RFC 9639).
 * @throws MediaError `corrupt`, `truncated`, `unsupported` where the size is not known
 */
export async function openFlac(
  source: Source,
  signal: AbortSignal,
  options: FlacOptions = {},
): Promise<Demuxer> {
  return openFlacAt(source, await readFront(source, signal), { ...options, signal });
}

interface Opening extends FlacOptions {
  readonly signal: AbortSignal;
}

/**
 * As `openFlac`, for what stands behind tags.
 * @throws MediaError as `openFlac`
 */
export async function openFlacAt(
  source: Source,
  front: Front,
  { signal, access }: Opening,
): Promise<Demuxer> {
  const size = sizeOf(source);
  const metadata = await readMetadata(source, front, signal);
  const info = parseStreamInfo(metadata.streamInfo);
  const isInOrder = access === 'in order';
  const start = metadata.end;
  const range = { start, end: Math.max(start, size) };
  const tail = isInOrder || start >= size ? null : await readTail(source, range, signal);
  const { lead, blockSize } = await firstFrame(source, { info, front, range }, signal);
  const payload = { start: start + lead, end: Math.max(start + lead, tail?.end ?? size) };
  const stream = { info, blockSize };
  const place = { table: lead === 0 ? metadata.table : [], payload, stream };
  const points = isInOrder ? null : await seekPoints(source, place, signal);
  return demuxerOf(
    { source, payload, stream, lead },
    { metadata, points, told: [...front.told, metadata.told] },
  );
}

type Place = Parameters<typeof seekPointsByTable>[1];

async function seekPoints(source: Source, place: Place, signal: AbortSignal): Promise<SeekPoint[] | null> {
  const points = await seekPointsByTable(source, place, signal);
  const { start, end } = place.payload;
  if (points || end - start > LIMITS.wholeWithoutIndex) return points;
  return seekPointsByFrames(source, place, signal);
}

interface Beginning {
  readonly info: FlacStreamInfo;
  readonly front: Front;
  readonly range: ByteRange;
}

/** How far behind the metadata the first frame begins, and how many samples it has. @throws MediaError `corrupt` */
async function firstFrame(
  source: Source,
  { info, front, range }: Beginning,
  signal: AbortSignal,
): Promise<{ readonly lead: number; readonly blockSize: number }> {
  const held = front.bytes.subarray(range.start - front.position);
  const isHeld = range.start < front.position + front.bytes.length && nextHeader(held, 0, info) !== null;
  const end = Math.min(range.end, range.start + LIMITS.leadingGarbage);
  const bytes = isHeld ? held : await readRange(source, { start: range.start, end }, signal);
  const lead = nextHeader(bytes, 0, info);
  const header = lead === null ? null : frameHeaderAt(bytes, lead, info);
  if (lead === null || header === null) throw corrupt('No frame behind the metadata', range.start);
  const { minBlockSize, maxBlockSize } = info;
  return { lead, blockSize: minBlockSize === maxBlockSize ? maxBlockSize : header.samples };
}

interface OpenedFlac {
  readonly source: Source;
  readonly payload: ByteRange;
  readonly stream: FlacStream;
  /** Bytes without sense before the first frame. */
  readonly lead: number;
}

interface Described {
  readonly metadata: FlacMetadata;
  readonly points: readonly SeekPoint[] | null;
  readonly told: Parameters<typeof containerInfo>[0];
}

function demuxerOf(opened: OpenedFlac, { metadata, points, told }: Described): Demuxer {
  const { stream, payload } = opened;
  const { info } = stream;
  const { sampleRate, channels, minBlockSize, maxBlockSize } = info;
  const { streamInfo } = metadata;
  const record = dfLaRecord({ streamInfo: info, streamInfoBlock: streamInfo });
  const frameSize = minBlockSize === maxBlockSize ? maxBlockSize : null;
  const samples = totalSamples(streamInfo);
  const duration = samples > 0 ? timeOfSamples(samples, sampleRate) : null;
  const statistics = {
    bytes: payload.end - payload.start,
    bitrate: points && peakBitrate(points),
    frames: null,
    duration,
  };
  return {
    container: 'flac',
    tracks: [
      soundTrack({ config: { codec: 'flac', record }, sampleRate, channels, frameSize, sourceCodec: 'flac' }),
    ],
    duration,
    precision: PRECISION,
    statistics: new Map([[TRACK_ID, statistics]]),
    info: containerInfo(told),
    payload,
    seekPoints: (trackId) => (trackId === TRACK_ID ? points : null),
    samples: (query, signal) => readFrames(opened, query, signal),
    resync: (bytes, from) => nextHeader(bytes, from, info),
  };
}

/** 36 bits of STREAMINFO: 8.2. 0 where it does not say. */
const totalSamples = (block: Uint8Array): number =>
  ((block[13] ?? 0) & 15) * 2 ** 32 + new DataView(block.buffer, block.byteOffset).getUint32(14);

async function* readFrames(
  opened: OpenedFlac,
  query: SampleQuery,
  signal: AbortSignal,
): AsyncGenerator<SampleBatch> {
  if (!query.tracks.has(TRACK_ID)) return;
  const { source, payload, stream, lead } = opened;
  const { start } = query;
  const end = Math.min(query.end, payload.end);
  const isFirst = start === payload.start;
  const walker = new FlacWalker(stream.info, { position: start, isForeign: !isFirst });
  if (isFirst && lead > 0) yield { samples: [], next: null, skipped: lead };
  const batch = (frames: readonly FlacFrame[]) => batchOf(frames, { opened, walker, end });
  let reached = start;
  for await (const chunk of arrivals(source, { start, soft: query.soft, end }, signal)) {
    reached += chunk.length;
    yield batch(walker.push(chunk));
  }
  if (end === payload.end || reached < end) yield batch(walker.flush());
  else if (query.isCompleting) {
    const to = Math.min(payload.end, end + walker.reach);
    for await (const chunk of arrivals(source, { start: end, soft: end, end: to }, signal)) {
      yield batch(walker.push(chunk));
      if (walker.reached >= end) return;
    }
    if (to === payload.end) yield batch(walker.flush());
  }
}

interface Reading {
  readonly opened: OpenedFlac;
  readonly walker: FlacWalker;
  readonly end: number;
}

function batchOf(frames: readonly FlacFrame[], { opened, walker, end }: Reading): SampleBatch {
  const { stream } = opened;
  const { sampleRate } = stream.info;
  const samples = frames.flatMap(({ position, header, bytes }) =>
    position >= end
      ? []
      : {
          trackId: TRACK_ID,
          time: timeOfSamples(firstSample(stream, header), sampleRate),
          duration: timeOfSamples(header.samples, sampleRate),
          isKey: true,
          position,
          entry: position,
          data: bytes,
        },
  );
  return { samples, next: null, skipped: walker.takeSkipped() };
}
