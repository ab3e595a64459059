import type { Track } from '../core/media.ts';
import { type Encoders, encodingOf, videoCodecName, whyCopyOnly } from './describe-video.ts';
import type { Media } from './library.ts';
import type { Rendition } from './renditions.ts';
import type { TrackDecision } from './select-tracks.ts';
import { segmentCount } from './title.ts';

const INDEX_KINDS = {
  whole: 'every packet read',
  sampled: 'index, probed',
  bisected: 'no index, found by bisection',
} as const;

/**
 * What a title is, what is done with each of its tracks and why: for people and programs.
 * @param encoders whether the one who serves it has what encodes video
 */
export function describeTitle({ title, renditions, live }: Media, encoders: Encoders = 'unasked') {
  const { timeline, video } = title;
  const encoding = live ? null : encodingOf({ title, renditions }, encoders);
  const progress = live?.progress() ?? null;
  const end = progress ? (progress.ends.at(-1) ?? 0) : timeline.end;
  const openCuts = timeline.cuts.filter((cut) => !cut.point.isSync).length;
  const formsOf = (id: number) => renditions.filter((rendition) => sourceTrack(rendition).id === id);
  const copyOnly = whyCopyOnly(encoding);
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
    tracks: title.decisions.map((decision) => {
      const { track } = decision;
      const reason = decision.reason ?? (track.id === video?.track.id ? copyOnly : null);
      return describeTrack({ ...decision, reason }, formsOf(track.id), video?.track);
    }),
    renditions: renditions.map(describeRendition),
    encoding,
    info: title.demuxer.info ?? null,
    silent: title.audio.length > 0 ? null : whySilent(title.decisions),
    warnings: [
      ...(openCuts > 0 && video && !encoding?.offered
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

const sourceTrack = (rendition: Rendition): Track =>
  rendition.kind === 'video' ? rendition.video.track : rendition.track;

const isCopy = (rendition: Rendition): boolean =>
  rendition.kind === 'video' ? rendition.encoded === null : rendition.aac === null;

function describeRendition(rendition: Rendition) {
  const { name, bandwidth, codecString, kind } = rendition;
  const common = { name, ...bandwidth, kind, codec: codecString };
  if (kind === 'audio') return common;
  const { width, height } = rendition.track;
  return { ...common, width, height, encoder: rendition.encoded?.encoder ?? null };
}

function describeTrack(
  { track, action, reason }: TrackDecision,
  renditions: readonly Rendition[],
  main: Track | undefined,
) {
  const codecs = renditions.map(({ codecString }) => codecString);
  const planned = main && main.id === track.id ? main : track;
  return {
    index: track.index,
    kind: track.kind,
    codec: (renditions.find(isCopy) ?? renditions[0])?.codecString ?? null,
    forms: codecs,
    sourceCodec: track.sourceCodec,
    language: track.language,
    name: track.name,
    default: track.isDefault,
    action,
    reason: reason ?? (renditions.some(isCopy) ? besideCopy(renditions) : null),
    ...(planned.kind === 'video'
      ? {
          codecName: videoCodecName(planned),
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

/** What is offered beside a copy, and for whom. */
function besideCopy(renditions: readonly Rendition[]): string | null {
  const others = renditions.filter((rendition) => !isCopy(rendition));
  const [video] = others.flatMap((rendition) => (rendition.kind === 'video' ? [rendition.encoded] : []));
  if (video) return `as it is, and encoded by ${video?.encoder} for players that lack it`;
  return others.length > 0 ? 'as it is, and as stereo AAC for players that lack it' : null;
}

function whySilent(decisions: readonly TrackDecision[]): string {
  const audio = decisions.filter(({ track }) => track.kind === 'audio');
  if (audio.length === 0) return 'The file has no audio track';
  return audio
    .map(({ track, reason }) => `Audio track ${track.index} (${track.sourceCodec}): ${reason}`)
    .join('; ');
}
