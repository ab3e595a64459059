import { codecKind } from '../codecs/codecs.ts';
import { MediaError, unsupported } from '../core/errors.ts';
import type { AudioTrack, SubtitleTrack, Track, VideoTrack } from '../core/media.ts';
import type { AudioTranscoder } from '../core/transcoding.ts';
import { whyNotText } from './subtitles/decide-text.ts';
import type { KeptTracks } from './survey.ts';
import { whyNotDecoded } from './transcoded/audio-forms.ts';

/** What is done with a track, and why: nothing is dropped in silence. */
export interface TrackDecision {
  readonly track: Track;
  readonly action: 'copy' | 'transcode' | 'omit';
  readonly reason: string | null;
}

export interface Selection {
  readonly kept: KeptTracks;
  readonly decisions: readonly TrackDecision[];
}

export type RecoveryPoints = 'shown' | 'hidden';

export interface SelectionOptions {
  /** Index of the video track to take instead of the one chosen by rule. */
  readonly video: number | null;
  /** Indexes or languages of the audio tracks to offer; null: all of them. */
  readonly audio: readonly string[] | null;
  /** The same of subtitles; absent: all of them. */
  readonly subtitles?: readonly string[];
  /** Whether pictures within a segment may say that decoding might begin at them: Chrome does so, and fails. */
  readonly recovery: RecoveryPoints;
  /** Number of the program, where a container has several; absent: the container's own choice. */
  readonly program?: number;
}

/** What can be made of tracks that cannot be copied. */
export interface Abilities {
  /** Null where sound can only be copied. */
  readonly transcoder: AudioTranscoder | null;
  /** Video that is only decoded can be encoded. */
  readonly encodesVideo: boolean;
  /** The source can be read from any place: texts of a segment are looked for around it. */
  readonly readsTexts?: true;
}

const COPIES_ONLY: Abilities = { transcoder: null, encodesVideo: false };

/** Main video: enabled, no attached picture, then default flag, copyable, pixels. */
export function selectTracks(
  tracks: readonly Track[],
  options: SelectionOptions,
  abilities: Abilities = COPIES_ONLY,
): Selection {
  const videos = tracks.filter((track): track is VideoTrack => track.kind === 'video');
  const choice = { ...abilities, main: mainVideo(videos, options), wished: options };
  const decisions = tracks.map((track) => decide(track, choice));
  const copied = decisions.filter(({ action }) => action !== 'omit').map((decision) => decision.track);
  return {
    decisions,
    kept: {
      video: copied.find((track): track is VideoTrack => track.kind === 'video') ?? null,
      audio: copied.filter((track): track is AudioTrack => track.kind === 'audio'),
      subtitles: copied.filter((track): track is SubtitleTrack => track.kind === 'subtitle'),
    },
  };
}

function mainVideo(videos: readonly VideoTrack[], options: SelectionOptions): VideoTrack | null {
  const wished = videos.find((track) => track.index === options.video);
  if (wished) return wished;
  const rank = (track: VideoTrack) => [
    Number(track.isEnabled),
    Number(track.isDefault),
    Number(unusable(track) === null),
    track.width * track.height,
  ];
  const candidates = videos.filter((track) => !track.isAttachedPicture);
  return candidates.sort((a, b) => compare(rank(b), rank(a)))[0] ?? null;
}

const compare = (a: readonly number[], b: readonly number[]): number => {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
};

interface Choice extends Abilities {
  readonly main: VideoTrack | null;
  readonly wished: SelectionOptions;
}

function decide(track: Track, choice: Choice): TrackDecision {
  const { main, wished, transcoder, encodesVideo } = choice;
  const { audio } = wished;
  const omit = (reason: string): TrackDecision => ({ track, action: 'omit', reason });
  if (track.kind === 'subtitle') return decideText(track, choice);
  if (track.kind === 'other') return omit('neither video nor audio');
  if (track.kind === 'video' && track.isAttachedPicture) return omit('attached picture');
  if (track.kind === 'video' && track !== main) return omit('secondary-video');
  if (track.kind === 'audio' && audio && !audio.some((name) => isNamed(track, name)))
    return omit('not asked for');
  if (track.kind === 'audio' && track.decodeOnly && !track.unreadable)
    return decideDecoded(track, transcoder);
  if (track.kind === 'video' && track.decodeOnly && !track.unreadable)
    return decideEncoded(track, encodesVideo);
  const reason = unusable(track);
  return reason ? omit(reason) : { track, action: 'copy', reason: null };
}

/** What is text becomes WebVTT. */
function decideText(track: SubtitleTrack, { wished, readsTexts }: Choice): TrackDecision {
  const isAsked = !wished.subtitles || wished.subtitles.some((name) => isNamed(track, name));
  const reason =
    whyNotText(track) ??
    (isAsked ? null : 'not asked for') ??
    (readsTexts ? null : 'subtitles of what is read in order only are not offered');
  if (reason !== null) return { track, action: 'omit', reason };
  return { track, action: 'transcode', reason: `${track.sourceCodec} becomes WebVTT` };
}

function decideDecoded(track: AudioTrack, transcoder: AudioTranscoder | null): TrackDecision {
  const name = track.sourceCodec;
  if (!transcoder) return { track, action: 'omit', reason: `${name} cannot be copied into MP4` };
  const reason = whyNotDecoded(track, transcoder);
  return reason === null
    ? { track, action: 'transcode', reason: `${name} cannot be copied into MP4: it becomes AAC` }
    : { track, action: 'omit', reason: `${name} cannot be copied into MP4, and ${reason}` };
}

/** What encoding video takes. */
const TAKES = 'that takes FFmpeg, and a source that can be read from any place';

function decideEncoded(track: VideoTrack, encodesVideo: boolean): TrackDecision {
  const cannot = `${track.sourceCodec} cannot be copied into MP4`;
  if (!encodesVideo) return { track, action: 'omit', reason: `${cannot}, and is not encoded here: ${TAKES}` };
  if (track.width === 0 || track.height === 0)
    return { track, action: 'omit', reason: 'picture size unknown' };
  return { track, action: 'transcode', reason: `${cannot}: it is encoded anew` };
}

/** By index, or by language with or without its region. */
const isNamed = ({ index, language }: Track, name: string): boolean =>
  String(index) === name || language.toLowerCase().startsWith(name.toLowerCase());

/** Why a track cannot be copied; null when it can. */
function unusable(track: VideoTrack | AudioTrack): string | null {
  if (track.unreadable) return track.unreadable;
  const config = track.configs[0];
  if (!config) return `${track.sourceCodec || 'this codec'} cannot be copied into MP4`;
  if (track.kind === 'video' && (track.width === 0 || track.height === 0)) return 'picture size unknown';
  return codecKind(config) === track.kind ? null : 'codec and track type disagree';
}

/** @throws MediaError `encrypted` or `unsupported` with all reasons where no track is kept */
export function refuseNothing({ kept, decisions }: Selection): void {
  if (kept.video || kept.audio.length > 0) return;
  const media = decisions.filter(({ track }) => track.kind === 'video' || track.kind === 'audio');
  const reasons = media
    .map(({ track, reason }) => `${track.kind} ${track.sourceCodec}: ${reason}`)
    .join('; ');
  const isEncrypted =
    media.length > 0 && media.every(({ track }) => track.unreadable?.startsWith('encrypted'));
  if (isEncrypted) throw new MediaError('encrypted', `The tracks are encrypted (${reasons})`);
  throw unsupported(reasons ? `No track can be played: ${reasons}` : 'The file has neither video nor audio');
}
