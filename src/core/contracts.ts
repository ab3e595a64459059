import type { Packet, Track } from './media.ts';
import type { Nanoseconds } from './time.ts';

/** Half-open: the byte at `end` is not part of it. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Random access to bytes somewhere else. Cache, retry and limit are Source ⇒ Source. */
export interface Source {
  /** Total number of bytes; null before the first read and where the upstream does not say. */
  readonly size: number | null;
  /**
   * The bytes of `range` in order, as they arrive. A chunk is a view: two chunks that follow each other in
   * memory may be joined without a copy. Ends early only at the end of the resource; a range that begins there
   * or later yields nothing.
   * @throws MediaError `upstream…`, `changed`, `forbidden-address`, `rate`, `not-found`; the abort reason when aborted.
   */
  read(range: ByteRange, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /**
   * Positions of chunks that do not continue what came before: a broadcast that was cut and went on later. Ascending,
   * and known when the chunk is given; absent where there are none.
   */
  readonly seams?: readonly number[];
  /** What one reader waits for no other one may wait for, since it may end with the first; absent where all may. */
  readonly isReadAlone?: true;
}

/** Bytes that can only be read from the first one on, each once, by one reader. */
export interface Sequence {
  /** Bytes of the whole; null where the upstream does not say: it may be live. */
  readonly size: number | null;
  /**
   * One transfer of the whole resource; chunks as they arrive, no faster than they are taken.
   * @throws MediaError of the upstream; the abort reason when aborted
   */
  open(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** A place where decoding may begin, as an index or a scan tells it. */
export interface SeekPoint {
  /** Presentation time of the picture on the container's clock. */
  readonly time: Nanoseconds;
  /** Where reading must begin to be able to parse the picture: a cluster, a packet. */
  readonly position: number;
  /** Where the picture itself lies (its block); null when the index does not tell. */
  readonly blockPosition: number | null;
}

/** What a parser read of one packet before it is made a `Packet`: all that a container knows about it. */
export interface Sample {
  readonly trackId: number;
  /** Presentation time on the container's clock, codec delay subtracted. */
  readonly time: Nanoseconds;
  /** Null when neither packet nor track tells. */
  readonly duration: Nanoseconds | null;
  /** The container's own claim; the bitstream decides. */
  readonly isKey: boolean;
  /** What of its decoded sound is not to be played: positive, cut from the end; negative, from the start. */
  readonly discard?: Nanoseconds;
  /** Byte offset of the structure that held it; several samples of one lace share it. */
  readonly position: number;
  /** Where reading must begin to be able to parse it: see `SeekPoint.position`. */
  readonly entry: number;
  /** As MP4 stores it: length-prefixed NAL units, raw AAC frames. */
  readonly data: Uint8Array;
}

/** A sample whose header is known while its payload has not arrived. */
export interface SampleHead {
  readonly trackId: number;
  readonly time: Nanoseconds;
  /** Null where the container tells it only after the payload. */
  readonly isKey: boolean | null;
  readonly position: number;
  readonly entry: number;
  /** As much of the payload as has arrived; empty where it takes the whole to bring it into MP4's form. */
  readonly prefix: Uint8Array;
}

/** What one stretch of arrived bytes held: complete samples, then the head of the one cut off. */
export interface SampleBatch {
  readonly samples: readonly Sample[];
  readonly next: SampleHead | null;
  /** Bytes passed over because they made no sense. */
  readonly skipped: number;
}

export interface SampleQuery {
  /** A `SeekPoint.position`. */
  readonly start: number;
  /** Asked for in one request; from here on in small steps for as long as the consumer goes on. */
  readonly soft: number;
  readonly end: number;
  /** Samples that begin before `end` are wanted though they reach beyond it, where containers let others lie between. */
  readonly isCompleting?: boolean;
  /** Only these tracks; the payload of others is passed over. */
  readonly tracks: ReadonlySet<number>;
  /** Those of them of which only times are wanted: their samples may come without data, or be fewer. */
  readonly timesOf?: ReadonlySet<number>;
  /**
   * From this position on long payloads of other tracks are jumped over by a new request rather than read: for a
   * look, not for playing. Nowhere when absent.
   */
  readonly hopsFrom?: number;
}

export interface TrackStatistics {
  /** Payload bytes of the whole track. */
  readonly bytes: number | null;
  /** Bits a second. */
  readonly bitrate: number | null;
  readonly frames: number | null;
  /** End of the track's last packet on the container's clock, or the span of its packets where that is all that is known. */
  readonly duration: Nanoseconds | null;
}

export interface Chapter {
  /** Zero-based edition that lists it: alternative sets of chapters. */
  readonly edition: number;
  readonly title: string | null;
  /** BCP 47 language of the title. */
  readonly language: string;
  /** Milliseconds on the container's clock. */
  readonly start: number;
  readonly end: number | null;
}

export interface Attachment {
  readonly name: string;
  /** MIME type as the file says it. */
  readonly type: string;
  readonly bytes: number;
}

/** An attached file that can be read. */
export interface AttachedFile {
  readonly name: string;
  /** MIME type as the file says it. */
  readonly type: string;
  readonly range: ByteRange;
}

/** What a file says of itself beside its tracks. Lists are bounded, and of what was read anyway. */
export interface ContainerInfo {
  readonly title: string | null;
  readonly muxingApp: string | null;
  readonly writingApp: string | null;
  readonly chapters: readonly Chapter[];
  readonly attachments: readonly Attachment[];
  /** False when there may be more attachments than those whose heads were read. */
  readonly hasAllAttachments: boolean;
  /** Tags of the whole title, not of single tracks. */
  readonly tags: readonly { readonly name: string; readonly value: string }[];
}

/** What tables tell of every packet of a track, in decode order. */
export interface TrackTable {
  readonly count: number;
  /** Presentation times on the container's clock: nanoseconds. */
  readonly times: Float64Array;
  /** As `Sample.position`, ascending; also where reading can begin. */
  readonly positions: Float64Array;
  /** Bytes as stored. */
  readonly sizes: Uint32Array;
  duration(i: number): Nanoseconds;
  /** Those that the container claims to be key pictures, ascending; null where all are. */
  readonly keys: Uint32Array | null;
}

/** Every text of a subtitle track, where an index tells them: when they are shown, and how each is read alone. */
export interface TextIndex {
  /** When each is shown first and no longer, on the container's clock: nanoseconds. */
  readonly times: Float64Array;
  readonly ends: Float64Array;
  /**
   * Those texts, near ones in one request; what cannot be read is left out. Times are those of the index.
   * @throws MediaError of the source
   */
  read(wanted: readonly number[], signal: AbortSignal): Promise<readonly Sample[]>;
}

/** As `packCues` writes them, or as the container has them. */
export type TextForm = 'shown' | 'stored';

/** A container opened for reading: what it says of itself, and its packets from any seek point on. */
export interface Demuxer {
  readonly container: string;
  readonly tracks: readonly Track[];
  /** As the container declares it. */
  readonly duration: Nanoseconds | null;
  /** Rounding of the container's stamps: 1 ms in most Matroska files. */
  readonly precision: Nanoseconds;
  readonly statistics: ReadonlyMap<number, TrackStatistics>;
  /** Absent where the container has nothing of the kind. */
  readonly info?: ContainerInfo;
  /** Bytes that hold packets: from the first cluster to the end of the last. */
  readonly payload: ByteRange;
  /** Seek points of the track in file order, or null when the file has no usable index for it. */
  seekPoints(trackId: number): readonly SeekPoint[] | null;
  /**
   * Samples from `query.start` on in file order, one batch per arrival of bytes. What the end of the arrived
   * bytes cuts is told as `next` and comes whole in a later batch.
   */
  samples(query: SampleQuery, signal: AbortSignal): AsyncIterable<SampleBatch>;
  /** Every packet of a track, where the container has tables of them: nothing needs to be looked for then. */
  table?(trackId: number): TrackTable | null;
  /** Every text of a track, where the container has an index of them: nothing needs to be read but what is shown. */
  texts?(trackId: number, form?: TextForm): TextIndex | null;
  /** Attached files whose places are known; absent where the container has none. */
  readonly files?: readonly AttachedFile[];
  /** It can be read on behind `Source.seams`. */
  readonly crossesSeams?: true;
  /** Position of the first structure at or after `from` where parsing can begin, found by content; null if none. */
  resync(bytes: Uint8Array, from: number): number | null;
}

/** Stateless, so that any segment can be made alone and in any order. */
export interface Muxer {
  init(): Uint8Array;
  /**
   * One movie fragment: a header, then views of the packets' bytes, never joined. Packets in decode order.
   * The first of a segment says that a segment begins.
   */
  fragment(
    sequence: number,
    samples: readonly TimedPacket[],
    options: { readonly isFirst: boolean },
  ): Uint8Array[];
}

/** A packet with its derived decode time in the track's timescale. */
export interface TimedPacket {
  readonly packet: Packet;
  readonly dts: number;
  readonly duration: number;
}
