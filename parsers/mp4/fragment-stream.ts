import { ByteQueue } from '../../src/core/bytes.ts';
import { corrupt, MediaError } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import type { Track } from '../../src/core/media.ts';
import { MAX_BOX_HEAD, readBoxHead } from './box.ts';
import { parseMovieFragment } from './fragment.ts';
import { type Movie, parseMovie } from './movie.ts';
import { compositionTime, isSync } from './sample-table.ts';
import { tracksOf } from './tracks.ts';

/** A sample in its place in decode order. */
export interface StreamedSample {
  readonly trackId: number;
  /** Presentation time in the media's timescale, as the fragment has it: no edit list is applied. */
  readonly time: number;
  readonly isKey: boolean;
  /** A view. */
  readonly data: Uint8Array;
}

/** Fragmented MP4 as a program writes it to a pipe: read from its first byte on, each fragment when it is whole. */
export class FragmentStream {
  readonly #queue = new ByteQueue(0);
  #movie: Movie | null = null;
  #tracks: readonly Track[] = [];
  /** Told by the last fragment, and where they lie. */
  #waiting: (Omit<StreamedSample, 'data'> & { readonly offset: number; readonly size: number })[] = [];

  /** As the movie box tells them; none before it was met. */
  get tracks(): readonly Track[] {
    return this.#tracks;
  }

  /**
   * What these bytes complete.
   * @throws MediaError `corrupt`, `truncated` for what is no such stream; `limit`
   */
  push(chunk: Uint8Array): StreamedSample[] {
    this.#queue.push(chunk);
    const samples: StreamedSample[] = [];
    while (this.#box(samples));
    return samples;
  }

  #box(samples: StreamedSample[]): boolean {
    const { position } = this.#queue;
    const head = readBoxHead(this.#queue.peek(MAX_BOX_HEAD), 0, position);
    if (!head) return false;
    const size = head.end - head.start;
    if (size > LIMITS.metadata && head.type !== 'mdat')
      throw new MediaError('limit', `A box of ${size} bytes`, { offset: position });
    if (size > MAX_MEDIA) throw new MediaError('limit', `Media of ${size} bytes`, { offset: position });
    if (this.#queue.length < size) return false;
    const whole = this.#queue.peek(size);
    const bytes = whole.subarray(head.content - position);
    if (head.type === 'moov') {
      this.#movie = parseMovie(bytes, head.content);
      this.#tracks = tracksOf(this.#movie);
    } else if (head.type === 'moof') this.#fragment({ ...head, bytes });
    else if (head.type === 'mdat') samples.push(...this.#media(whole, position));
    this.#queue.skip(size);
    return true;
  }

  #fragment(moof: Parameters<typeof parseMovieFragment>[0]): void {
    if (!this.#movie) throw corrupt('A fragment without a movie box before it', moof.start);
    const context = { defaults: this.#movie.extends, times: new Map<number, number>(), fileEnd: null };
    const { tracks } = parseMovieFragment(moof, context);
    this.#waiting = tracks.flatMap(({ trackId, samples: table }) =>
      Array.from({ length: table.count }, (_, i) => ({
        trackId,
        time: compositionTime(table, i),
        isKey: isSync(table, i),
        offset: table.offsets[i] ?? 0,
        size: table.sizes[i] ?? 0,
      })),
    );
  }

  #media(box: Uint8Array, position: number): StreamedSample[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting.map(({ trackId, time, isKey, offset, size }) => {
      const start = offset - position;
      if (start < 0 || start + size > box.length)
        throw corrupt('A fragment whose samples are not in its media', offset);
      return { trackId, time, isKey, data: box.subarray(start, start + size) };
    });
  }
}

/** More than a fragment has that is written picture by picture: 64 MB. */
const MAX_MEDIA = 64 * 1024 * 1024;
