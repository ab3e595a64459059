import { openContainer } from '../../parsers/detect.ts';
import type { Demuxer, SeekPoint, Source } from '../core/contracts.ts';
import { MediaError, unsupported } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { NANOSECONDS_PER_SECOND, type Nanoseconds, nanoseconds, rescale, ticks } from '../core/time.ts';
import { segmentDurations, type Timeline } from '../core/timeline.ts';
import type { AudioTranscoder } from '../core/transcoding.ts';
import { bandwidths } from './bandwidth.ts';
import { firstShown } from './leading-pictures.ts';
import { Ledger } from './ledger.ts';
import { audioCuts, seekIndex, videoCuts } from './plan-cuts.ts';
import { locatedCuts, withUnseenPeaks } from './plan-located.ts';
import { planAudio, planAudioClock, planVideo } from './plan-tracks.ts';
import {
  type RecoveryPoints,
  refuseNothing,
  type Selection,
  type SelectionOptions,
  selectTracks,
} from './select-tracks.ts';
import { planSubtitles } from './subtitles/plan-subtitles.ts';
import { type KeptTracks, type Survey, surveyWhole } from './survey.ts';
import { surveyBisected } from './survey-bisected.ts';
import { surveySampled } from './survey-sampled.ts';
import { surveyTabled, tablesOf } from './survey-tabled.ts';
import type { Title } from './title.ts';
import { versionOf } from './version.ts';
import { saneBounds, withinBounds } from './wild-stamps.ts';

/** What the last cut lasts at least, where nothing tells the end of the title. */
const SHORTEST_PICTURE = NANOSECONDS_PER_SECOND / 24;

const inSeconds = (count: number): number => count * NANOSECONDS_PER_SECOND;

/**
 * Opens a resource and plans it: head, index, then tail and probes in one further round trip.
 * @throws MediaError of the source and the parser; `unsupported` or `encrypted` when nothing in it can be offered
 */
export async function planTitle(
  source: Source,
  { transcoder = null, encodesVideo = false, ...options }: PlanOptions,
  signal: AbortSignal,
): Promise<Title> {
  const demuxer = await openContainer(source, signal, programOf(options));
  const selection = selectTracks(demuxer.tracks, options, {
    transcoder,
    encodesVideo,
    readsTexts: true,
  });
  refuseNothing(selection);
  const [version, surveyed] = await Promise.all([
    versionOf(
      source,
      { ...options, ...isEncoded(selection), transcoding: transcoder?.settings ?? null },
      signal,
    ),
    surveyTitle(source, { demuxer, kept: selection.kept }, signal),
  ]);
  const { recovery } = options;
  return assemble({
    source,
    ...surveyed,
    selection: withoutEmpty(selection, surveyed.survey),
    version,
    recovery,
    transcoder,
  });
}

/** What is planned depends on encoders only where there is no copy of the video. */
const isEncoded = ({ kept }: Selection) => (kept.video?.decodeOnly ? { isEncoded: true } : {});

/** As `openContainer` wants it. */
export const programOf = ({ program }: Pick<SelectionOptions, 'program'>) =>
  program === undefined ? {} : { program };

export interface PlanOptions extends SelectionOptions {
  /** Null or absent: sound can only be copied. */
  readonly transcoder?: AudioTranscoder | null;
  /** Video that cannot be copied can be encoded; no when absent. */
  readonly encodesVideo?: boolean;
}

interface Opened {
  readonly demuxer: Demuxer;
  readonly kept: KeptTracks;
}

interface Surveyed {
  readonly survey: Survey;
  /** Without the packets whose stamps cannot be meant. */
  readonly demuxer: Demuxer;
}

async function surveyTitle(
  source: Source,
  { demuxer, kept }: Opened,
  signal: AbortSignal,
): Promise<Surveyed> {
  const size = source.size ?? 0;
  if (demuxer.payload.start >= demuxer.payload.end)
    throw new MediaError('truncated', 'The file ends before its first packet', {
      offset: demuxer.payload.end,
    });
  const sampling = { source, demuxer, kept, signal };
  const tables = tablesOf(sampling);
  if (tables) return { survey: await surveyTabled(sampling, tables), demuxer };
  const index = mainIndex(demuxer, kept);
  if (size <= LIMITS.wholeAtOnce || (!index && size <= LIMITS.wholeWithoutIndex))
    return surveySane(demuxer, kept, signal);
  const survey = index && (await surveySampled(sampling, index));
  if (survey && survey.points.length > 0) return { survey, demuxer };
  if (size <= LIMITS.wholeWithoutIndex) return surveySane(demuxer, kept, signal);
  return { survey: await surveyBisected(sampling), demuxer };
}

/** Every packet but those of damaged clusters, whose stamps lie days away from the others. */
async function surveySane(demuxer: Demuxer, kept: KeptTracks, signal: AbortSignal): Promise<Surveyed> {
  const survey = await surveyWhole(demuxer, kept, signal);
  const bounds = saneBounds(survey);
  if (!bounds) return { survey, demuxer };
  const sane = withinBounds(demuxer, bounds);
  return { survey: await surveyWhole(sane, kept, signal), demuxer: sane };
}

/** Seek points of the main track; for audio alone those of any track will do. Null without any. */
function mainIndex(demuxer: Demuxer, kept: KeptTracks): readonly SeekPoint[] | null {
  const ids = kept.video ? [kept.video.id] : demuxer.tracks.map((track) => track.id);
  return ids.map((id) => demuxer.seekPoints(id) ?? []).find((points) => points.length > 0) ?? null;
}

/** Tracks that are declared but have no packet, or pictures that nothing can begin with, are left out. */
function withoutEmpty(selection: Selection, survey: Survey): Selection {
  const { kept } = selection;
  const hasPackets = (id: number) =>
    survey.kind !== 'whole' || (survey.tracks.get(id)?.stamps.length ?? 0) > 0;
  const video = kept.video && hasPackets(kept.video.id) && survey.points.length > 0 ? kept.video : null;
  const audio = kept.audio.filter((track) => hasPackets(track.id));
  const subtitles = (kept.subtitles ?? []).filter(({ id }) => survey.texts?.get(id)?.length !== 0);
  const left = new Set([...(video ? [video] : []), ...audio, ...subtitles].map(({ id }) => id));
  const reasonFor = (id: number) =>
    hasPackets(id) ? 'no picture at which decoding can begin' : 'the track has no packets';
  const decisions = selection.decisions.map((decision) =>
    decision.action === 'omit' || left.has(decision.track.id)
      ? decision
      : { ...decision, action: 'omit' as const, reason: reasonFor(decision.track.id) },
  );
  const rest = { kept: { video, audio, subtitles }, decisions };
  refuseNothing(rest);
  return rest;
}

interface Parts {
  readonly source: Source;
  readonly demuxer: Demuxer;
  readonly selection: Selection;
  readonly survey: Survey;
  readonly version: string;
  readonly recovery: RecoveryPoints;
  readonly transcoder: AudioTranscoder | null;
}

function assemble({ source, demuxer, selection, survey, version, recovery, transcoder }: Parts): Title {
  const { kept, decisions } = selection;
  const zero = titleZero(kept, survey);
  const end = titleEnd({ demuxer, survey, kept }, zero);
  const pictures = (kept.video && demuxer.statistics.get(kept.video.id)?.frames) ?? null;
  const video = kept.video && planVideo(kept.video, survey, { zero, end, pictures, recovery });
  const audioClocks = kept.audio.map((track) => ({
    track,
    clock: planAudioClock(track, { survey, zero, demuxer }),
  }));
  const main = video ?? audioClocks[0];
  if (!main) throw unsupported('The file has neither video nor audio');
  const index = seekIndex(demuxer, survey);
  const window = interleaveWindow(survey);
  const located = locatedCuts({ source, demuxer, survey, kept, zero, end, window }, main.clock);
  const cuts =
    located?.cuts ??
    (video
      ? videoCuts(survey.points, end, video.clock)
      : audioCuts({ points: index, zero, end, clock: main.clock }));
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
    video: video && {
      ...video,
      starts: firstShown({
        cuts,
        clock: video.clock,
        stamps: survey.tracks.get(video.track.id)?.stamps ?? [],
      }),
    },
    audio: audioClocks.map((plan) => planAudio(plan, timeline, transcoder)),
    subtitles: planSubtitles(kept.subtitles ?? [], { demuxer, survey }),
    decisions,
    seekIndex: index,
    window,
    standIns: new Map(
      [...survey.tracks].flatMap(([id, { standIn }]) => (standIn ? [[id, standIn] as const] : [])),
    ),
    locator: located?.locator ?? null,
    slack: located?.slack ?? 0,
    bandwidth: withUnseenPeaks(
      survey,
      bandwidths({
        survey,
        demuxer,
        cuts,
        durations,
        lead: (cuts[0]?.time ?? 0) / timescale,
        targetDuration: durations.reduce((longest, seconds) => Math.max(longest, Math.round(seconds)), 1),
        mainTrack: main.track,
        audio: kept.audio,
      }),
    ),
    survey: survey.kind,
    remarks: survey.remarks,
    ledger: new Ledger({ skippedBytes: survey.skipped }),
  };
}

const planDurations = (timeline: Timeline): number[] =>
  segmentDurations(
    [0, ...timeline.cuts.slice(1).map((cut) => cut.time), timeline.end],
    timeline.timescale,
  ).map((microseconds) => microseconds / 1_000_000);

/** Earliest first stamp over the kept tracks. */
function titleZero(kept: KeptTracks, survey: Survey): Nanoseconds {
  const ids = [...(kept.video ? [kept.video.id] : []), ...kept.audio.map((track) => track.id)];
  const firsts = ids.flatMap((id) => survey.tracks.get(id)?.first ?? []);
  return nanoseconds(firsts.length > 0 ? Math.min(...firsts) : 0);
}

/** Latest end over the kept tracks; what is declared of them only where the end of the file was not seen. */
function titleEnd({ demuxer, survey, kept }: EndFacts, zero: Nanoseconds): Nanoseconds {
  const ids = [...(kept.video ? [kept.video.id] : []), ...kept.audio.map((track) => track.id)];
  const seen = ids.flatMap((id) => survey.tracks.get(id)?.end ?? []);
  const declared = survey.hasEnd
    ? []
    : declaredEnds(demuxer, ids).map((end) => absolute(end, { survey, zero }));
  const end = Math.round(Math.max(zero + 1, ...seen, ...declared));
  if (end - zero > inSeconds(LIMITS.durationSeconds))
    throw new MediaError('corrupt', `The stamps span ${Math.round((end - zero) / inSeconds(3600))} hours`);
  return nanoseconds(end);
}

interface EndFacts {
  readonly demuxer: Demuxer;
  readonly survey: Survey;
  readonly kept: KeptTracks;
}

/** The tracks' own durations where each has one, else the file's: that may be a longer track's that is left out. */
function declaredEnds(demuxer: Demuxer, ids: readonly number[]): number[] {
  const own = ids.flatMap((id) => demuxer.statistics.get(id)?.duration ?? []);
  return own.length === ids.length || demuxer.duration === null ? own : [demuxer.duration];
}

/** Some muxers write where a track ends, some how long it is: an end before the last cut is a length. */
function absolute(
  end: number,
  { survey, zero }: Pick<EndFacts, 'survey'> & { readonly zero: Nanoseconds },
): number {
  const lastCut = survey.points.at(-1)?.time ?? zero;
  return Math.max(end > lastCut ? end : zero + end, lastCut + SHORTEST_PICTURE);
}

/** 1 s, or twice the largest skew seen; what was read whole is known to lie within its own skew. */
function interleaveWindow(survey: Survey): Nanoseconds {
  if (survey.kind === 'whole') return nanoseconds(survey.skew + inSeconds(1));
  return nanoseconds(Math.min(inSeconds(LIMITS.interleaveSeconds), Math.max(inSeconds(1), 2 * survey.skew)));
}
