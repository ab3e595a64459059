import { LIMITS } from '../core/limits.ts';
import type { VideoTrack } from '../core/media.ts';
import type { CutPoint } from '../core/timeline.ts';
import { beginningOf } from './pictures.ts';
import { type ProbedPoint, probePoint } from './probe-point.ts';
import { keptIds, type Sampling } from './survey.ts';

/** The first three and then evenly spaced ones, the last among them. */
export function spread<T>(points: readonly T[]): T[] {
  if (points.length <= LIMITS.cutProbes) return [...points];
  const first = 3;
  const rest = LIMITS.cutProbes - first;
  const later = Array.from({ length: rest }, (_, i) =>
    Math.round(first + ((points.length - 1 - first) * (i + 1)) / rest),
  );
  return [0, 1, 2, ...later].flatMap((i) => points[i] ?? []);
}

export const probeCuts = (
  { demuxer, kept, signal }: Sampling,
  video: VideoTrack,
  points: readonly CutPoint[],
): Promise<ProbedPoint[]> =>
  Promise.all(points.map((point) => probePoint(demuxer, { video, point, tracks: keptIds(kept) }, signal)));

/** As long as no more of the probed entries than this are wrong, those that were not probed are believed. */
const TRUSTED_SHARE = 0.25;

interface Verification extends Sampling {
  readonly video: VideoTrack;
  readonly candidates: readonly CutPoint[];
  readonly probes: readonly ProbedPoint[];
}

interface Verdict {
  readonly points: readonly CutPoint[];
  readonly remarks: readonly string[];
}

/**
 * Trusts the index when every probed cut is an IDR at its time. Where one is not, the others are probed too, in at
 * most four round trips, and each is taken for what it is.
 */
export async function verifyCuts(verification: Verification): Promise<Verdict> {
  const { probes, candidates, video } = verification;
  const isContradicted = ({ kind, isMoved }: ProbedPoint) =>
    isMoved || (kind !== 'unknown' && kind !== 'missing' && !beginningOf(kind).isSync);
  const missing = probes.filter(({ kind }) => kind === 'missing').length;
  if (!probes.some(isContradicted) && missing <= probes.length / 2)
    return { points: corrected(candidates, probes), remarks: [] };
  const known = new Set(probes.map((probe) => probe.entry));
  const rest = candidates.filter((point) => !known.has(point));
  const room = Math.floor(LIMITS.openGopProbes / LIMITS.cutProbe);
  const chosen = rest.length <= room ? rest : rest.filter((_, i) => i % Math.ceil(rest.length / room) === 0);
  const all = [...probes];
  for (let round = 0; round < 4; round++) {
    const share = Math.ceil(chosen.length / 4);
    all.push(...(await probeCuts(verification, video, chosen.slice(round * share, (round + 1) * share))));
  }
  const isUsable = ({ kind }: ProbedPoint) => kind !== 'missing' && beginningOf(kind).canBegin;
  const usable = all.filter(isUsable).flatMap((probe) => probe.point ?? []);
  const unseen = all.filter(({ kind }) => kind === 'missing' || kind === 'unknown').map(({ entry }) => entry);
  const useless = all.length - usable.length - unseen.length;
  const open = usable.filter((point) => !point.isClosed).length;
  const unsafe = usable.filter((point) => !point.isSync).length;
  const moved = all.filter((probe) => probe.isMoved).length;
  const probed = new Set(chosen);
  const left = [...unseen, ...rest.filter((point) => !probed.has(point))];
  const isTrusted = useless + moved <= all.length * TRUSTED_SHARE && usable.length > 0;
  const kept = isTrusted
    ? left.map((point) => ({ ...point, isClosed: open === 0, isSync: unsafe === 0 }))
    : [];
  const remarks = [
    ...(open > 0 ? [`${open} of ${all.length} probed index entries begin an open GOP`] : []),
    ...(moved > 0
      ? [`${moved} of ${all.length} probed index entries are stamped otherwise than they say`]
      : []),
    ...(useless > 0
      ? [`${useless} of ${all.length} probed index entries are no place to begin decoding`]
      : []),
  ];
  return { points: [...usable, ...kept].sort((a, b) => a.time - b.time), remarks };
}

/** The candidates with what the probes found out about their place. */
function corrected(candidates: readonly CutPoint[], probes: readonly ProbedPoint[]): CutPoint[] {
  const found = new Map(probes.map(({ entry, point }) => [entry, point]));
  const isClosed = probes.every(({ point }) => point?.isClosed !== false);
  return candidates.map((point) => found.get(point) ?? { ...point, isClosed });
}
