import type { Demuxer, SampleBatch } from '../core/contracts.ts';
import { LIMITS } from '../core/limits.ts';
import { NANOSECONDS_PER_SECOND } from '../core/time.ts';
import type { Survey } from './survey.ts';

const LONGEST = LIMITS.durationSeconds * NANOSECONDS_PER_SECOND;

/** Times that a title's packets may have. */
export interface Bounds {
  readonly from: number;
  readonly to: number;
}

/** Null where all stamps lie within what a title may last; else the stretch around the one in the middle. */
export function saneBounds({ tracks }: Survey): Bounds | null {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { stamps } of tracks.values())
    for (let i = 0; i < stamps.length; i++) {
      least = Math.min(least, stamps[i] ?? least);
      most = Math.max(most, stamps[i] ?? most);
    }
  if (most - least <= LONGEST || most < least) return null;
  const stamps = [...tracks.values()].flatMap(({ stamps }) => Array.from(stamps)).sort((a, b) => a - b);
  const middle = stamps[stamps.length >> 1] ?? 0;
  return { from: middle - LONGEST / 2, to: middle + LONGEST / 2 };
}

/** The same packets without those stamped outside the bounds: damaged clusters. Their bytes count as skipped. */
export function withinBounds(demuxer: Demuxer, { from, to }: Bounds): Demuxer {
  const isSane = ({ time }: { readonly time: number }) => time >= from && time <= to;
  const bounded = (batch: SampleBatch): SampleBatch => {
    const samples = batch.samples.filter(isSane);
    const wild = batch.samples.filter((sample) => !isSane(sample));
    const skipped = wild.reduce((sum, { data }) => sum + data.length, batch.skipped);
    return { samples, next: batch.next && isSane(batch.next) ? batch.next : null, skipped };
  };
  return {
    ...demuxer,
    seekPoints: (trackId) => demuxer.seekPoints(trackId),
    resync: (bytes, at) => demuxer.resync(bytes, at),
    async *samples(query, signal) {
      for await (const batch of demuxer.samples(query, signal)) yield bounded(batch);
    },
  };
}
