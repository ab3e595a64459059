import { concat } from '../core/bytes.ts';
import { MAX_VALUE, type SharedStore } from './store.ts';

/** Buffers of one chunk of a segment. */
type Chunk = readonly Uint8Array[];

/** What a segment's bytes are a function of. */
export interface NamedSegment {
  /** Upstream, its headers and the selection of tracks, as text. */
  readonly title: string;
  readonly version: string;
  readonly rendition: string;
  readonly n: number;
  /** Its sound was encoded for it: making it again costs something. */
  readonly isEncoded: boolean;
}

/** Finished segments that several machines share; as the routes want them. */
export interface SegmentShelf {
  /** Those of the stored segment; else those of `make`, stored once the last one was taken. */
  chunks(segment: NamedSegment, make: () => AsyncGenerator<Chunk>): AsyncGenerator<Chunk>;
}

export interface SegmentShelfOptions {
  /** Copied segments are stored, too: where the upstream is slower or dearer than the cache. */
  readonly keepsCopies: boolean;
}

/** Segments that are being gathered, in all: what they are made of stays in memory until they are stored. */
const MAX_GATHERED = 64 * 1024 * 1024;

export function createSegmentShelf(store: SharedStore, { keepsCopies }: SegmentShelfOptions): SegmentShelf {
  const gathered = { bytes: 0 };
  return {
    async *chunks(segment, make) {
      if (!segment.isEncoded && !keepsCopies) return yield* make();
      const { title, version, rendition, n } = segment;
      const name = JSON.stringify(['segment', title, version, rendition, n]);
      const stored = await store.get(name);
      if (stored) return yield [stored];
      yield* gather(make(), gathered, (whole) => store.put(name, whole));
    },
  };
}

/** Passes chunks on, and tells the whole where it is not too large. */
async function* gather(
  chunks: AsyncGenerator<Chunk>,
  gathered: { bytes: number },
  onWhole: (whole: Uint8Array) => void,
): AsyncGenerator<Chunk> {
  let parts: Uint8Array[] | null = [];
  let size = 0;
  const letGo = () => {
    gathered.bytes -= size;
    size = 0;
    parts = null;
  };
  try {
    for await (const chunk of chunks) {
      const length = chunk.reduce((sum, part) => sum + part.length, 0);
      if (size + length > MAX_VALUE || gathered.bytes + length > MAX_GATHERED) letGo();
      if (parts) {
        parts.push(...chunk);
        size += length;
        gathered.bytes += length;
      }
      yield chunk;
    }
    if (parts) onWhole(concat(parts));
  } finally {
    letGo();
  }
}
