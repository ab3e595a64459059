import type { Source } from '../../src/core/contracts.ts';
import { attempt, corrupt, MediaError, truncated, unsupported } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import type { Track } from '../../src/core/media.ts';
import { nanoseconds } from '../../src/core/time.ts';
import { arrivals } from '../audio-file/arrivals.ts';
import { soundTrack, timeOfSamples } from '../audio-file/sound-track.ts';
import type { Told } from '../audio-file/told.ts';
import { toldBy } from './comments.ts';
import type { OggStreams } from './ogg-reader.ts';
import type { Page } from './page.ts';
import { PageWalker } from './page-walker.ts';
import type { SoundFormat, SoundMapping } from './sound-format.ts';
import type { OggSound } from './sound-line.ts';
import { StreamHeaders } from './stream-headers.ts';
import { isAboutOthers, mappingOf, unreadTrack } from './stream-kinds.ts';

/** What stands before the first packet of sound. */
export interface Beginning {
  readonly streams: OggStreams;
  readonly tracks: readonly Track[];
  readonly told: readonly Told[];
  /** The page on which the first packet of sound begins; null where none does. */
  readonly soundAt: number | null;
  /** Bytes before the first page. */
  readonly lead: number;
}

/**
 * Reads the headers of the logical streams that a file begins with: as much of the file as they take, 16 MB at most.
 * @throws MediaError `corrupt` where none begins, `unsupported` for more than 256
 */
export async function readBeginning(source: Source, signal: AbortSignal): Promise<Beginning> {
  const gathering = new Gathering();
  const walker = new PageWalker({ position: 0, isForeign: false });
  const stretch = { start: 0, soft: LIMITS.head, end: LIMITS.metadata };
  for await (const chunk of arrivals(source, stretch, signal)) {
    for (const page of walker.push(chunk)) gathering.push(page);
    if (gathering.isDone) break;
  }
  if (!gathering.isDone) for (const page of walker.flush()) gathering.push(page);
  return gathering.result();
}

/** More sounds than anybody plays together; each holds a packet. */
const MAX_SOUNDS = 16;
/** Of a stream's first packet, what tells what it is. */
const MARK_BYTES = 64;

interface Stream {
  readonly serial: number;
  readonly mark: Uint8Array;
  /** Null for what is no sound that is read. */
  readonly headers: StreamHeaders | null;
}

class Gathering {
  readonly #streams = new Map<number, Stream>();
  #isDone = false;
  #lead = 0;

  get isDone(): boolean {
    return this.#isDone;
  }

  /** Headers end with the first packet of sound; where there is no sound, with the first page that begins no stream. */
  push(page: Page): void {
    if (this.#isDone) return;
    const hasSound = this.#soundAt !== null;
    if (page.isFirst && hasSound) this.#isDone = true;
    else if (page.isFirst && !this.#streams.has(page.serial)) this.#add(page);
    this.#streams.get(page.serial)?.headers?.push(page);
    const headers = this.#headers;
    const isComplete = headers.every((stream) => stream.isComplete);
    this.#isDone ||= headers.length === 0 ? !page.isFirst : isComplete && this.#soundAt !== null;
  }

  /** @throws MediaError `corrupt` */
  result(): Beginning {
    if (this.#streams.size === 0) throw corrupt('No logical stream of Ogg begins here', 0);
    const tracks: Track[] = [];
    const sounds: OggSound[] = [];
    const told: Told[] = [];
    const media = [...this.#streams.values()].filter(({ mark }) => !isAboutOthers(mark));
    for (const [index, stream] of media.entries()) {
      const place = { id: index + 1, index };
      const format = formatOf(stream, sounds.length);
      if (format instanceof MediaError || format === null)
        tracks.push(unreadTrack(stream.mark, place, format?.message ?? null));
      else {
        sounds.push({ ...place, ...format, serial: stream.serial });
        tracks.push(trackOf(format, { ...place, isDefault: tracks.every(({ isDefault }) => !isDefault) }));
        told.push(toldBy(format.format));
      }
    }
    const read = new Set(sounds.map(({ serial }) => serial));
    const unread = new Set([...this.#streams.keys()].filter((serial) => !read.has(serial)));
    return { streams: { sounds, unread }, tracks, told, soundAt: this.#soundAt, lead: this.#lead };
  }

  get #headers(): StreamHeaders[] {
    return [...this.#streams.values()].flatMap(({ headers }) => headers ?? []);
  }

  get #soundAt(): number | null {
    const places = this.#headers.flatMap(({ soundAt }) => soundAt ?? []);
    return places.length > 0 ? Math.min(...places) : null;
  }

  #add(page: Page): void {
    if (this.#streams.size >= LIMITS.tracks)
      throw unsupported(`More than ${LIMITS.tracks} logical streams in one Ogg file`);
    const { serial, bytes, headerBytes, position } = page;
    if (this.#streams.size === 0) this.#lead = position;
    const mark = bytes.slice(headerBytes, headerBytes + MARK_BYTES);
    const mapping = mappingOf(mark);
    this.#streams.set(serial, { serial, mark, headers: mapping && new StreamHeaders(mapping) });
  }
}

interface Format {
  readonly format: SoundFormat;
  readonly mapping: SoundMapping;
}

/** Null for what is no sound that is read, an error for sound that cannot be. @param count sounds before it */
function formatOf({ headers }: Stream, count: number): Format | MediaError | null {
  if (!headers) return null;
  const { mapping } = headers;
  if (!headers.isComplete) return truncated(`The headers of ${mapping.name} do not end`);
  if (count >= MAX_SOUNDS) return unsupported(`more than ${MAX_SOUNDS} streams of sound in one file`);
  const format = attempt(() => headers.parse());
  return format instanceof MediaError ? format : { format, mapping };
}

const trackOf = (
  { format, mapping }: Format,
  place: { readonly id: number; readonly index: number; readonly isDefault: boolean },
): Track => ({
  ...soundTrack({
    config: format.config,
    sampleRate: format.sampleRate,
    channels: format.channels,
    frameSize: format.frameSize,
    sourceCodec: mapping.name,
    codecDelay: timeOfSamples(format.delay, format.sampleRate),
  }),
  ...place,
  frameStep: format.frameStep,
  seekPreRoll: nanoseconds(format.seekPreRoll),
});
