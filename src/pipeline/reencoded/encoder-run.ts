import { FragmentStream } from '../../../parsers/mp4/fragment-stream.ts';
import type { TimedPacket } from '../../core/contracts.ts';
import type { EncodeWork, VideoEncoders } from '../../core/encoding.ts';
import { MediaError } from '../../core/errors.ts';
import type { VideoConfig, VideoTrack } from '../../core/media.ts';
import { Growing } from '../growing.ts';
import type { Counters } from '../ledger.ts';
import type { SpanCache } from '../span-cache.ts';
import { segmentCount, type Title } from '../title.ts';
import { beginAt } from './begin-run.ts';
import { Returned, type ReturnedPictures } from './returned-pictures.ts';

export type Packets = readonly TimedPacket[];

/** What a run makes, and of what. */
export interface RunJob {
  readonly title: Title;
  readonly work: EncodeWork;
  /** By preference: the next one is taken when one fails twice at the same place. */
  readonly encoders: readonly string[];
  /** The first segment. */
  readonly first: number;
}

export interface RunContext {
  readonly encoders: VideoEncoders;
  readonly spans: SpanCache;
  counters(n: number): Counters;
  /** A segment is there in whole. */
  onSegment(n: number, pieces: readonly Packets[]): void;
  /** The encoder told its configuration. */
  onConfig(config: VideoConfig): void;
  /** The run has ended, in whatever way. */
  onEnd(): void;
}

/** Segments that are made before they are asked for. */
const AHEAD = 3;
/** Milliseconds that a run which nobody reads is kept for a player that comes back for the next segment. */
const IDLE = 30_000;
/** As long where the last reader left in the middle of a segment: it went elsewhere. */
const LEFT = 700;
/** Tries with one encoder at one place. */
const TRIES = 2;

/**
 * One program that encodes segment after segment from a cut on, a few ahead of what is asked for. It waits where it is
 * far enough ahead, and ends with its readers.
 */
export class EncoderRun {
  readonly #job: RunJob;
  readonly #context: RunContext;
  readonly #controller = new AbortController();
  readonly #segments = new Map<number, Growing<Packets>>();
  /** The segment under way: all before it are finished. */
  #current: number;
  /** An encoder failed in the middle of it: it is given out when all of it is there. */
  #careful = -1;
  #held: Packets[] = [];
  /** The last segment that may be made. */
  #goal: number;
  #goOn: (() => void) | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #hasEnded = false;
  /** Never rejects. */
  readonly ended: Promise<void>;

  constructor(job: RunJob, context: RunContext) {
    this.#job = job;
    this.#context = context;
    this.#current = job.first;
    this.#goal = job.first + AHEAD;
    this.ended = this.#run();
  }

  /** Whether segment n is soon to come. */
  reaches(n: number): boolean {
    return !this.#hasEnded && !this.#controller.signal.aborted && n >= this.#current && n <= this.#goal + 1;
  }

  get hasReaders(): boolean {
    return [...this.#segments.values()].some(({ readers }) => readers > 0);
  }

  /** The pictures of a segment that it reaches, as they are made. @throws MediaError when no encoder can make them */
  segment(n: number, signal: AbortSignal): AsyncGenerator<Packets> {
    clearTimeout(this.#timer);
    this.#goal = Math.max(this.#goal, n + AHEAD);
    this.#goOn?.();
    return this.#growing(n).read(signal);
  }

  /** A segment of it was asked for and is there already: it goes on. */
  advanceTo(n: number): void {
    this.#goal = Math.max(this.#goal, n + AHEAD);
    this.#goOn?.();
    this.#rest(IDLE);
  }

  /** Makes no more than the segment under way until it is asked: its viewer went elsewhere. */
  pause(): void {
    if (!this.hasReaders) this.#goal = Math.min(this.#goal, this.#current);
  }

  /** Ends it now. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#controller.abort(new MediaError('busy', 'The encoder was needed elsewhere', { retryAfter: 1 }));
    this.#goOn?.();
  }

  #growing(n: number): Growing<Packets> {
    const known = this.#segments.get(n);
    if (known) return known;
    const fresh = new Growing<Packets>(() => this.#rest(this.#segments.has(n) ? LEFT : IDLE));
    this.#segments.set(n, fresh);
    return fresh;
  }

  /** Ends it after a while without readers. */
  #rest(after: number): void {
    clearTimeout(this.#timer);
    if (!this.#hasEnded && !this.hasReaders) this.#timer = setTimeout(() => this.stop(), after);
  }

  async #run(): Promise<void> {
    this.#rest(IDLE);
    const error = await this.#encodeAll();
    this.#hasEnded = true;
    clearTimeout(this.#timer);
    for (const segment of this.#segments.values()) segment.end({ error });
    this.#segments.clear();
    this.#context.onEnd();
  }

  /** @returns what is to be told to who still waits */
  async #encodeAll(): Promise<unknown> {
    const { encoders, title } = this.#job;
    const { signal } = this.#controller;
    let failure: unknown = new MediaError('not-offered', 'No encoder here can make these pictures');
    for (const encoder of encoders) {
      for (let tries = 0, at = -1; tries < TRIES; tries++) {
        if (this.#current !== at) tries = 0;
        at = this.#current;
        try {
          await this.#encode(encoder);
          return new MediaError('not-found', `The title ends with segment ${segmentCount(title) - 1}`);
        } catch (error) {
          if (signal.aborted) return signal.reason;
          failure = error;
          this.#breakOff(error);
          if (!(error instanceof MediaError) || error.code !== 'not-offered') return error;
        }
      }
      this.#context.encoders.demote(encoder, failure instanceof Error ? failure.message : String(failure));
    }
    return failure;
  }

  /** Who has begun to read the segment under way cannot go on with another encoder's pictures. */
  #breakOff(error: unknown): void {
    this.#careful = this.#current;
    this.#held = [];
    const current = this.#segments.get(this.#current);
    if (!current || current.pieces.length === 0) return;
    this.#segments.delete(this.#current);
    current.end({ error });
  }

  /** From the segment under way to the end of the title. */
  async #encode(encoder: string): Promise<void> {
    const { title, work } = this.#job;
    const { signal } = this.#controller;
    const { spans, counters } = this.#context;
    const first = this.#current;
    const tally = counters(first);
    const { places, input, ...start } = await beginAt(title, first, { spans, counters: tally, signal });
    const stream = new FragmentStream();
    const returned = new Returned(places);
    let isKnown = false;
    for await (const chunk of this.#context.encoders.encode({ ...work, ...start, encoder }, input, signal)) {
      for (const sample of believed(() => stream.push(chunk))) {
        for (const pictures of believed(() => returned.add(sample))) this.#take(pictures);
        if (this.#current > this.#goal) await this.#turn();
      }
      if (!isKnown) isKnown = this.#tell(stream);
    }
    for (const pictures of believed(() => returned.finish())) this.#take(pictures);
    tally.droppedPackets += returned.lost;
    if (this.#current === first) throw new MediaError('not-offered', 'The encoder gave no picture');
    while (this.#current < segmentCount(title)) this.#finish(this.#current);
  }

  #tell({ tracks: [track] }: FragmentStream): boolean {
    if (track?.kind !== 'video') return false;
    const [config] = (track as VideoTrack).configs;
    if (config) this.#context.onConfig(config);
    return config !== undefined;
  }

  /** Pictures of segments that the encoder passed over leave those empty. */
  #take({ n, packets, isLast }: ReturnedPictures): void {
    while (this.#current < n) this.#finish(this.#current);
    if (packets.length > 0 && n === this.#careful) this.#held.push(packets);
    else if (packets.length > 0) this.#growing(n).push(packets);
    if (isLast) this.#finish(n);
  }

  #finish(n: number): void {
    const segment = this.#growing(n);
    for (const packets of n === this.#careful ? this.#held.splice(0) : []) segment.push(packets);
    this.#segments.delete(n);
    this.#current = n + 1;
    this.#context.onSegment(n, segment.pieces);
    segment.end('whole');
  }

  /** Until more may be made. */
  async #turn(): Promise<void> {
    while (this.#current > this.#goal && !this.#controller.signal.aborted)
      await new Promise<void>((resolve) => {
        this.#goOn = resolve;
      });
    this.#goOn = null;
  }
}

/** What makes no sense of an encoder's output is the encoder's fault. */
function believed<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof MediaError)) throw cause;
    throw new MediaError('not-offered', `The encoder gave what is no video: ${cause.message}`, { cause });
  }
}
