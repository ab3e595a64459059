import type { ByteRange, Demuxer, SeekPoint, Source } from '../../src/core/contracts.ts';
import { MediaError, unsupported } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import type { Nanoseconds } from '../../src/core/time.ts';
import { peakBitrate, piecesPerPoint, seekPoint } from '../audio-file/seek-points.ts';
import { PRECISION, soundTrack, TRACK_ID, timeOfSamples } from '../audio-file/sound-track.ts';
import { containerInfo, type Told } from '../audio-file/told.ts';
import { proveConstant } from './constant-rate.ts';
import { type FirstFrame, findFirstFrame } from './first-frame.ts';
import type { CountedPlace, FrameClock } from './frame-clock.ts';
import { countFrames } from './frame-count.ts';
import { type OpenedFrames, readFrames, timeOf } from './frame-samples.ts';
import { findFollowed, type Stretch } from './frame-search.ts';
import { type InfoFrame, readInfoFrame } from './info-frame.ts';
import type { FrameKind } from './kinds.ts';

/** Bytes of a file that are frames of sound and nothing else. */
export interface FrameRegion {
  readonly kinds: readonly FrameKind[];
  readonly range: ByteRange;
  /** The first bytes of the range. */
  readonly front: Uint8Array;
  /** The last bytes of the range; null where the source gives its bytes in order only. */
  readonly back: Uint8Array | null;
  readonly told: readonly Told[];
  /** When the sound begins on the file's clock. */
  readonly base: Nanoseconds;
  /** Name of the container; that of the frames where there is none. */
  readonly container: string | null;
  readonly isAsStored: boolean;
}

/**
 * Streams of changing bit rate are read whole to know where which time lies, up to this size: a player waits ten
 * seconds for its list, which is as much at 100 Mbit/s. Their own indexes count in hundredths of the length, or not at
 * all. Larger ones are served in order.
 */
const MAX_COUNTED = 128 * 1024 * 1024;
/** Below this proving a constant rate costs more than counting. */
const MIN_PROVEN = LIMITS.wholeAtOnce;

/**
 * Opens a stream of frames: its first ones tell what they are, its last ones and eight places between whether they lie
 * at equal distances; where they do not all of them are read.
 * @throws MediaError `unsupported` for no frames, free format, and what can only be read in order; `truncated`
 */
export async function openFrames(source: Source, region: FrameRegion, signal: AbortSignal): Promise<Demuxer> {
  const { range, front, back } = region;
  const stretch = { bytes: front, isLast: front.length >= range.end - range.start };
  const found = findFirstFrame(region.kinds, stretch);
  if (!found) throw refusal(front);
  const { first, info } = withoutInfoFrame(found, stretch);
  const payload = { start: range.start + first.at, end: range.end };
  if (payload.start >= payload.end) throw empty(payload.end);
  const ends = { first, payload, front: front.subarray(first.at), back: back ?? front.subarray(0, 0) };
  const length = await lengthOf(source, { ends, isInOrder: back === null }, signal);
  const delay = info?.delay ? info.delay + DECODER_DELAY : 0;
  const opened: OpenedFrames = {
    source,
    first,
    payload,
    delay,
    clock: length.clock,
    base: region.base,
    end: soundEnd(length, info),
    lead: found.at,
    isAsStored: region.isAsStored,
  };
  return demuxerOf(opened, { ...region, length, encoder: info?.encoder ?? null });
}

const empty = (offset: number): MediaError =>
  new MediaError('truncated', 'The file ends before its first frame of sound', { offset });

/** What a decoder of layer III gives before the first sample that an encoder was given, beside the encoder's own. */
const DECODER_DELAY = 528 + 1;

/** The end of the sound in samples of the decoder: padding counts only where no frame was lost or added. */
function soundEnd({ frames, samples }: Length, info: InfoFrame | null): number {
  if (samples === null) return Number.POSITIVE_INFINITY;
  const isWhole = info?.frames === null || info?.frames === frames;
  const padding = isWhole && info?.padding ? Math.max(0, info.padding - DECODER_DELAY) : 0;
  return Math.max(1, samples - padding);
}

interface Length {
  readonly clock: FrameClock;
  /** Null where the end was not seen. */
  readonly samples: number | null;
  readonly frames: number | null;
}

interface Unmeasured {
  readonly ends: Parameters<typeof proveConstant>[1];
  readonly isInOrder: boolean;
}

/** @throws MediaError `unsupported` for a large stream of changing bit rate */
async function lengthOf(
  source: Source,
  { ends, isInOrder }: Unmeasured,
  signal: AbortSignal,
): Promise<Length> {
  const { payload, first } = ends;
  const from: CountedPlace = { position: payload.start, samples: 0 };
  if (isInOrder) return { clock: { kind: 'counted', places: [from] }, samples: null, frames: null };
  const size = payload.end - payload.start;
  const proven = size > MIN_PROVEN ? await proveConstant(source, ends, signal) : null;
  if (proven) {
    const { clock, frames } = proven;
    return { clock, frames, samples: frames * clock.samples };
  }
  if (size > MAX_COUNTED)
    throw new MediaError(
      'unsupported',
      'The bit rate changes and no index tells where which time lies: it can only be served in order',
      { inOrderOnly: true },
    );
  const { places, samples, frames } = await countFrames(source, { first, payload }, signal);
  if (frames === 0) throw empty(payload.end);
  return { clock: { kind: 'counted', places: places.length > 0 ? places : [from] }, samples, frames };
}

/** The stream behind a first frame that is no sound. */
function withoutInfoFrame(
  first: FirstFrame,
  { bytes, isLast }: Stretch,
): { readonly first: FirstFrame; readonly info: InfoFrame | null } {
  const info = readInfoFrame(first.frame);
  if (!info) return { first, info };
  const rest = bytes.subarray(first.at + first.frame.length);
  const next = findFirstFrame([first.kind], { bytes: rest, isLast }) ?? { ...first, at: 0 };
  return { first: { ...next, at: first.at + first.frame.length + next.at }, info };
}

interface Telling extends Pick<FrameRegion, 'told' | 'container'> {
  readonly length: Length;
  readonly encoder: string | null;
}

function demuxerOf(opened: OpenedFrames, { told, container, length, encoder }: Telling): Demuxer {
  const { first, payload, delay, end } = opened;
  const { config, sampleRate, channels, frameSize } = first.format;
  const track = soundTrack({
    config,
    sampleRate,
    channels,
    frameSize,
    sourceCodec: config.codec,
    codecDelay: timeOfSamples(delay, sampleRate),
  });
  const points = length.samples === null ? null : seekPointsOf(opened, length.frames ?? 0);
  const duration = Number.isFinite(end) ? timeOf(opened, end) : null;
  const bytes = length.samples === null ? null : payload.end - payload.start;
  const statistics = { bytes, duration, frames: length.frames, bitrate: points && peakBitrate(points) };
  const tags = containerInfo(told);
  return {
    container: container ?? config.codec,
    tracks: [track],
    duration,
    precision: PRECISION,
    statistics: new Map([[TRACK_ID, statistics]]),
    info: { ...tags, writingApp: tags.writingApp ?? encoder },
    payload,
    seekPoints: (trackId) => (trackId === TRACK_ID ? points : null),
    samples: (query, signal) => readFrames(opened, query, signal),
    resync: (bytes, from) => {
      const at = findFollowed(first, { bytes, isLast: false }, { from, end: bytes.length });
      return typeof at === 'number' ? at : null;
    },
  };
}

function seekPointsOf(opened: OpenedFrames, frames: number): SeekPoint[] {
  const { clock, first } = opened;
  if (clock.kind === 'counted')
    return clock.places.map(({ position, samples }) => seekPoint(timeOf(opened, samples), position));
  const step = piecesPerPoint(frames, first.format.sampleRate / clock.samples);
  return Array.from({ length: Math.ceil(frames / step) }, (_, i) => {
    // Frames may begin a little earlier than the mean has them.
    const position = Math.floor(clock.first + i * step * clock.bytes) - (i > 0 ? clock.slack : 0);
    return seekPoint(timeOf(opened, i * step * clock.samples), position);
  });
}

const FREE_FORMAT = 'MP3 of free format: its frames do not tell how long they are';

/** Why no frame was found. */
function refusal(front: Uint8Array): MediaError {
  const isFree = (at: number) =>
    front[at] === 0xff && ((front[at + 1] ?? 0) & 0xfe) === 0xfa && ((front[at + 2] ?? 255) & 0xf0) === 0;
  return unsupported(isFree(0) ? FREE_FORMAT : 'No frames of sound were found');
}
