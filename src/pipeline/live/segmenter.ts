import type { Sample, TimedPacket } from '../../core/contracts.ts';
import { MediaError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { NANOSECONDS_PER_SECOND, rescaleUp, type Ticks } from '../../core/time.ts';
import type { AudioRenditionPlan, Rendition } from '../renditions.ts';
import type { Title } from '../title.ts';
import { AudioQueue, type Stretch } from './audio-queue.ts';
import { type Boundary, PictureQueue } from './picture-queue.ts';
import { SoundCuts } from './sound-cuts.ts';
import type { Cutting } from './targets.ts';

/** A finished segment: what it holds of every rendition. */
export interface CutSegment {
  readonly n: number;
  /** Of its first picture, in the main track's ticks. */
  readonly start: Ticks;
  /** Where the next one begins, in the main track's ticks; the end of the title for the last. */
  readonly end: Ticks;
  readonly packets: ReadonlyMap<Rendition, readonly TimedPacket[]>;
}

/** Segment n has its video; its audio may still be on its way. */
interface OpenSegment {
  readonly n: number;
  readonly start: Ticks;
  readonly end: Ticks;
  /** The first one has the sound before its first picture too. */
  readonly sound: Stretch;
  readonly pictures: readonly TimedPacket[];
  /** Of the pictures. */
  readonly size: number;
}

/**
 * Cuts samples that come in file order into segments, with nothing known of what follows. The same samples give the
 * same segments, however they arrive.
 */
export class Segmenter {
  readonly #title: Title;
  readonly #renditions: readonly Rendition[];
  readonly #cutting: Cutting;
  readonly #cuts: PictureQueue | SoundCuts;
  readonly #audio: ReadonlyMap<number, AudioQueue>;
  readonly #mainId: number;
  readonly #open: OpenSegment[] = [];
  #count = 0;
  #start: Ticks = 0 as Ticks;
  /** Latest stamp of the main track. */
  #reached = Number.NEGATIVE_INFINITY;

  constructor(title: Title, renditions: readonly Rendition[], cutting: Cutting) {
    const counters = title.ledger.open('live', 0);
    this.#title = title;
    this.#renditions = renditions;
    this.#cutting = cutting;
    const [sound] = title.audio;
    this.#cuts = title.video
      ? new PictureQueue(title.video, cutting, counters)
      : new SoundCuts(sound, cutting);
    this.#mainId = title.video?.track.id ?? sound?.track.id ?? 0;
    this.#audio = new Map(title.audio.map((audio) => [audio.track.id, new AudioQueue(audio, counters)]));
  }

  /** What this sample completed. @throws MediaError `limit` when too much waits for the end of a segment */
  push(sample: Sample): CutSegment[] {
    this.#audio.get(sample.trackId)?.push(sample);
    if (sample.trackId === this.#mainId) {
      this.#reached = Math.max(this.#reached, sample.time);
      for (const boundary of this.#cuts.push(sample)) this.#take(boundary, 'middle');
    }
    const done = this.#finished('more comes');
    this.#checkWaiting();
    return done;
  }

  /** Nothing more comes. */
  end(): CutSegment[] {
    const last = this.#cuts.end(this.#soundEnd());
    for (const boundary of last.boundaries) this.#take(boundary, 'middle');
    if (last.rest) this.#takeLast(last.rest);
    return this.#finished('ended');
  }

  #take({ start, end, pictures }: Boundary, place: 'middle' | 'last'): void {
    if (this.#count >= this.#cutting.most)
      throw new MediaError('limit', `More than ${this.#cutting.most} segments; open the title again`);
    const sound = { start: this.#start, end, isLast: place === 'last' };
    this.#open.push({ n: this.#count++, start, end, sound, pictures, size: sizeOf(pictures) });
    this.#start = end;
  }

  /** A short rest joins the segment before it, which is held back for that. */
  #takeLast(rest: Boundary): void {
    const before = this.#open.at(-1);
    const isShort = rest.end - rest.start < this.#cutting.shortest * this.#title.timeline.timescale;
    if (!before || !isShort) this.#take(rest, 'last');
    else
      this.#open[this.#open.length - 1] = {
        ...before,
        end: rest.end,
        sound: { start: before.sound.start, end: rest.end, isLast: true },
        pictures: [...before.pictures, ...rest.pictures],
      };
  }

  #checkWaiting(): void {
    const sound = [...this.#audio.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    const open = this.#open.reduce((sum, { size }) => sum + size, 0);
    const waiting = sound + open + this.#cuts.bytes;
    if (waiting > LIMITS.liveWaiting)
      throw new MediaError('limit', `${waiting} bytes came that no segment could be ended with`);
  }

  /** Where the sound ends, in the main track's ticks. */
  #soundEnd(): Ticks {
    const ends = [...this.#audio.values()].map(({ end, timescale }) =>
      rescaleUp(end, timescale, this.#title.timeline.timescale),
    );
    return Math.max(0, ...ends) as Ticks;
  }

  #finished(state: 'more comes' | 'ended'): CutSegment[] {
    const done: CutSegment[] = [];
    for (let next = this.#open[0]; next && (state === 'ended' || this.#isHeard(next)); next = this.#open[0]) {
      this.#open.shift();
      done.push(this.#filled(next));
    }
    return done;
  }

  /**
   * What follows is long enough to be a segment, and all its sound is there: frames behind its end were met, or the
   * pictures are a window ahead of it.
   */
  #isHeard({ end }: OpenSegment): boolean {
    const { timescale } = this.#title.timeline;
    const { zero, window } = this.#title;
    const ahead = this.#reached - zero - (end / timescale) * NANOSECONDS_PER_SECOND;
    if (ahead < this.#cutting.shortest * NANOSECONDS_PER_SECOND) return false;
    return ahead >= window || [...this.#audio.values()].every((queue) => queue.reaches(end, timescale));
  }

  #filled({ n, start, end, pictures, sound }: OpenSegment): CutSegment {
    const packets = this.#renditions.map(
      (rendition) =>
        [rendition, rendition.kind === 'video' ? pictures : this.#soundOf(rendition, sound)] as const,
    );
    return { n, start, end, packets: new Map(packets) };
  }

  #soundOf({ audio }: AudioRenditionPlan, sound: Stretch): readonly TimedPacket[] {
    return this.#audio.get(audio.track.id)?.take(sound, this.#title.timeline.timescale) ?? [];
  }
}

const sizeOf = (packets: readonly TimedPacket[]): number =>
  packets.reduce((sum, { packet }) => sum + packet.data.length, 0);
