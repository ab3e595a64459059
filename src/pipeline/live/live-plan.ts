import { codecString } from '../../codecs/codecs.ts';
import type { Demuxer, Sample, Source } from '../../core/contracts.ts';
import { NANOSECONDS_PER_SECOND, type Nanoseconds, nanoseconds, ticks } from '../../core/time.ts';
import { Ledger } from '../ledger.ts';
import { planAudioClock, planVideo } from '../plan-tracks.ts';
import type { RecoveryPoints, Selection } from '../select-tracks.ts';
import { keptIds, type Survey, Surveyor } from '../survey.ts';
import type { Bandwidth, Title } from '../title.ts';

/** What the first packets of a title tell, of which nothing else can be known in advance. */
export interface LiveStart {
  readonly source: Source;
  readonly demuxer: Demuxer;
  readonly selection: Selection;
  readonly version: string;
  /** The first packets, in file order. */
  readonly samples: readonly Sample[];
  readonly recovery: RecoveryPoints;
}

/** Bit rates of a track vary: the first seconds stand for what comes. */
const MARGINS = { peak: 1.5, average: 1.25 };

/** A title with clocks and renditions but without a timeline: that grows as the input is read. */
export function planLive({ source, demuxer, selection, version, samples, recovery }: LiveStart): Title {
  const { kept, decisions } = selection;
  const surveyor = new Surveyor(kept);
  for (const sample of samples) surveyor.add(sample);
  const survey: Survey = {
    kind: 'sampled',
    tracks: surveyor.result(),
    points: [],
    videoConfig: surveyor.videoConfig,
    reorder: surveyor.reorder,
    skew: nanoseconds(surveyor.skew),
    hasEnd: false,
    skipped: 0,
    remarks: [],
  };
  const firsts = [...keptIds(kept)].flatMap((id) => survey.tracks.get(id)?.first ?? []);
  const zero = nanoseconds(firsts.length > 0 ? Math.min(...firsts) : 0);
  const seen = Math.max(...[...survey.tracks.values()].map(({ end }) => end ?? zero), zero + 1);
  const span = nanoseconds(seen);
  const video = kept.video && planVideo(kept.video, survey, { zero, end: span, pictures: null, recovery });
  const audio = kept.audio
    .filter((track) => codecString(track) !== '')
    .map((track) => ({
      track,
      clock: planAudioClock(track, { survey, zero, demuxer }),
      boundaries: [],
    }));
  const timescale = video?.clock.timescale ?? audio[0]?.clock.timescale ?? NANOSECONDS_PER_SECOND;
  return {
    source,
    demuxer,
    version,
    zero,
    timeline: { timescale, cuts: [], end: ticks(0) },
    video,
    audio,
    decisions,
    seekIndex: [],
    window: nanoseconds(Math.max(NANOSECONDS_PER_SECOND, 2 * survey.skew)),
    standIns: new Map(),
    bandwidth: new Map([...survey.tracks].map(([id, track]) => [id, rateOf(track.sizes, seen - zero)])),
    survey: 'sampled',
    locator: null,
    slack: 0,
    remarks: ['the upstream gives the file in order only: it can be sought in as far as it was read'],
    ledger: new Ledger(),
  };
}

function rateOf(sizes: readonly number[], duration: number): Bandwidth {
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  const rate = Math.ceil((bytes * 8 * NANOSECONDS_PER_SECOND) / Math.max(duration, 1));
  return { peak: Math.ceil(rate * MARGINS.peak), average: Math.ceil(rate * MARGINS.average) };
}

/** How far the beginning is read before the plan is made: every kept track seen, or as much as this. */
export const LIVE_START = { seconds: 2, bytes: 4 * 1024 * 1024 } as const;

/** Whether enough of the beginning was read. */
export function isStartComplete(samples: readonly Sample[], wanted: ReadonlySet<number>): boolean {
  const seen = new Set(samples.map(({ trackId }) => trackId));
  const times = samples.map(({ time }) => time);
  const bytes = samples.reduce((sum, { data }) => sum + data.length, 0);
  const span = samples.length > 0 ? Math.max(...times) - Math.min(...times) : 0;
  const isLong = (limit: number): boolean => span >= (limit as Nanoseconds) * NANOSECONDS_PER_SECOND;
  const hasAll = [...wanted].every((id) => seen.has(id));
  return (
    (hasAll && isLong(LIVE_START.seconds / 2)) || isLong(LIVE_START.seconds) || bytes >= LIVE_START.bytes
  );
}
