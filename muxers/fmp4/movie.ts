import type { TimedPacket } from '../../src/core/contracts.ts';
import { fragment } from './fragment.ts';
import { movieBeginning } from './init.ts';
import { type AccessPoint, randomAccess } from './random-access.ts';
import type { MovieTrack } from './track-box.ts';

/** Fragments told in the table at the end: a week in segments of 6 s. */
const MAX_POINTS = 100_000;

/** One file of several tracks, written from its first byte to its last: knows where it is. */
export class MovieWriter {
  readonly #tracks: readonly MovieTrack[];
  readonly #duration: number | null;
  /** Of the first track. */
  readonly #points: AccessPoint[] = [];
  #position = 0;
  #sequence = 0;

  /**
   * @param tracks with track_IDs of their own
   * @param duration in the first track's ticks; null when unknown
   */
  constructor(tracks: readonly MovieTrack[], duration: number | null) {
    this.#tracks = tracks;
    this.#duration = duration;
  }

  beginning(): Uint8Array[] {
    return this.#written([movieBeginning(this.#tracks, this.#duration)]);
  }

  /** A movie fragment of one track; packets in decode order. */
  fragment(own: MovieTrack, packets: readonly TimedPacket[]): Uint8Array[] {
    const { track, options, origin = 0, delay = 0 } = own;
    const { trackId } = options;
    const [first] = packets;
    if (!first) return [];
    const isPoint = first.packet.isSync && trackId === this.#mainId && this.#points.length < MAX_POINTS;
    if (isPoint) this.#points.push({ time: first.packet.pts - origin + delay, position: this.#position });
    this.#sequence++;
    return this.#written(
      fragment(
        { kind: track.kind, trackId, sequence: this.#sequence, isFirst: false, origin, delay },
        packets,
      ),
    );
  }

  /** What makes a stored file seekable. */
  end(): Uint8Array[] {
    return this.#written([randomAccess(this.#mainId, this.#points)]);
  }

  get #mainId(): number {
    return this.#tracks[0]?.options.trackId ?? 0;
  }

  #written(parts: Uint8Array[]): Uint8Array[] {
    for (const part of parts) this.#position += part.length;
    return parts;
  }
}
