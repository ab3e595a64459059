import { ByteQueue } from '../../core/bytes.ts';
import type { Demuxer, Sample, SampleQuery, Source } from '../../core/contracts.ts';
import type { ForeignFacts, ForeignReader } from '../../core/foreign.ts';
import type { AudioTrack } from '../../core/media.ts';
import { NANOSECONDS_PER_SECOND, type Nanoseconds, nanoseconds } from '../../core/time.ts';

/** Samples of sound in one packet. */
export const BLOCK = 1024;
const BYTES_PER_SAMPLE = 4;

/** Positions in a file that nobody here can read are milliseconds of its title. */
const POSITIONS_PER_SECOND = 1000;

/** The place of a time in such a file. */
export const positionAt = (time: number): number =>
  Math.max(0, Math.floor((time / NANOSECONDS_PER_SECOND) * POSITIONS_PER_SECOND));

export interface ForeignFile {
  readonly source: Source;
  readonly facts: ForeignFacts;
  readonly reader: ForeignReader;
}

/** The sound of a file as decoded by another program, from any time on. Its pictures are not packets. */
export function foreignDemuxer({ source, facts, reader }: ForeignFile): Demuxer {
  return {
    container: facts.container,
    tracks: facts.tracks,
    duration: nanoseconds(Math.round(facts.duration * NANOSECONDS_PER_SECOND)),
    precision: nanoseconds(1),
    statistics: new Map(),
    payload: { start: 0, end: Math.ceil(facts.duration * POSITIONS_PER_SECOND) + POSITIONS_PER_SECOND },
    seekPoints: () => null,
    async *samples(query, signal) {
      for (const track of soundOf(facts, query)) {
        const blocks = new Blocks(track, query);
        const { from } = blocks;
        for await (const chunk of reader.sound(source, { facts, track, from }, signal)) {
          const samples = blocks.push(chunk);
          if (samples.length > 0) yield { samples, next: null, skipped: 0 };
          if (blocks.hasEnded) break;
        }
      }
    },
    resync: () => null,
  };
}

const soundOf = ({ tracks }: ForeignFacts, { tracks: wanted, timesOf }: SampleQuery): AudioTrack[] =>
  tracks.filter(
    (track): track is AudioTrack => track.kind === 'audio' && wanted.has(track.id) && !timesOf?.has(track.id),
  );

/** Cuts samples into packets that begin at multiples of their length, from wherever they are read. */
class Blocks {
  readonly #track: AudioTrack;
  readonly #end: number;
  readonly #size: number;
  readonly #queue = new ByteQueue(0);
  #next: number;
  /** Number of the first sample. */
  readonly from: number;

  constructor(track: AudioTrack, { start, end }: SampleQuery) {
    this.#track = track;
    this.#end = end;
    this.#size = BLOCK * track.channels * BYTES_PER_SAMPLE;
    this.from = Math.floor(((start / POSITIONS_PER_SECOND) * track.sampleRate) / BLOCK) * BLOCK;
    this.#next = this.from;
  }

  get hasEnded(): boolean {
    return positionAt(this.#time) >= this.#end;
  }

  push(chunk: Uint8Array): Sample[] {
    this.#queue.push(chunk);
    const samples: Sample[] = [];
    while (this.#queue.length >= this.#size && !this.hasEnded) {
      samples.push(this.#sample(this.#queue.peek(this.#size)));
      this.#queue.skip(this.#size);
      this.#next += BLOCK;
    }
    return samples;
  }

  get #time(): Nanoseconds {
    return nanoseconds(Math.round((this.#next / this.#track.sampleRate) * NANOSECONDS_PER_SECOND));
  }

  #sample(data: Uint8Array): Sample {
    const time = this.#time;
    const position = positionAt(time);
    const duration = nanoseconds(Math.round((BLOCK / this.#track.sampleRate) * NANOSECONDS_PER_SECOND));
    return { trackId: this.#track.id, time, duration, isKey: true, position, entry: position, data };
  }
}
