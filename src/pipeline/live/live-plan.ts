import { codecString } from '../../codecs/codecs.ts';
import type { Demuxer, Sample, Source } from '../../core/contracts.ts';
import { LIMITS } from '../../core/limits.ts';
import { NANOSECONDS_PER_SECOND, type Nanoseconds, nanoseconds, ticks } from '../../core/time.ts';
import { sumOf } from '../bandwidth.ts';
import { Ledger } from '../ledger.ts';
import { planAudioClock, planVideo } from '../plan-tracks.ts';
import { type RecoveryPoints, refuseNothing, type Selection } from '../select-tracks.ts';
import { type KeptTracks, keptIds, type Survey, Surveyor } from '../survey.ts';
import type { Bandwidth, Title } from '../title.ts';
import { audioForms } from '../transcoded/audio-forms.ts';

/** What the first packets of a title tell, of which nothing else can be known in advance. */
export interface LiveStart {
  readonly source: Source;
  readonly demuxer: Demuxer;
  readonly selection: Selection;
  readonly version: string;
  /** The first packets, in file order: each kept video track is among them. */
  readonly samples: readonly Sample[];
  readonly recovery: RecoveryPoints;
}

const MEGABYTE = 1024 * 1024;

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
  const video = kept.video && {
    ...planVideo(kept.video, survey, { zero, end: span, pictures: null, recovery }),
    starts: [],
  };
  const audio = kept.audio
    .filter((track) => codecString(track) !== '')
    .map((track) => ({
      track,
      clock: planAudioClock(track, { survey, zero, demuxer }),
      boundaries: [],
      forms: audioForms(track, null),
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
    subtitles: [],
    decisions,
    seekIndex: [],
    window: interleaveWindow(survey.skew),
    standIns: new Map(),
    bandwidth: new Map([...survey.tracks].map(([id, track]) => [id, rateOf(track.sizes, seen - zero)])),
    survey: 'sampled',
    locator: null,
    slack: 0,
    remarks: ['the upstream gives the file in order only: it can be sought in as far as it was read'],
    ledger: new Ledger(),
  };
}

/** As far as tracks may lie apart: 1 s, or twice what was seen. */
function interleaveWindow(skew: number): Nanoseconds {
  const most = LIMITS.interleaveSeconds * NANOSECONDS_PER_SECOND;
  return nanoseconds(Math.min(most, Math.max(NANOSECONDS_PER_SECOND, 2 * skew)));
}

function rateOf(sizes: ArrayLike<number>, duration: number): Bandwidth {
  const bytes = sumOf(sizes);
  const rate = Math.ceil((bytes * 8 * NANOSECONDS_PER_SECOND) / Math.max(duration, 1));
  return { peak: Math.ceil(rate * MARGINS.peak), average: Math.ceil(rate * MARGINS.average) };
}

/** How far the beginning is read before the plan is made, with every kept track seen, without one, without pictures. */
const START = {
  all: { seconds: 1, bytes: 4 * MEGABYTE },
  some: { seconds: 2, bytes: 4 * MEGABYTE },
  noPicture: { seconds: 10, bytes: 16 * MEGABYTE },
} as const;

/** Gathers the first samples until they tell enough: the same ones, however they arrive. */
export class LiveBeginning {
  readonly samples: Sample[] = [];
  readonly #videoId: number | null;
  readonly #unseen: Set<number>;
  #earliest = Number.POSITIVE_INFINITY;
  #latest = Number.NEGATIVE_INFINITY;
  #bytes = 0;

  constructor(kept: KeptTracks) {
    this.#videoId = kept.video?.id ?? null;
    this.#unseen = keptIds(kept);
  }

  get isEnough(): boolean {
    const { seconds, bytes } = START[this.#state()];
    return this.#bytes >= bytes || this.#latest - this.#earliest >= seconds * NANOSECONDS_PER_SECOND;
  }

  add(sample: Sample): void {
    this.samples.push(sample);
    this.#unseen.delete(sample.trackId);
    this.#earliest = Math.min(this.#earliest, sample.time);
    this.#latest = Math.max(this.#latest, sample.time);
    this.#bytes += sample.data.length;
  }

  #state(): keyof typeof START {
    if (this.#videoId !== null && this.#unseen.has(this.#videoId)) return 'noPicture';
    return this.#unseen.size > 0 ? 'some' : 'all';
  }
}

/** Without a video track that is declared but has no picture. @throws MediaError where nothing else is kept */
export function withoutUnseenVideo(selection: Selection, samples: readonly Sample[]): Selection {
  const { video, audio } = selection.kept;
  if (!video || samples.some(({ trackId }) => trackId === video.id)) return selection;
  const { seconds } = START.noPicture;
  const decisions = selection.decisions.map((decision) =>
    decision.track.id === video.id
      ? { ...decision, action: 'omit' as const, reason: `no picture in the first ${seconds} s` }
      : decision,
  );
  const rest = { kept: { video: null, audio }, decisions };
  refuseNothing(rest);
  return rest;
}
