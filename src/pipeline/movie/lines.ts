import type { Sample, TimedPacket } from '../../core/contracts.ts';
import { MediaError } from '../../core/errors.ts';
import { NANOSECONDS_PER_SECOND, ticks } from '../../core/time.ts';
import type { Counters } from '../ledger.ts';
import type { Rendition } from '../renditions.ts';
import type { Title } from '../title.ts';
import { isEncoded } from '../transcoded/job.ts';
import type { Transcripts } from '../transcoded/transcripts.ts';
import { EncodedLine } from './encoded-line.ts';
import { refuseMore } from './packet-queue.ts';
import { PictureLine } from './picture-line.ts';
import type { Place } from './place.ts';
import { inTrack, SoundLine } from './sound-line.ts';

/** What is written of each track at a time: seconds. */
export const PIECE = 0.5;
/** Seconds of pictures behind the end that may be needed to know all that is shown before it. */
const REORDER = 1;

export interface WalkContext {
  /** Null where sound can only be copied. */
  readonly transcripts: Transcripts | null;
  readonly signal: AbortSignal;
}

/** Half a second of a movie: packets of each track in decode order, on the title's clocks. */
export type Piece = ReadonlyMap<Rendition, readonly TimedPacket[]>;

type Line = PictureLine | SoundLine | EncodedLine;

interface LinesPlan {
  readonly renditions: readonly Rendition[];
  readonly context: WalkContext;
}

/** All tracks of a movie side by side. */
export class Lines {
  readonly trackIds: ReadonlySet<number>;
  readonly #title: Title;
  readonly #place: Place;
  readonly #lines = new Map<Rendition, Line>();
  #pictures: PictureLine | null = null;
  readonly #sounds = new Map<number, SoundLine>();
  /** Pieces given. */
  #count = 0;
  #isFinished = false;
  /** Latest stamp of the pictures, or of sound where there are none: ticks of the timeline. */
  #reached = Number.NEGATIVE_INFINITY;
  /** What the next piece lacks when the stamps are there will not come: as `#reached`. */
  #patience = 0;
  isOver = false;

  constructor(title: Title, place: Place, { renditions, context }: LinesPlan) {
    this.#title = title;
    this.#place = place;
    const ids = new Set<number>();
    for (const rendition of renditions) {
      const counters = title.ledger.open(`movie ${rendition.name}`, 0);
      const line = lineOf(title, rendition, { place, counters, context });
      this.#lines.set(rendition, line);
      if (line instanceof PictureLine) this.#pictures = line;
      if (line instanceof SoundLine) this.#sounds.set(line.audio.track.id, line);
      if (!(line instanceof EncodedLine)) ids.add(idOf(rendition));
    }
    this.trackIds = ids;
    this.#patience = this.#patienceOf();
  }

  /** The line that must be led into before it takes this sample. */
  lateSound(sample: Sample): SoundLine | null {
    const line = this.#sounds.get(sample.trackId);
    return line?.isLate(sample) ? line : null;
  }

  push(sample: Sample): void {
    const sound = this.#sounds.get(sample.trackId);
    if (sound) sound.push(sample);
    else this.#pictures?.push(sample);
    if (sound && this.#pictures) return;
    const { zero, timeline } = this.#title;
    const time = ((sample.time - zero) / NANOSECONDS_PER_SECOND) * timeline.timescale;
    if (time <= this.#reached) return;
    this.#reached = time;
    for (const each of this.#sounds.values()) each.passTo(time - this.#window);
  }

  /** Whether what is missing of the next piece will not come. */
  get isAhead(): boolean {
    return !this.isOver && this.#reached >= this.#patience;
  }

  /**
   * Whether the next piece is complete, or what is missing of it will not come.
   * @throws MediaError `limit` when too much of other tracks waits for that
   */
  hasNext(): boolean {
    if (this.isOver) return false;
    if (this.isAhead) return true;
    const border = this.#border();
    const isThere = (line: Line, time: number) => line.queue.reached >= this.#inTrack(time, line);
    const isComplete =
      (this.#pictures === null || isThere(this.#pictures, border + this.#reorderAt(border))) &&
      [...this.#sounds.values()].every((line) => isThere(line, border));
    if (!isComplete) refuseMore([...this.#lines.values()].reduce((sum, { queue }) => sum + queue.bytes, 0));
    return isComplete;
  }

  async take(): Promise<Piece> {
    const border = this.#border();
    const isLast = border === this.#place.end;
    const piece = new Map<Rendition, readonly TimedPacket[]>();
    for (const [rendition, line] of this.#lines) {
      const until = this.#inTrack(border, line);
      if (line instanceof EncodedLine) await line.fillTo(until);
      if (line instanceof SoundLine && (isLast || this.#isFinished)) line.finishTo(until);
      const packets = isLast ? line.queue.takeShownBefore(until) : line.queue.takeBefore(until);
      if (packets.length > 0) piece.set(rendition, packets);
    }
    this.#count++;
    this.#patience = this.#patienceOf();
    this.isOver = isLast;
    return piece;
  }

  finish(): void {
    this.#pictures?.finish();
    this.#isFinished = true;
  }

  async close(): Promise<void> {
    for (const line of this.#lines.values()) if (line instanceof EncodedLine) await line.close();
  }

  #border(): number {
    const { origin, end } = this.#place;
    return Math.min(end, origin + Math.round((this.#count + 1) * PIECE * this.#title.timeline.timescale));
  }

  /** Interleave window in ticks of the timeline. */
  get #window(): number {
    return (this.#title.window / NANOSECONDS_PER_SECOND) * this.#title.timeline.timescale;
  }

  #patienceOf(): number {
    const border = this.#border();
    return border + Math.max(this.#window, this.#reorderAt(border));
  }

  /** Ticks behind a border that are waited for: only the end is followed by nothing that brings what is missing. */
  #reorderAt(border: number): number {
    return border === this.#place.end ? REORDER * this.#title.timeline.timescale : 0;
  }

  #inTrack(time: number, { timescale }: Line): number {
    return inTrack(this.#title, ticks(Math.ceil(time)), timescale);
  }
}

interface LineContext {
  readonly place: Place;
  readonly counters: Counters;
  readonly context: WalkContext;
}

function lineOf(title: Title, rendition: Rendition, { place, counters, context }: LineContext): Line {
  if (rendition.kind === 'video') return new PictureLine(title, rendition.video, { place, counters });
  if (!isEncoded(rendition)) return new SoundLine(title, rendition.audio, { place, counters });
  const { transcripts, signal } = context;
  if (!transcripts) throw new MediaError('not-offered', 'Nothing here makes AAC');
  return new EncodedLine(title, rendition, { place, context: { transcripts, signal, counters } });
}

const idOf = (rendition: Rendition): number =>
  rendition.kind === 'video' ? rendition.video.track.id : rendition.audio.track.id;
