import type { Track } from '../core/media.ts';
import type { Media } from './library.ts';
import type { Rendition } from './renditions.ts';
import type { TrackDecision } from './select-tracks.ts';
import { segmentCount } from './title.ts';

const INDEX_KINDS = {
  whole: 'every packet read',
  sampled: 'index, probed',
  bisected: 'no index, found by bisection',
} as const;

/** What a title is, what is done with each of its tracks and why: for people and programs. */
export function describeTitle({ title, renditions, live }: Media) {
  const { timeline, video } = title;
  const progress = live?.progress() ?? null;
  const end = progress ? (progress.ends.at(-1) ?? 0) : timeline.end;
  const openCuts = timeline.cuts.filter((cut) => !cut.point.isSync).length;
  const trackOf = (r: Rendition) => (r.kind === 'video' ? r.video.track : r.track);
  const codecsOf = (id: number) =>
    renditions.filter((rendition) => trackOf(rendition).id === id).map(({ codecString }) => codecString);
  return {
    container: title.demuxer.container,
    duration: Number((end / timeline.timescale).toFixed(6)),
    segments: progress?.ends.length ?? segmentCount(title),
    version: title.version,
    index: {
      kind: live ? 'in order only' : INDEX_KINDS[title.survey],
      cuts: timeline.cuts.length,
      openCuts,
    },
    tracks: title.decisions.map((decision) =>
      describeTrack(decision, codecsOf(decision.track.id), title.video?.track),
    ),
    renditions: renditions.map(({ name, bandwidth }) => ({ name, ...bandwidth })),
    info: title.demuxer.info ?? null,
    silent: title.audio.length > 0 ? null : whySilent(title.decisions),
    warnings: [
      ...(openCuts > 0 && video
        ? [`${openCuts} segments begin with an open GOP: Chrome cannot seek to them without re-encoding`]
        : []),
      ...title.remarks,
      ...(progress?.failure ? [`The input ended early: ${progress.failure}`] : []),
    ],
    counters: title.ledger.total(),
  };
}

export type TitleDescription = ReturnType<typeof describeTitle>;
export type TrackDescription = ReturnType<typeof describeTrack>;

function describeTrack(
  { track, action, reason }: TrackDecision,
  codecs: readonly string[],
  main: Track | undefined,
) {
  const planned = main && main.id === track.id ? main : track;
  return {
    index: track.index,
    kind: track.kind,
    codec: codecs.at(-1) ?? null,
    forms: codecs,
    sourceCodec: track.sourceCodec,
    language: track.language,
    name: track.name,
    default: track.isDefault,
    action,
    reason: reason ?? (codecs.length > 1 ? 'as it is, and as stereo AAC for players that lack it' : null),
    ...(planned.kind === 'video'
      ? {
          width: planned.width,
          height: planned.height,
          frameRate: planned.frameRate
            ? Number((planned.frameRate.num / planned.frameRate.den).toFixed(3))
            : null,
        }
      : {}),
    ...(track.kind === 'audio' ? { channels: track.channels, sampleRate: track.sampleRate } : {}),
  };
}

function whySilent(decisions: readonly TrackDecision[]): string {
  const audio = decisions.filter(({ track }) => track.kind === 'audio');
  if (audio.length === 0) return 'The file has no audio track';
  return audio
    .map(({ track, reason }) => `Audio track ${track.index} (${track.sourceCodec}): ${reason}`)
    .join('; ');
}
