import type { TimedPacket } from '../../src/core/contracts.ts';
import { rescale } from '../../src/core/time.ts';
import { fourcc, serialize, u32, u64, zeros } from '../fmp4/box.ts';
import { fileType, type MovieContents, movieBox } from '../fmp4/init.ts';
import type { Edit, MovieTrack, TrackContents } from '../fmp4/track-box.ts';
import { SampleTables } from './sample-tables.ts';

/** Bytes that are to stand at a place of the file. */
export interface Patch {
  readonly position: number;
  readonly bytes: Uint8Array;
}

/** What is left to do when all samples are written. */
export interface Ending {
  readonly patches: readonly Patch[];
  /** The movie box is in front of the media: there was room for it. */
  readonly isFront: boolean;
}

/** Media Data with a size of 64 bits: ISO/IEC 14496-12, 4.2. */
const MEDIA_HEADER = 16;
/** A box that only takes up room: its head. */
const FREE_HEADER = 8;

/**
 * An MP4 file of several tracks without fragments, written once from its first byte to its last, into room that was
 * left for the movie box in front of the media; what that leaves over is a `free` box.
 */
export class ProgressiveWriter {
  readonly #tracks: ReadonlyMap<MovieTrack, SampleTables>;
  readonly #room: number;
  readonly #mediaStart: number;
  #position: number;

  /** @param room bytes kept for the movie box */
  constructor(tracks: readonly MovieTrack[], room: number) {
    this.#tracks = new Map(tracks.map((track) => [track, new SampleTables()]));
    this.#room = Math.max(FREE_HEADER, room);
    this.#mediaStart = fileType.length + this.#room;
    this.#position = this.#mediaStart + MEDIA_HEADER;
  }

  beginning(): Uint8Array[] {
    return [fileType, freeHeader(this.#room), zeros(this.#room - FREE_HEADER), mediaHeader(MEDIA_HEADER)];
  }

  /** Samples of one track in decode order: one chunk. */
  samples(track: MovieTrack, packets: readonly TimedPacket[]): Uint8Array[] {
    if (packets.length === 0) return [];
    this.#tracks.get(track)?.add(packets, this.#position, track.delay ?? 0);
    for (const { packet } of packets) this.#position += packet.data.length;
    return packets.map(({ packet }) => packet.data);
  }

  /** The movie box behind the media where there was too little room. */
  end(): Ending {
    const moov = movieBox([...this.#tracks.keys()], this.#contents());
    const size = { position: this.#mediaStart, bytes: mediaHeader(this.#position - this.#mediaStart) };
    const left = this.#room - moov.length;
    const isFront = left === 0 || left >= FREE_HEADER;
    if (!isFront) return { isFront, patches: [size, { position: this.#position, bytes: moov }] };
    const front = fileType.length;
    const rest = left > 0 ? [{ position: front + moov.length, bytes: freeHeader(left) }] : [];
    return { isFront, patches: [size, { position: front, bytes: moov }, ...rest] };
  }

  #contents(): MovieContents {
    const [main] = this.#tracks.keys();
    const timescale = main?.options.timescale ?? 1;
    const tracks = [...this.#tracks].map(([track, tables]) => contentsOf(track, tables, timescale));
    return { duration: Math.max(0, ...tracks.map(({ shown }) => shown)), tracks };
  }
}

/** @param timescale of the movie */
function contentsOf(
  { options, origin = 0, hidden = 0, delay = 0 }: MovieTrack,
  tables: SampleTables,
  timescale: number,
): TrackContents & { readonly shown: number } {
  const inMovie = (ticks: number) => rescale(ticks, options.timescale, timescale);
  // Behind the beginning of what is shown; negative for what lies before it.
  const late = tables.first - origin - hidden;
  const pause = Math.max(0, inMovie(late));
  // A track that ends before what is shown has nothing of it; an edit of no length would be one without an end.
  const duration = Math.max(1, inMovie(tables.duration + Math.min(0, late)));
  const edits: Edit[] = [
    ...(pause > 0 ? [{ duration: pause, mediaTime: null }] : []),
    { duration, mediaTime: Math.max(0, -late) + delay },
  ];
  const isPlain = tables.duration === 0 || (edits.length === 1 && edits[0]?.mediaTime === 0);
  return {
    duration: tables.duration,
    edits: isPlain ? [] : edits,
    tables: tables.boxes(),
    shown: tables.duration === 0 ? 0 : pause + duration,
  };
}

const freeHeader = (size: number): Uint8Array => serialize(u32(size), fourcc('free'));

const mediaHeader = (size: number): Uint8Array =>
  serialize(u32(1), Uint8Array.of(0x6d, 0x64, 0x61, 0x74), u64(size));

/** What the tables of a track are made of. */
export interface Estimate {
  readonly kind: 'video' | 'audio';
  readonly samples: number;
  readonly chunks: number;
}

/** Bytes of a track beside its tables: descriptions with parameter sets. */
const TRACK_BYTES = 8192;
/** Of each sample: its size, and for pictures its composition offset and, now and then, a duration of its own. */
const SAMPLE_BYTES = { video: 4 + 8 + 4, audio: 4 + 1 } as const;
/** Of each chunk: its place, and how many samples it has. */
const CHUNK_BYTES = 8 + 12;

/** A day of 25 pictures a second with sound; what says that it needs more is long, or damaged. */
const MOST_ROOM = 64 * 1024 * 1024;

/** Room that a movie box will hardly need more of, or as much as is worth writing for nothing. */
export const roomFor = (tracks: readonly Estimate[]): number =>
  Math.min(
    MOST_ROOM,
    Math.ceil(
      tracks.reduce(
        (sum, { kind, samples, chunks }) =>
          sum + TRACK_BYTES + samples * SAMPLE_BYTES[kind] + chunks * CHUNK_BYTES,
        TRACK_BYTES,
      ) * 1.05,
    ),
  );
