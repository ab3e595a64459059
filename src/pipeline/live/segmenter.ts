import { concat } from '../../core/bytes.ts';
import type { Sample, TimedPacket } from '../../core/contracts.ts';
import { NANOSECONDS_PER_SECOND, rescaleUp, type Ticks } from '../../core/time.ts';
import { Chunker } from '../chunks.ts';
import type { Rendition } from '../renditions.ts';
import type { Title } from '../title.ts';
import { AudioQueue, type Stretch } from './audio-queue.ts';
import { type Boundary, PictureQueue } from './picture-queue.ts';
import { SoundCuts } from './sound-cuts.ts';

/** A finished segment of every rendition. */
export interface LiveSegment {
  readonly n: number;
  /** Of its first picture, in the main track's ticks. */
  readonly start: Ticks;
  /** Where the next one begins, in the main track's ticks; the end of the title for the last. */
  readonly end: Ticks;
  readonly bytes: ReadonlyMap<string, Uint8Array>;
  readonly size: number;
}

/** Segment n has its video; its audio may still be on its way. */
interface OpenSegment {
  readonly n: number;
  readonly start: Ticks;
  readonly end: Ticks;
  /** The first one has the sound before its first picture too. */
  readonly sound: Stretch;
  readonly pictures: readonly TimedPacket[];
}

/**
 * Cuts samples that come in file order into segments, with nothing known of what follows. The same samples give the
 * same segments, however they arrive.
 */
export class Segmenter {
  readonly #title: Title;
  readonly #renditions: readonly Rendition[];
  readonly #cuts: PictureQueue | SoundCuts;
  readonly #audio: ReadonlyMap<number, AudioQueue>;
  readonly #mainId: number;
  readonly #open: OpenSegment[] = [];
  #count = 0;
  #start: Ticks = 0 as Ticks;
  /** Latest stamp of the main track. */
  #reached = Number.NEGATIVE_INFINITY;

  constructor(title: Title, renditions: readonly Rendition[]) {
    const counters = title.ledger.open('live', 0);
    this.#title = title;
    this.#renditions = renditions;
    const [sound] = title.audio;
    this.#cuts = title.video ? new PictureQueue(title.video, counters) : new SoundCuts(sound);
    this.#mainId = title.video?.track.id ?? sound?.track.id ?? 0;
    this.#audio = new Map(title.audio.map((audio) => [audio.track.id, new AudioQueue(audio, counters)]));
  }

  /** What this sample completed. */
  push(sample: Sample): LiveSegment[] {
    this.#audio.get(sample.trackId)?.push(sample);
    if (sample.trackId === this.#mainId) {
      this.#reached = Math.max(this.#reached, sample.time);
      for (const boundary of this.#cuts.push(sample)) this.#take(boundary, 'middle');
    }
    return this.#finished('more comes');
  }

  /** Nothing more comes. */
  end(): LiveSegment[] {
    const last = this.#cuts.end(this.#soundEnd());
    for (const boundary of last.boundaries) this.#take(boundary, 'middle');
    if (last.rest) this.#take(last.rest, 'last');
    return this.#finished('ended');
  }

  #take({ start, end, pictures }: Boundary, place: 'middle' | 'last'): void {
    const sound = { start: this.#start, end, isLast: place === 'last' };
    this.#open.push({ n: this.#count++, start, end, sound, pictures });
    this.#start = end;
  }

  /** Where the sound ends, in the main track's ticks. */
  #soundEnd(): Ticks {
    const ends = [...this.#audio.values()].map(({ end, timescale }) =>
      rescaleUp(end, timescale, this.#title.timeline.timescale),
    );
    return Math.max(0, ...ends) as Ticks;
  }

  #finished(state: 'more comes' | 'ended'): LiveSegment[] {
    const done: LiveSegment[] = [];
    for (let next = this.#open[0]; next && (state === 'ended' || this.#isHeard(next)); next = this.#open[0]) {
      this.#open.shift();
      done.push(this.#render(next));
    }
    return done;
  }

  /** All its sound is there: frames behind its end were met, or the pictures are a window ahead of it. */
  #isHeard({ end }: OpenSegment): boolean {
    const { timescale } = this.#title.timeline;
    const { zero, window } = this.#title;
    const endTime = zero + (end / timescale) * NANOSECONDS_PER_SECOND;
    const isAhead = this.#reached >= endTime + window;
    return isAhead || [...this.#audio.values()].every((queue) => queue.reaches(end, timescale));
  }

  #render(segment: OpenSegment): LiveSegment {
    const bytes = new Map<string, Uint8Array>();
    for (const rendition of this.#renditions) {
      const packets =
        rendition.kind === 'video'
          ? segment.pictures
          : (this.#audio.get(rendition.audio.track.id)?.take(segment.sound, this.#title.timeline.timescale) ??
            []);
      bytes.set(rendition.name, bytesOf(rendition, segment.n, packets));
    }
    const size = [...bytes.values()].reduce((sum, part) => sum + part.length, 0);
    return { n: segment.n, start: segment.start, end: segment.end, bytes, size };
  }
}

/** A copy: views would keep every fetched block alive, with the tracks that nobody asked for. */
function bytesOf(rendition: Rendition, n: number, packets: readonly TimedPacket[]): Uint8Array {
  const chunker = new Chunker(rendition, n);
  const parts = packets.flatMap((packet) => chunker.push(packet) ?? []);
  return concat([...parts, ...(chunker.flush() ?? [])]);
}
