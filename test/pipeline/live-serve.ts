import { concat } from '../../src/core/bytes.ts';
import type { Sequence } from '../../src/core/contracts.ts';
import { type LiveSegment, liveSegments } from '../../src/pipeline/live/live-segment.ts';
import { openPass } from '../../src/pipeline/live/pass.ts';
import type { Rendition } from '../../src/pipeline/renditions.ts';
import type { Title } from '../../src/pipeline/title.ts';
import { NEVER } from './serve.ts';

export const OPTIONS = { video: null, audio: null, recovery: 'shown' } as const;

/** A sequence that counts what is pulled of it and knows how often it runs. */
export interface CountedSequence extends Sequence {
  readonly state: { opened: number; running: number; pulled: number };
}

/** @param chunks what each opening gives; it may end by throwing */
export function counted(chunks: () => Iterable<Uint8Array> | AsyncIterable<Uint8Array>): CountedSequence {
  const state = { opened: 0, running: 0, pulled: 0 };
  return {
    state,
    size: 1,
    async *open(signal) {
      state.opened++;
      state.running++;
      try {
        for await (const chunk of chunks()) {
          signal.throwIfAborted();
          state.pulled += chunk.length;
          yield chunk;
        }
      } finally {
        state.running--;
      }
    },
  };
}

export function* inChunks(file: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < file.length; at += size) yield file.slice(at, at + size);
}

/** With the bytes of each rendition in one piece. */
export interface ReadSegment extends Omit<LiveSegment, 'bytes'> {
  readonly bytes: ReadonlyMap<string, Uint8Array>;
}

/** Everything a file gives when it is read in order. */
export interface ReadLive {
  readonly title: Title;
  readonly renditions: readonly Rendition[];
  readonly segments: readonly ReadSegment[];
  /** Why it ended early. */
  readonly error: unknown;
}

export async function readLive(sequence: Sequence, signal: AbortSignal = NEVER): Promise<ReadLive> {
  const { title, renditions, segments: coming } = await openPass(sequence, OPTIONS, signal);
  const segments: ReadSegment[] = [];
  let error: unknown = null;
  try {
    for await (const segment of liveSegments(coming))
      segments.push({
        ...segment,
        bytes: new Map([...segment.bytes].map(([name, parts]) => [name, concat(parts)])),
      });
  } catch (failure) {
    error = failure;
  }
  return { title, renditions, segments, error };
}

export const readFile = (file: Uint8Array, size = 50_000): Promise<ReadLive> =>
  readLive(counted(() => inChunks(file, size)));

/** All bytes of a rendition. */
export const bytesOfRendition = ({ segments }: ReadLive, name: string): Uint8Array[] =>
  segments.map(({ bytes }) => bytes.get(name) ?? concat([]));
