import type { ByteRange, Sample, SampleBatch, SampleQuery, Source } from '../../src/core/contracts.ts';
import { MediaError } from '../../src/core/errors.ts';
import { type Nanoseconds, nanoseconds } from '../../src/core/time.ts';
import { arrivals } from '../audio-file/arrivals.ts';
import { TRACK_ID, timeOfSamples } from '../audio-file/sound-track.ts';
import type { Framing, Sound } from '../elementary/sound/framing.ts';
import type { FirstFrame } from './first-frame.ts';
import { entryOf, type FrameClock, frameNumber } from './frame-clock.ts';
import { FrameWalker, type WalkedFrame } from './frame-walker.ts';

/** A stream that is ready to be read from anywhere. */
export interface OpenedFrames {
  readonly source: Source;
  readonly first: FirstFrame;
  readonly clock: FrameClock;
  readonly payload: ByteRange;
  /** When the decoder's first sample is given, on the file's clock. */
  readonly base: Nanoseconds;
  /** Samples of the decoder before the sound: those of the codec, and those that an encoder put there. */
  readonly delay: number;
  /** Samples of the decoder up to the end of the sound; what is behind them is padding. Infinite where unknown. */
  readonly end: number;
  /** Bytes without sense before the first frame. */
  readonly lead: number;
  /** Frames with their headers. */
  readonly isAsStored: boolean;
}

/** Where samples of the decoder lie in time. */
export const timeOf = (
  { base, delay, first }: Pick<OpenedFrames, 'base' | 'delay' | 'first'>,
  samples: number,
) => nanoseconds(base + timeOfSamples(samples - delay, first.format.sampleRate));

export async function* readFrames(
  opened: OpenedFrames,
  query: SampleQuery,
  signal: AbortSignal,
): AsyncGenerator<SampleBatch> {
  if (!query.tracks.has(TRACK_ID)) return;
  const { payload, source, clock, lead } = opened;
  const entry = entryOf(clock, query.start);
  const end = Math.min(query.end, payload.end);
  const reading = new FrameReading(opened, entry, query);
  if (lead > 0 && query.start === payload.start) yield { samples: [], next: null, skipped: lead };
  const stretch = { start: entry.position, soft: query.soft, end };
  let reached = entry.position;
  for await (const chunk of arrivals(source, stretch, signal)) {
    reached += chunk.length;
    yield reading.push(chunk);
  }
  if (end === payload.end || reached < end) yield reading.flush();
  else if (query.isCompleting) yield* complete(opened, { reading, end }, signal);
}

/** What it takes to know of a frame that it is one: itself and the next header, of the longest twice. */
const REACH = 2;

/** Frames that begin before the end of a query and end behind it. */
async function* complete(
  { source, payload, first }: OpenedFrames,
  { reading, end }: { readonly reading: FrameReading; readonly end: number },
  signal: AbortSignal,
): AsyncGenerator<SampleBatch> {
  const to = Math.min(payload.end, end + REACH * first.framing.maxBytes);
  for await (const chunk of source.read({ start: end, end: to }, signal)) {
    yield reading.push(chunk);
    if (reading.isOver) return;
  }
  if (to === payload.end) yield reading.flush();
}

/** Frames as samples, from one place on. */
class FrameReading {
  readonly #opened: OpenedFrames;
  readonly #walker: FrameWalker;
  readonly #framing: Framing;
  readonly #query: SampleQuery;
  /** Samples of the decoder before the next frame. */
  #samples: number;

  constructor(
    opened: OpenedFrames,
    entry: { readonly position: number; readonly samples: number },
    query: SampleQuery,
  ) {
    const { first, clock } = opened;
    const mode = clock.kind === 'constant' ? 'anywhere' : 'at a frame';
    this.#opened = opened;
    this.#query = query;
    this.#walker = new FrameWalker(first, { position: entry.position, mode });
    this.#samples = entry.samples;
    this.#framing = first.framings();
    this.#framing.sounds(first.frame);
  }

  /** Nothing more begins before the end of the query. */
  get isOver(): boolean {
    return this.#walker.reached >= this.#query.end;
  }

  push(chunk: Uint8Array): SampleBatch {
    return this.#batch(this.#walker.push(chunk));
  }

  flush(): SampleBatch {
    return this.#batch(this.#walker.flush());
  }

  #batch(frames: readonly WalkedFrame[]): SampleBatch {
    const lost = { bytes: 0 };
    const samples = frames.flatMap((frame) => this.#take(frame, lost));
    return { samples, next: null, skipped: this.#walker.takeSkipped() + lost.bytes };
  }

  #take(frame: WalkedFrame, lost: { bytes: number }): Sample[] {
    const { clock } = this.#opened;
    const { start, end } = this.#query;
    const isWanted = frame.position >= start && frame.position < end;
    let at = clock.kind === 'constant' ? frameNumber(clock, frame.position) * clock.samples : this.#samples;
    this.#samples += frame.samples;
    if (!isWanted) return [];
    const sounds = this.#sounds(frame);
    if (sounds.length === 0) lost.bytes += frame.bytes.length;
    return sounds.flatMap((sound) => {
      const sample = this.#sample(frame, sound, at);
      at += sound.samples;
      return sample ?? [];
    });
  }

  #sounds(frame: WalkedFrame): readonly Sound[] {
    try {
      const sounds = this.#framing.sounds(frame.bytes);
      if (!this.#opened.isAsStored) return sounds;
      return sounds.slice(0, 1).map((sound) => ({ ...sound, samples: frame.samples, data: frame.bytes }));
    } catch (error) {
      if (error instanceof MediaError) return [];
      throw error;
    }
  }

  /** Null for padding that is behind the end of the sound. */
  #sample({ position }: WalkedFrame, { samples, data }: Sound, at: number): Sample | null {
    const { end, first } = this.#opened;
    const { sampleRate } = first.format;
    const heard = Math.min(samples, end - at);
    if (heard <= 0) return null;
    const isCut = heard < samples;
    return {
      trackId: TRACK_ID,
      time: timeOf(this.#opened, at),
      duration: timeOfSamples(heard, sampleRate),
      isKey: true,
      position,
      entry: position,
      data,
      ...(isCut ? { discard: timeOfSamples(samples - heard, sampleRate) } : {}),
    };
  }
}
