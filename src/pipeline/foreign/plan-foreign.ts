import type { Source } from '../../core/contracts.ts';
import { unsupported } from '../../core/errors.ts';
import type { ForeignFacts, ForeignReader } from '../../core/foreign.ts';
import { LIMITS } from '../../core/limits.ts';
import type { AudioTrack, VideoTrack } from '../../core/media.ts';
import { NANOSECONDS_PER_SECOND, nanoseconds, type Ticks, ticks } from '../../core/time.ts';
import { type Cut, chooseCuts } from '../../core/timeline.ts';
import { audioClock, type TrackClock, videoClock } from '../clock.ts';
import { Ledger } from '../ledger.ts';
import type { PlanOptions } from '../plan-title.ts';
import { planAudio } from '../plan-tracks.ts';
import { refuseNothing, type Selection, selectTracks } from '../select-tracks.ts';
import type { PlannedVideo, Title } from '../title.ts';
import { versionOf } from '../version.ts';
import { BLOCK, foreignDemuxer, positionAt } from './foreign-demuxer.ts';

/** Seconds between the times at which segments may begin: encoders can begin anywhere. */
const STEP = 2;
/** Pictures a second where nobody tells. */
const USUAL_RATE = 25;
/** Nanoseconds before a segment from which its sound is read: what an encoder warms up with, at 8 kHz. */
const BEFORE = 4 * NANOSECONDS_PER_SECOND;
const ZERO = nanoseconds(0);

/**
 * Plans a file whose container another program reads: all of it is encoded anew, in segments of regular times.
 * @throws MediaError of the program and the source; `unsupported` when nothing in it can be offered
 */
export async function planForeign(
  source: Source,
  { reader, ...planning }: PlanOptions & { readonly reader: ForeignReader },
  signal: AbortSignal,
): Promise<Title> {
  const { transcoder = null, encodesVideo = false, ...options } = planning;
  const facts = await reader.probe(source, signal);
  if (facts.duration > LIMITS.durationSeconds) throw unsupported(`It lasts ${facts.duration} s`);
  const selection = selectTracks(facts.tracks, options, { transcoder, encodesVideo });
  refuseNothing(selection);
  const version = await versionOf(
    source,
    { ...options, isEncoded: true, transcoding: transcoder?.settings ?? null },
    signal,
  );
  const { video: track, audio } = selection.kept;
  const clock = track ? clockOf(track, facts) : soundClock(audio[0]);
  const timeline = {
    timescale: clock.timescale,
    cuts: cutsOf(facts, track, clock),
    end: ticks(Math.round(facts.duration * clock.timescale)),
  };
  const ends = nanoseconds(Math.round(facts.duration * NANOSECONDS_PER_SECOND));
  return {
    source,
    demuxer: foreignDemuxer({ source, facts, reader }),
    version,
    zero: ZERO,
    timeline,
    video:
      track &&
      plannedVideo(track, { clock, cuts: timeline.cuts, seconds: facts.duration - firstOf(facts, track) }),
    audio: audio.map((one) => planAudio({ track: one, clock: soundClock(one) }, timeline, transcoder)),
    subtitles: [],
    decisions: decisionsOf(selection, facts),
    seekIndex: [{ time: nanoseconds(Number.MIN_SAFE_INTEGER), position: 0, blockPosition: null }],
    window: nanoseconds(NANOSECONDS_PER_SECOND),
    standIns: new Map(),
    bandwidth: new Map(),
    survey: 'sampled',
    locator: {
      anchor: async (n) => positionAt((timeline.cuts[n]?.point.time ?? ends) - BEFORE),
      cut: async (n) => timeline.cuts[n]?.point ?? pointAt(ends),
      estimate: positionAt,
    },
    slack: 0,
    remarks: [`${facts.container} is read by FFmpeg: everything in it is encoded anew`],
    foreign: facts,
    ledger: new Ledger(),
  };
}

const clockOf = (track: VideoTrack, facts: ForeignFacts): TrackClock => {
  const first = nanoseconds(Math.round(firstOf(facts, track) * NANOSECONDS_PER_SECOND));
  return videoClock({ zero: ZERO, first, rate: track.frameRate });
};

const soundClock = (track: AudioTrack | undefined) =>
  audioClock({
    zero: ZERO,
    sampleRate: track?.sampleRate ?? 48_000,
    frameSize: BLOCK,
    step: BLOCK,
    seen: [],
    precision: nanoseconds(1),
  });

const pointAt = (time: number) => ({
  time: nanoseconds(Math.round(time)),
  position: positionAt(time),
  blockPosition: null,
  isClosed: true,
  isSync: true,
});

const firstOf = ({ starts }: ForeignFacts, track: VideoTrack | null): number =>
  (track && starts.get(track.id)) ?? 0;

/** At whole pictures, so that lists tell the truth. */
function cutsOf(facts: ForeignFacts, video: VideoTrack | null, clock: TrackClock): Cut[] {
  const { duration } = facts;
  const rate = video?.frameRate ?? null;
  const first = firstOf(facts, video);
  const onPicture = (seconds: number): number =>
    first + (rate ? (Math.ceil((seconds * rate.num) / rate.den - 1e-9) * rate.den) / rate.num : seconds);
  const grid = Array.from({ length: Math.max(1, Math.ceil((duration - first) / STEP)) }, (_, k) => ({
    time: nanoseconds(Math.round(onPicture(k * STEP) * NANOSECONDS_PER_SECOND)),
  }));
  return chooseCuts(grid, nanoseconds(duration * NANOSECONDS_PER_SECOND)).map(({ time }) => ({
    time: clock.ticksAt(time),
    point: pointAt(time),
  }));
}

interface Planned {
  readonly clock: TrackClock;
  readonly cuts: readonly Cut[];
  /** From the first picture to the end. */
  readonly seconds: number;
}

function plannedVideo(track: VideoTrack, { clock, cuts, seconds }: Planned): PlannedVideo {
  const rate = track.frameRate ? track.frameRate.num / track.frameRate.den : USUAL_RATE;
  return {
    track,
    clock,
    reorderDepth: 0,
    pictureDuration: Math.max(1, Math.round(clock.timescale / rate)),
    recovery: 'shown',
    usualRate: rate,
    starts: cuts.map(({ time }): Ticks => time),
    counted: countedBy(rate, seconds),
  };
}

/** The last picture lasts to the end of the title. */
function countedBy(rate: number, seconds: number): PlannedVideo['counted'] {
  const pictures = Math.max(1, Math.floor(seconds * rate + 0.01));
  return { pictures, rate: pictures / seconds };
}

const decisionsOf = ({ decisions }: Selection, { container }: ForeignFacts) =>
  decisions.map((decision) =>
    decision.action === 'transcode'
      ? { ...decision, reason: `${container} is read by FFmpeg: the track is encoded anew` }
      : decision,
  );
