import { openContainer } from '../../parsers/detect.ts';
import { readRange } from '../core/bytes.ts';
import type { Demuxer, SeekPoint, Source } from '../core/contracts.ts';
import { MediaError, unsupported } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { AudioTrack, VideoTrack } from '../core/media.ts';
import {
  NANOSECONDS_PER_SECOND,
  type Nanoseconds,
  nanoseconds,
  rescale,
  rescaleUp,
  type Ticks,
  ticks,
} from '../core/time.ts';
import { type Cut, type CutPoint, chooseCuts, segmentDurations, type Timeline } from '../core/timeline.ts';
import { bandwidths } from './bandwidth.ts';
import { audioClock, fitsRate, type TrackClock, videoClock } from './clock.ts';
import { type Selection, type SelectionOptions, selectTracks } from './select-tracks.ts';
import { type KeptTracks, type Survey, surveyWhole } from './survey.ts';
import { surveySampled } from './survey-sampled.ts';
import type { PlannedAudio, PlannedVideo, Title } from './title.ts';

/** Changes whenever the same source would be planned or written otherwise: old addresses then answer `changed`. */
const FORMAT = 1;

/** Bytes of the file that its version depends on. */
const VERSION_HEAD = 64 * 1024;

const inSeconds = (count: number): number => count * NANOSECONDS_PER_SECOND;

/**
 * Opens a resource and plans it (house.md, "The plan"): head, index, then tail and probes in one further round trip.
 * @throws MediaError of the source and the parser; `unsupported` or `encrypted` when nothing in it can be offered
 */
export async function planTitle(
  source: Source,
  options: SelectionOptions,
  signal: AbortSignal,
): Promise<Title> {
  const demuxer = await openContainer(source, signal);
  const selection = selectTracks(demuxer.tracks, options);
  refuseNothing(selection);
  const version = versionOf(source, options, signal);
  const survey = await surveyTitle(source, { demuxer, kept: selection.kept }, signal);
  return assemble({
    source,
    demuxer,
    selection: withoutEmpty(selection, survey),
    survey,
    version: await version,
  });
}

function refuseNothing({ kept, decisions }: Selection): void {
  if (kept.video || kept.audio.length > 0) return;
  const media = decisions.filter(({ track }) => track.kind === 'video' || track.kind === 'audio');
  const reasons = media
    .map(({ track, reason }) => `${track.kind} ${track.sourceCodec}: ${reason}`)
    .join('; ');
  const isEncrypted = media.length > 0 && media.every(({ track }) => track.unreadable === 'encrypted');
  if (isEncrypted) throw new MediaError('encrypted', `The tracks are encrypted (${reasons})`);
  throw unsupported(reasons ? `No track can be played: ${reasons}` : 'The file has neither video nor audio');
}

interface Opened {
  readonly demuxer: Demuxer;
  readonly kept: KeptTracks;
}

async function surveyTitle(source: Source, { demuxer, kept }: Opened, signal: AbortSignal): Promise<Survey> {
  const size = source.size ?? 0;
  if (demuxer.payload.start >= demuxer.payload.end)
    throw new MediaError('truncated', 'The file ends before its first packet', {
      offset: demuxer.payload.end,
    });
  const index = mainIndex(demuxer, kept);
  if (size <= LIMITS.wholeAtOnce || (!index && size <= LIMITS.wholeWithoutIndex))
    return surveyWhole(demuxer, kept, signal);
  if (!index)
    throw unsupported(
      `The file has no index (Cues) for its ${kept.video ? 'video' : 'audio'} and is larger than ` +
        `${LIMITS.wholeWithoutIndex >> 20} MB; remux it once with mkvmerge or ffmpeg to give it one`,
    );
  const survey = await surveySampled({ source, demuxer, kept, signal }, index);
  if (survey.points.length > 0) return survey;
  if (size <= LIMITS.wholeWithoutIndex) return surveyWhole(demuxer, kept, signal);
  throw unsupported(
    'The index (Cues) names no place where decoding can begin; remux the file once with mkvmerge',
  );
}

/** Seek points of the main track; for audio alone those of any track will do. */
function mainIndex(demuxer: Demuxer, kept: KeptTracks): readonly SeekPoint[] | null {
  const ids = kept.video ? [kept.video.id] : demuxer.tracks.map((track) => track.id);
  return ids.flatMap((id) => demuxer.seekPoints(id) ?? []).length > 0
    ? (ids.map((id) => demuxer.seekPoints(id) ?? []).find((points) => points.length > 0) ?? null)
    : null;
}

/** Tracks that are declared but have no packet, or pictures that nothing can begin with, are left out. */
function withoutEmpty(selection: Selection, survey: Survey): Selection {
  const { kept } = selection;
  const hasPackets = (id: number) =>
    survey.kind === 'sampled' || (survey.tracks.get(id)?.stamps.length ?? 0) > 0;
  const video = kept.video && hasPackets(kept.video.id) && survey.points.length > 0 ? kept.video : null;
  const audio = kept.audio.filter((track) => hasPackets(track.id));
  const isKept = (id: number) => video?.id === id || audio.some((track) => track.id === id);
  const reasonFor = (id: number) =>
    hasPackets(id) ? 'no picture at which decoding can begin' : 'the track has no packets';
  const decisions = selection.decisions.map((decision) =>
    decision.action !== 'copy' || isKept(decision.track.id)
      ? decision
      : { ...decision, action: 'omit' as const, reason: reasonFor(decision.track.id) },
  );
  const rest = { kept: { video, audio }, decisions };
  refuseNothing(rest);
  return rest;
}

interface Parts {
  readonly source: Source;
  readonly demuxer: Demuxer;
  readonly selection: Selection;
  readonly survey: Survey;
  readonly version: string;
}

function assemble({ source, demuxer, selection, survey, version }: Parts): Title {
  const { kept, decisions } = selection;
  const zero = titleZero(kept, survey);
  const end = titleEnd(demuxer, survey, zero);
  const video = kept.video && planVideo(kept.video, survey, { zero, end });
  const audioClocks = kept.audio.map((track) => ({
    track,
    clock: clockOf(track, { survey, zero, demuxer }),
  }));
  const main = video ?? audioClocks[0];
  if (!main) throw unsupported('The file has neither video nor audio');
  const cuts = video
    ? videoCuts(survey.points, end, video.clock)
    : audioCuts({ points: seekIndex(demuxer, survey), zero, end, clock: main.clock });
  const timescale = main.clock.timescale;
  const timeline: Timeline = {
    timescale,
    cuts,
    end: ticks(rescale(end - zero, NANOSECONDS_PER_SECOND, timescale)),
  };
  const durations = planDurations(timeline);
  return {
    source,
    demuxer,
    version,
    zero,
    timeline,
    video,
    audio: audioClocks.map(({ track, clock }) => planAudio(track, clock, timeline)),
    decisions,
    seekIndex: seekIndex(demuxer, survey),
    window: interleaveWindow(survey),
    bandwidth: bandwidths({
      survey,
      demuxer,
      cuts,
      durations,
      targetDuration: Math.max(1, ...durations.map(Math.round)),
      mainTrack: main.track,
      audio: kept.audio,
    }),
    survey: survey.kind,
    remarks: survey.remarks,
    counters: {
      filledFrames: 0,
      droppedPackets: 0,
      misplacedPackets: 0,
      spreadStamps: 0,
      movedCuts: 0,
      skippedBytes: survey.skipped,
    },
  };
}

const planDurations = (timeline: Timeline): number[] =>
  segmentDurations(
    [0, ...timeline.cuts.slice(1).map((cut) => cut.time), timeline.end],
    timeline.timescale,
  ).map((microseconds) => microseconds / 1_000_000);

/** Earliest first stamp over the kept tracks (house.md, Time 4). */
function titleZero(kept: KeptTracks, survey: Survey): Nanoseconds {
  const ids = [...(kept.video ? [kept.video.id] : []), ...kept.audio.map((track) => track.id)];
  const firsts = ids.flatMap((id) => survey.tracks.get(id)?.first ?? []);
  return nanoseconds(firsts.length > 0 ? Math.min(...firsts) : 0);
}

/** Latest end over the kept tracks; what the container declares only where the end of the file was not seen. */
function titleEnd(demuxer: Demuxer, survey: Survey, zero: Nanoseconds): Nanoseconds {
  const seen = [...survey.tracks.values()].flatMap((track) => track.end ?? []);
  const tags = [...demuxer.statistics.values()].flatMap((track) => track.duration ?? []);
  const declared = survey.hasEnd ? [] : [...tags, ...(demuxer.duration === null ? [] : [demuxer.duration])];
  const end = Math.round(Math.max(zero + 1, ...seen, ...declared));
  if (end - zero > inSeconds(LIMITS.durationSeconds))
    throw new MediaError('corrupt', `The stamps span ${Math.round((end - zero) / inSeconds(3600))} hours`);
  return nanoseconds(end);
}

function planVideo(track: VideoTrack, survey: Survey, { zero, end }: Span): PlannedVideo {
  const seen = survey.tracks.get(track.id);
  const stamps = [...(seen?.stamps ?? [])].sort((a, b) => a - b);
  const rate = track.frameRate && fitsRate(stamps, track.frameRate) ? track.frameRate : null;
  const clock = videoClock({ zero, first: seen?.first ?? zero, rate });
  const seconds = (end - (seen?.first ?? zero)) / NANOSECONDS_PER_SECOND;
  const distances = stamps
    .slice(1, 2000)
    .map((stamp, i) => stamp - (stamps[i] ?? stamp))
    .filter((distance) => distance > 0)
    .sort((a, b) => a - b);
  const usual = rate
    ? (NANOSECONDS_PER_SECOND * rate.den) / rate.num
    : (distances[distances.length >> 1] ?? inSeconds(0.04));
  return {
    track: { ...track, frameRate: rate },
    clock,
    reorderDepth: Math.min(16, Math.max(track.reorderDepth, survey.reorder)),
    pictureDuration: Math.max(1, Math.round((usual * clock.timescale) / NANOSECONDS_PER_SECOND)),
    usualRate: usualRate(distances, usual),
    counted:
      survey.kind === 'whole' && seconds > 0
        ? { pictures: stamps.length, rate: stamps.length / seconds }
        : null,
  };
}

interface Span {
  readonly zero: Nanoseconds;
  readonly end: Nanoseconds;
}

/** Stamps are rounded to milliseconds: the mean of the distances near the usual one is exact, the usual one is not. */
function usualRate(distances: readonly number[], usual: number): number {
  const near = distances.filter((distance) => distance > usual / 2 && distance < usual * 1.5);
  const mean = near.length > 0 ? near.reduce((sum, distance) => sum + distance, 0) / near.length : usual;
  return NANOSECONDS_PER_SECOND / mean;
}

interface ClockContext {
  readonly survey: Survey;
  readonly zero: Nanoseconds;
  readonly demuxer: Demuxer;
}

/** Frame size where neither codec nor container tell one: AAC's. */
const DEFAULT_FRAME = 1024;

const clockOf = (track: AudioTrack, { survey, zero, demuxer }: ClockContext) =>
  audioClock({
    zero,
    sampleRate: track.sampleRate,
    frameSize: track.frameSize ?? DEFAULT_FRAME,
    seen: survey.tracks.get(track.id)?.stamps ?? [],
    precision: demuxer.precision,
  });

const videoCuts = (points: readonly CutPoint[], end: Nanoseconds, clock: TrackClock): Cut[] =>
  chooseCuts(points, end).map((point) => ({ time: clock.ticksAt(point.time), point }));

interface AudioCutFacts {
  readonly points: readonly SeekPoint[];
  readonly zero: Nanoseconds;
  readonly end: Nanoseconds;
  readonly clock: TrackClock;
}

/** Audio alone can be cut anywhere: at the targets themselves, each read from the last seek point before it. */
function audioCuts({ points, zero, end, clock }: AudioCutFacts): Cut[] {
  const step = inSeconds(2);
  const grid = Array.from(
    { length: Math.min(LIMITS.segments * 3, Math.ceil((end - zero) / step)) },
    (_, i) => ({
      time: nanoseconds(zero + i * step),
    }),
  );
  let at = 0;
  return chooseCuts(grid, end).map(({ time }) => {
    while ((points[at + 1]?.time ?? Number.POSITIVE_INFINITY) <= time) at++;
    const point = points[at] ?? { position: 0 };
    return {
      time: clock.ticksAt(time),
      point: { time, position: point.position, blockPosition: null, isClosed: true },
    };
  });
}

function planAudio(track: AudioTrack, clock: PlannedAudio['clock'], timeline: Timeline): PlannedAudio {
  const toSamples = (time: Ticks) => rescaleUp(time, timeline.timescale, clock.timescale);
  const inner = timeline.cuts.slice(1).map((cut) => toSamples(cut.time));
  return { track, clock, boundaries: [0, ...inner, toSamples(timeline.end)] };
}

/** Every known point where parsing can begin, ascending in position; the start of the payload among them. */
function seekIndex(demuxer: Demuxer, survey: Survey): SeekPoint[] {
  const start: SeekPoint = {
    time: nanoseconds(Number.MIN_SAFE_INTEGER),
    position: demuxer.payload.start,
    blockPosition: null,
  };
  const indexed = demuxer.tracks.flatMap((track) => demuxer.seekPoints(track.id) ?? []);
  const all = [start, ...indexed, ...survey.points].sort(
    (a, b) => a.position - b.position || a.time - b.time,
  );
  return all.filter((point, i) => point.position !== all[i - 1]?.position);
}

/** 1 s, or twice the largest skew seen; what was read whole is known to lie within its own skew (house.md, Time 5). */
function interleaveWindow(survey: Survey): Nanoseconds {
  if (survey.kind === 'whole') return nanoseconds(survey.skew + inSeconds(1));
  return nanoseconds(Math.min(inSeconds(LIMITS.interleaveSeconds), Math.max(inSeconds(1), 2 * survey.skew)));
}

async function versionOf(source: Source, options: SelectionOptions, signal: AbortSignal): Promise<string> {
  const head = await readRange(source, { start: 0, end: VERSION_HEAD }, signal);
  const facts = new TextEncoder().encode(JSON.stringify({ format: FORMAT, size: source.size, options }));
  const input = new Uint8Array(facts.length + head.length);
  input.set(facts);
  input.set(head, facts.length);
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', input));
  return [...hash.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
