import { concat } from '../../core/bytes.ts';
import type { TimedPacket } from '../../core/contracts.ts';
import type { Ticks } from '../../core/time.ts';
import { Chunker } from '../chunks.ts';
import type { Rendition } from '../renditions.ts';
import type { CutSegment } from './segmenter.ts';

/** The bytes of a segment of every rendition. */
export interface LiveSegment {
  readonly n: number;
  /** As of `CutSegment`. */
  readonly start: Ticks;
  readonly end: Ticks;
  /** By rendition, each as a list that is never joined. */
  readonly bytes: ReadonlyMap<string, readonly Uint8Array[]>;
  /** From the first sample of each audio rendition to the end of the last, in samples. */
  readonly sounds: ReadonlyMap<string, { readonly start: number; readonly end: number }>;
  readonly size: number;
}

/** The bytes of segments as they come. */
export async function* liveSegments(cut: AsyncIterable<CutSegment>): AsyncGenerator<LiveSegment> {
  for await (const segment of cut) yield liveSegment(segment);
}

function liveSegment({ n, start, end, packets }: CutSegment): LiveSegment {
  const bytes = new Map<string, readonly Uint8Array[]>();
  const sounds = new Map<string, { readonly start: number; readonly end: number }>();
  for (const [rendition, own] of packets) {
    const [first, last] = [own[0], own.at(-1)];
    if (rendition.kind === 'audio' && first && last)
      sounds.set(rendition.name, { start: first.dts, end: last.dts + last.duration });
    bytes.set(rendition.name, bytesOf(rendition, n, own));
  }
  const size = [...bytes.values()].flat().reduce((sum, part) => sum + part.length, 0);
  return { n, start, end, bytes, sounds, size };
}

function bytesOf(rendition: Rendition, n: number, packets: readonly TimedPacket[]): Uint8Array[] {
  const chunker = new Chunker(rendition, n);
  const parts = packets.flatMap((packet) => chunker.push(packet) ?? []);
  return detached([...parts, ...(chunker.flush() ?? [])]);
}

/**
 * Views into larger blocks are copied, those beside each other into one: they would keep every fetched block alive, with
 * the tracks that nobody asked for.
 */
function detached(parts: readonly Uint8Array[]): Uint8Array[] {
  const done: Uint8Array[] = [];
  let views: Uint8Array[] = [];
  const copy = () => {
    if (views.length > 0) done.push(concat(views));
    views = [];
  };
  for (const part of parts) {
    if (part.buffer.byteLength > 2 * part.length) views.push(part);
    else {
      copy();
      done.push(part);
    }
  }
  copy();
  return done;
}
