import type { Demuxer, Sample, SampleHead } from '../core/contracts.ts';
import { LIMITS } from '../core/limits.ts';
import type { VideoTrack } from '../core/media.ts';
import type { Nanoseconds } from '../core/time.ts';
import type { CutPoint } from '../core/timeline.ts';
import { beginningOf, cutFacts, type PictureKind, pictureKind } from './pictures.ts';

/** What a probe at an index entry found there. */
export interface ProbedPoint {
  /** The index entry that was looked at. */
  readonly entry: CutPoint;
  readonly kind: PictureKind | 'missing';
  /** The picture is stamped otherwise than the index says. */
  readonly isMoved: boolean;
  readonly point: CutPoint | null;
  /** Other tracks' samples that lay in the probed bytes. */
  readonly samples: readonly Sample[];
}

/** Looks at the beginning of one index entry: is a picture there, and can decoding begin at it? */
export async function probePoint(
  demuxer: Demuxer,
  at: { readonly video: VideoTrack; readonly point: CutPoint; readonly tracks: ReadonlySet<number> },
  signal: AbortSignal,
): Promise<ProbedPoint> {
  const { video, point, tracks } = at;
  const end = Math.min(point.position + LIMITS.cutProbe, demuxer.payload.end);
  const samples: Sample[] = [];
  let found: ProbedPoint | null = null;
  for await (const batch of demuxer.samples({ start: point.position, soft: end, end, tracks }, signal)) {
    samples.push(...batch.samples.filter((sample) => sample.trackId !== video.id));
    // The other tracks' samples are taken to the end all the same: nothing may depend on how the bytes arrive.
    if (found && found.kind !== 'unknown') continue;
    const heads = [...batch.samples.map(headOf), ...(batch.next ? [batch.next] : [])];
    const key = heads.find(
      (head) => isAt(head, point, video.id, demuxer.precision) && !isCutOff(video, head),
    );
    if (key) found = judge(video, { key, point, samples, precision: demuxer.precision });
  }
  return found ?? { entry: point, kind: 'missing', isMoved: false, point: null, samples };
}

/** A head that does not tell by itself whether it is a key picture, and whose first bytes do not say so either. */
const isCutOff = (video: VideoTrack, head: SampleHead): boolean =>
  head.isKey === null && !beginningOf(pictureKind(video, head)).canBegin;

interface Found {
  readonly key: SampleHead;
  readonly point: CutPoint;
  readonly samples: readonly Sample[];
  readonly precision: Nanoseconds;
}

function judge(video: VideoTrack, { key, point, samples, precision }: Found): ProbedPoint {
  const kind = pictureKind(video, key);
  if (kind === 'unknown') return { entry: point, kind, isMoved: false, point, samples };
  const isMoved = Math.abs(key.time - point.time) > precision;
  const position = isMoved ? key.entry : point.position;
  const at = { time: key.time, position, blockPosition: key.position, ...cutFacts(kind) };
  return { entry: point, kind, isMoved, point: at, samples };
}

const headOf = (sample: Sample): SampleHead => ({ ...sample, prefix: sample.data });

/** Whether this is the picture that a cut means: by place where that is known, else the first key picture in time. */
export function isAt(
  head: Pick<SampleHead, 'trackId' | 'position' | 'isKey' | 'time'>,
  point: CutPoint,
  trackId: number,
  precision: Nanoseconds,
): boolean {
  if (head.trackId !== trackId) return false;
  if (point.blockPosition !== null) return head.position >= point.blockPosition;
  return head.isKey !== false && head.position >= point.position && head.time >= point.time - precision;
}
