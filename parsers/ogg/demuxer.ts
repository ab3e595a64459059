import { readRange } from '../../src/core/bytes.ts';
import type { Demuxer, SeekPoint, Source, TrackStatistics } from '../../src/core/contracts.ts';
import { MediaError, truncated } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { type Nanoseconds, nanoseconds } from '../../src/core/time.ts';
import { peakBitrate, seekPoint } from '../audio-file/seek-points.ts';
import { PRECISION, sizeOf, timeOfSamples } from '../audio-file/sound-track.ts';
import { containerInfo } from '../audio-file/told.ts';
import { type Beginning, readBeginning } from './beginning.ts';
import type { OggStreams } from './ogg-reader.ts';
import { type OpenedOgg, readSamples } from './ogg-samples.ts';
import { nextCapture, pageHeaderAt } from './page.ts';
import { PageWalker } from './page-walker.ts';
import { type CountedPages, countPages } from './places.ts';
import type { OggSound } from './sound-line.ts';

export interface OggOptions {
  readonly access?: 'anywhere' | 'in order';
}

const SCORES = { atOnce: 0.9, behind: 0.3 } as const;

/** How sure the first bytes of a file make it that it is Ogg, maybe behind something else: 0 to 1. */
export function scoreOgg(head: Uint8Array): number {
  const bytes = head.subarray(0, LIMITS.leadingGarbage);
  for (let at = nextCapture(bytes, 0); at < bytes.length; at = nextCapture(bytes, at + 1)) {
    const header = pageHeaderAt(bytes, at);
    if (header !== null && header !== 'short' && header.isFirst)
      return at === 0 ? SCORES.atOnce : SCORES.behind;
  }
  return nextCapture(head.subarray(0, 4), 0) === 0 ? SCORES.behind : 0;
}

/**
 * Opens Ogg with Opus, Vorbis and FLAC (RFC 3533, RFC 7845): the headers, then all of a file up to 64 MB, of a larger
 * one the end.
 * @throws MediaError `corrupt`, `truncated`, `unsupported` where the size is not known, and for large chained files
 */
export async function openOgg(
  source: Source,
  signal: AbortSignal,
  { access }: OggOptions = {},
): Promise<Demuxer> {
  const size = sizeOf(source);
  const beginning = await readBeginning(source, signal);
  const { streams, soundAt, lead } = beginning;
  if (streams.sounds.length > 0 && soundAt === null)
    throw truncated('The file ends before its first packet of sound', size);
  const payload = { start: soundAt ?? size, end: size };
  const isInOrder = access === 'in order' || streams.sounds.length === 0;
  const isCounted = !isInOrder && size - payload.start <= LIMITS.wholeWithoutIndex;
  const counted = isCounted ? await countPages(source, { streams, range: payload }, signal) : null;
  const ends = isInOrder || counted ? null : await readEnds(source, { streams, size }, signal);
  const opened: OpenedOgg = {
    source,
    streams,
    payload: { ...payload, end: counted?.end ?? size },
    places: counted?.places ?? null,
    left: lead + (counted?.rest ?? 0),
  };
  return demuxerOf(opened, { beginning, counted, ends: ends ?? counted?.sounds.map(({ end }) => end) ?? [] });
}

/** Read of the end: several of the largest pages. */
const TAIL = 256 * 1024;

interface Unended {
  readonly streams: OggStreams;
  readonly size: number;
}

/**
 * When each sound ends, in samples, by its last page; not finite where that does not lie in the last bytes.
 * @throws MediaError `unsupported` where other streams are there than at the beginning: where they begin nobody knows
 */
async function readEnds(source: Source, { streams, size }: Unended, signal: AbortSignal): Promise<number[]> {
  const position = Math.max(0, size - TAIL);
  const walker = new PageWalker({ position, isForeign: true });
  const bytes = await readRange(source, { start: position, end: size }, signal);
  const pages = [...walker.push(bytes), ...walker.flush()];
  const known = new Set([...streams.sounds.map(({ serial }) => serial), ...streams.unread]);
  if (pages.some(({ serial }) => !known.has(serial)))
    throw new MediaError(
      'unsupported',
      'The file is a chain, and too large to look for its links: it can only be served in order',
      { inOrderOnly: true },
    );
  return streams.sounds.map(({ serial, format }) => {
    const last = pages.findLast((page) => page.serial === serial && page.granule !== null);
    return (last?.granule ?? Number.NEGATIVE_INFINITY) - format.delay;
  });
}

interface Described {
  readonly beginning: Beginning;
  readonly counted: CountedPages | null;
  /** When each sound ends, in samples. */
  readonly ends: readonly number[];
}

function demuxerOf(opened: OpenedOgg, { beginning, counted, ends }: Described): Demuxer {
  const { streams, payload } = opened;
  const { sounds } = streams;
  const points = new Map(sounds.map((sound, i) => [sound.id, pointsOf(sound, i, counted)]));
  const durations = sounds.map(({ format }, i) => durationOf(ends[i], format.sampleRate));
  const known = durations.flatMap((duration) => duration ?? []);
  const serials = new Set(sounds.map(({ serial }) => serial));
  return {
    container: 'ogg',
    tracks: beginning.tracks,
    duration: known.length > 0 ? nanoseconds(Math.max(...known)) : null,
    precision: PRECISION,
    statistics: new Map(
      sounds.map(({ id }, i) => [
        id,
        statisticsOf(points.get(id) ?? null, { counted, i, duration: durations[i] ?? null }),
      ]),
    ),
    info: containerInfo(beginning.told),
    payload,
    seekPoints: (trackId) => points.get(trackId) ?? null,
    samples: (query, signal) => readSamples(opened, query, signal),
    resync: (bytes, from) => nextEntry(bytes, from, serials),
  };
}

const durationOf = (end: number | undefined, rate: number): Nanoseconds | null =>
  end !== undefined && Number.isFinite(end) ? timeOfSamples(end, rate) : null;

/** Places by when the sound goes on there; null where nobody has looked for them. */
function pointsOf({ format }: OggSound, i: number, counted: CountedPages | null): SeekPoint[] | null {
  if (!counted) return null;
  const first = counted.sounds[i]?.first ?? null;
  return counted.places.flatMap(({ position, state }) => {
    const next = state[i]?.clock.next ?? null;
    if (next !== null) return seekPoint(timeOfSamples(next, format.sampleRate), position);
    return first === null || position !== counted.places[0]?.position ? [] : seekPoint(first, position);
  });
}

interface Counts {
  readonly counted: CountedPages | null;
  readonly i: number;
  readonly duration: Nanoseconds | null;
}

function statisticsOf(
  points: readonly SeekPoint[] | null,
  { counted, i, duration }: Counts,
): TrackStatistics {
  const { bytes = null, frames = null } = counted?.sounds[i] ?? {};
  const isAlone = counted?.sounds.length === 1;
  return { bytes, frames, duration, bitrate: points && isAlone ? peakBitrate(points) : null };
}

/** The next page on which a packet of sound begins and another ends, as far as its header tells. */
function nextEntry(bytes: Uint8Array, from: number, serials: ReadonlySet<number>): number | null {
  for (let at = nextCapture(bytes, from); at < bytes.length; at = nextCapture(bytes, at + 1)) {
    const header = pageHeaderAt(bytes, at);
    if (header === null || header === 'short') continue;
    if (serials.has(header.serial) && header.granule !== null && !header.isFirst && !header.isLast) return at;
  }
  return null;
}
