import { ByteQueue } from '../../src/core/bytes.ts';
import type {
  ByteRange,
  Demuxer,
  Sample,
  SampleBatch,
  SampleQuery,
  SeekPoint,
  Source,
} from '../../src/core/contracts.ts';
import { arrivals } from '../audio-file/arrivals.ts';
import { piecesPerPoint, seekPoint } from '../audio-file/seek-points.ts';
import { PRECISION, soundTrack, TRACK_ID, timeOfSamples } from '../audio-file/sound-track.ts';
import { containerInfo, type Told } from '../audio-file/told.ts';
import type { PcmSound } from './wave-format.ts';

/** Samples that are given at a time: 93 ms of a CD. They begin at multiples of it, wherever reading begins. */
const PIECE = 4096;
/** What the decoder has names for. */
const MAX_CHANNELS = 8;

export interface OpenedPcm {
  readonly source: Source;
  readonly sound: PcmSound;
  /** Of the samples, whole ones only. */
  readonly payload: ByteRange;
}

interface Described {
  readonly container: string;
  readonly told: readonly Told[];
  /** Whether the end is where the payload says: where it is not known, nothing can be told of it. */
  readonly hasEnd: boolean;
}

/** A file of samples: what lies where is arithmetic. */
export function pcmDemuxer(opened: OpenedPcm, { container, told, hasEnd }: Described): Demuxer {
  const { sound, payload } = opened;
  const { sampleRate, channels, format, sampleBytes } = sound;
  const bytes = payload.end - payload.start;
  const points = hasEnd ? pointsOf(opened) : null;
  const duration = hasEnd ? timeOfSamples(bytes / sampleBytes, sampleRate) : null;
  const bitrate = sampleBytes * 8 * sampleRate;
  const track = soundTrack({
    config: { codec: 'pcm', record: new Uint8Array(0), format, channels },
    sampleRate,
    channels,
    frameSize: null,
    sourceCodec: nameOf(sound),
    unreadable: channels > MAX_CHANNELS ? `PCM with ${channels} channels` : null,
  });
  return {
    container,
    tracks: [track],
    duration,
    precision: PRECISION,
    statistics: new Map([[TRACK_ID, { bytes: hasEnd ? bytes : null, bitrate, frames: null, duration }]]),
    info: containerInfo(told),
    payload,
    seekPoints: (trackId) => (trackId === TRACK_ID ? points : null),
    samples: (query, signal) => readPcm(opened, query, signal),
    resync: (chunk, from) => (from < chunk.length ? from : null),
  };
}

/** As FFmpeg names it. */
function nameOf({ format: { encoding, bits, isBigEndian } }: PcmSound): string {
  if (encoding === 'alaw' || encoding === 'mulaw') return `pcm_${encoding}`;
  const order = bits === 8 ? '' : isBigEndian ? 'be' : 'le';
  return `pcm_${encoding.charAt(0)}${bits}${order}`;
}

function pointsOf({ sound: { sampleBytes, sampleRate }, payload }: OpenedPcm): SeekPoint[] {
  const pieceBytes = PIECE * sampleBytes;
  const pieces = Math.ceil((payload.end - payload.start) / pieceBytes);
  const step = piecesPerPoint(pieces, sampleRate / PIECE);
  return Array.from({ length: Math.ceil(pieces / step) }, (_, i) =>
    seekPoint(timeOfSamples(i * step * PIECE, sampleRate), payload.start + i * step * pieceBytes),
  );
}

async function* readPcm(
  opened: OpenedPcm,
  query: SampleQuery,
  signal: AbortSignal,
): AsyncGenerator<SampleBatch> {
  if (!query.tracks.has(TRACK_ID)) return;
  const { payload, source, sound } = opened;
  const pieceBytes = PIECE * sound.sampleBytes;
  const first = Math.max(0, Math.ceil((query.start - payload.start) / pieceBytes));
  const start = payload.start + first * pieceBytes;
  const stop = Math.min(query.end, payload.end);
  const last = Math.ceil((stop - payload.start) / pieceBytes);
  const end = query.isCompleting ? Math.min(payload.end, payload.start + last * pieceBytes) : stop;
  const pieces = new Pieces(opened, start);
  let reached = start;
  for await (const chunk of arrivals(source, { start, soft: Math.min(query.soft, end), end }, signal)) {
    reached += chunk.length;
    yield { samples: pieces.push(chunk), next: null, skipped: 0 };
  }
  if (end === payload.end || reached < end) yield { samples: pieces.flush(), next: null, skipped: 0 };
}

/** Cuts arriving bytes into pieces. */
class Pieces {
  readonly #opened: OpenedPcm;
  readonly #queue: ByteQueue;

  constructor(opened: OpenedPcm, start: number) {
    this.#opened = opened;
    this.#queue = new ByteQueue(start);
  }

  push(chunk: Uint8Array): Sample[] {
    const size = PIECE * this.#opened.sound.sampleBytes;
    const samples: Sample[] = [];
    this.#queue.push(chunk);
    while (this.#queue.length >= size) samples.push(this.#take(size));
    return samples;
  }

  /** What is left at the end of the file. */
  flush(): Sample[] {
    const { sampleBytes } = this.#opened.sound;
    const size = this.#queue.length - (this.#queue.length % sampleBytes);
    return size > 0 ? [this.#take(size)] : [];
  }

  #take(size: number): Sample {
    const { payload, sound } = this.#opened;
    const { sampleBytes, sampleRate } = sound;
    const { position } = this.#queue;
    const data = this.#queue.peek(size);
    this.#queue.skip(size);
    return {
      trackId: TRACK_ID,
      time: timeOfSamples((position - payload.start) / sampleBytes, sampleRate),
      duration: timeOfSamples(size / sampleBytes, sampleRate),
      isKey: true,
      position,
      entry: position,
      data,
    };
  }
}
