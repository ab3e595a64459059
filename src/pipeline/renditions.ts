import { createFragmentMuxer } from '../../muxers/fmp4/muxer.ts';
import { mediaPlaylist } from '../../muxers/hls.ts';
import { buildAudioSpecificConfig } from '../codecs/aac.ts';
import { codecString } from '../codecs/codecs.ts';
import type { Muxer } from '../core/contracts.ts';
import type { AudioTrack, VideoConfig, VideoTrack } from '../core/media.ts';
import { nanoseconds, type Ticks } from '../core/time.ts';
import { segmentDurations } from '../core/timeline.ts';
import { AAC_FRAME, type AacOutput } from '../core/transcoding.ts';
import { TARGET_DURATION } from './live/targets.ts';
import { audioBoundaries } from './plan-tracks.ts';
import { COPIED, type EncodedForm, encodedTrack, type VideoForms } from './reencoded/forms.ts';
import type { Bandwidth, PlannedAudio, PlannedVideo, Title } from './title.ts';

interface RenditionCommon {
  /** Stable: kind, track index, form. */
  readonly name: string;
  readonly timescale: number;
  readonly muxer: Muxer;
  readonly codecString: string;
  readonly bandwidth: Bandwidth;
  /** Microseconds of each segment. */
  readonly durations: readonly number[];
}

interface VideoRenditionCommon extends RenditionCommon {
  readonly kind: 'video';
  readonly video: PlannedVideo;
  /** The track as it is written. */
  readonly track: VideoTrack;
}

export interface CopiedVideoRendition extends VideoRenditionCommon {
  readonly encoded: null;
}

/** Its init segment is known when its encoder has told what it makes. */
export interface EncodedVideoRendition extends VideoRenditionCommon {
  readonly encoded: EncodedForm;
}

export type VideoRendition = CopiedVideoRendition | EncodedVideoRendition;

export interface AudioRenditionPlan extends RenditionCommon {
  readonly kind: 'audio';
  readonly audio: PlannedAudio;
  /** The track as it is written. */
  readonly track: AudioTrack;
  /** What its sound is encoded to; null for a copy. */
  readonly aac: EncodedPlan | null;
}

export interface EncodedPlan {
  readonly output: AacOutput;
  /** As `PlannedAudio.boundaries`, in samples of the output. */
  readonly boundaries: readonly number[];
}

/** One playlist's worth of segments: a track in a form. */
export type Rendition = VideoRendition | AudioRenditionPlan;

/** Every rendition holds one track; all call it so. */
const TRACK_ID = 1;
export const NO_BANDWIDTH: Bandwidth = { peak: 1, average: 1 };

/** The renditions of a title, the main one first. */
export function planRenditions(title: Title, forms: VideoForms = COPIED): Rendition[] {
  const video = title.video ? videoRenditions(title, title.video, forms) : [];
  return [...video, ...title.audio.flatMap((audio) => audioRenditions(title, audio))];
}

function videoRenditions(title: Title, video: PlannedVideo, forms: VideoForms): VideoRendition[] {
  const copied = forms.isCopied && video.track.configs.length > 0 ? [copiedVideo(title, video)] : [];
  const encoded = forms.encoded.map((form) => encodedVideo(title, video, form));
  return forms.isCopyFirst ? [...copied, ...encoded] : [...encoded, ...copied];
}

/** What is best for a browser first. */
function audioRenditions(title: Title, audio: PlannedAudio): AudioRenditionPlan[] {
  const encoded = audio.forms.aac.map((output) => encodedRendition(title, audio, output));
  return audio.forms.isCopied ? [...encoded, copiedRendition(title, audio)] : encoded;
}

const cutTimes = ({ timeline: { cuts } }: Title): Ticks[] => cuts.map(({ time }) => time);

/** Microseconds from cut to cut. */
export const cutDurations = (title: Title): number[] => durationsFrom(title, cutTimes(title));

const durationsFrom = ({ timeline: { end, timescale } }: Title, starts: readonly Ticks[]): number[] =>
  segmentDurations([...starts, end], timescale);

function copiedVideo(title: Title, video: PlannedVideo): CopiedVideoRendition {
  const { track, clock } = video;
  const bandwidth = title.bandwidth.get(track.id) ?? NO_BANDWIDTH;
  return {
    kind: 'video',
    name: `v${track.index}`,
    video,
    track,
    encoded: null,
    // Of open cuts what counts is the picture at which players begin: rule 2.
    durations: cutDurations(title),
    ...written(track, clock.timescale, bandwidth),
  };
}

/** A decoder's buffer of a second is filled once more than it is emptied in a run of four seconds. */
const PEAK = 1.25;

/** With the cuts of the copied one; at each of them the first picture that is shown is one to begin with. */
function encodedVideo(title: Title, video: PlannedVideo, form: EncodedForm): EncodedVideoRendition {
  const { target, encoder } = form;
  const { timescale } = video.clock;
  const track = encodedTrack(video.track, target);
  const peak = Math.ceil(target.maxBitrate * PEAK);
  const bandwidth = { peak, average: target.maxBitrate };
  return {
    kind: 'video',
    name: `v${track.index}-${target.codec}-${target.height}-${Math.round(target.maxBitrate / 1000)}k-${encoder}`,
    video,
    track,
    encoded: form,
    durations: durationsFrom(title, video.starts),
    timescale,
    muxer: createFragmentMuxer(track, { trackId: TRACK_ID, timescale, bitrate: bandwidth }),
    codecString: form.codecString,
    bandwidth,
  };
}

/** Whether a name is that of a rendition whose video is encoded. */
export const isEncodedVideo = (name: string): boolean => /^v\d+-/.test(name);

/** The init segment of a rendition, once its encoder has told what it makes. */
export function encodedInit(rendition: EncodedVideoRendition, config: VideoConfig): Uint8Array {
  const { timescale, bandwidth } = rendition;
  const track = { ...rendition.track, configs: [config] };
  return createFragmentMuxer(track, { trackId: TRACK_ID, timescale, bitrate: bandwidth }).init();
}

function copiedRendition(title: Title, audio: PlannedAudio): AudioRenditionPlan {
  const { track, clock, boundaries } = audio;
  const bandwidth = title.bandwidth.get(track.id) ?? NO_BANDWIDTH;
  return {
    kind: 'audio',
    name: `a${track.index}-copy`,
    audio,
    track,
    aac: null,
    durations: audioDurations(boundaries, clock),
    ...written(track, clock.timescale, bandwidth),
  };
}

function encodedRendition(title: Title, audio: PlannedAudio, output: AacOutput): AudioRenditionPlan {
  const boundaries = audioBoundaries(title.timeline, output.rate);
  const track = aacTrack(audio.track, output);
  const peak = audio.forms.peakPerChannel * output.channels;
  const grid = { gridOrigin: 0, frameSize: AAC_FRAME, timescale: output.rate };
  return {
    kind: 'audio',
    name: `a${track.index}-aac${output.channels === 6 ? '51' : ''}`,
    audio,
    track,
    aac: { output, boundaries },
    durations: segmentDurations(
      [...boundaries.slice(0, -1).map(onGrid(grid)), boundaries.at(-1) ?? 0],
      output.rate,
    ),
    ...written(track, output.rate, { peak, average: peak }),
  };
}

const AAC_LC = 2;

/** channelConfiguration is the number of channels here: ISO/IEC 14496-3, Table 1.19. */
function aacTrack(source: AudioTrack, { rate, channels }: AacOutput): AudioTrack {
  const record = buildAudioSpecificConfig({
    objectType: AAC_LC,
    samplingRate: rate,
    channelConfiguration: channels,
  });
  return {
    ...source,
    configs: [{ codec: 'aac', record }],
    decodeOnly: null,
    sampleRate: rate,
    channels,
    frameSize: AAC_FRAME,
    frameStep: null,
    codecDelay: nanoseconds(0),
    seekPreRoll: nanoseconds(0),
  };
}

type Grid = Pick<PlannedAudio['clock'], 'gridOrigin' | 'frameSize' | 'timescale'>;

/** Microseconds of each segment between boundaries in samples: frames are whole. What is encoded ends exactly. */
const audioDurations = (boundaries: readonly number[], grid: Grid): number[] =>
  segmentDurations(boundaries.map(onGrid(grid)), grid.timescale);

const onGrid =
  ({ gridOrigin, frameSize }: Grid) =>
  (samples: number): number =>
    gridOrigin + Math.ceil((samples - gridOrigin) / frameSize) * frameSize;

type Written = Pick<RenditionCommon, 'timescale' | 'muxer' | 'codecString' | 'bandwidth'>;

/** What the track's segments are written with, and what that costs. */
const written = (track: VideoTrack | AudioTrack, timescale: number, bandwidth: Bandwidth): Written => ({
  timescale,
  muxer: createFragmentMuxer(track, { trackId: TRACK_ID, timescale, bitrate: bandwidth }),
  codecString: codecString(track),
  bandwidth,
});

/** The same on all renditions: the longest segment, rounded. */
export const targetDuration = (renditions: readonly Rendition[]): number =>
  renditions
    .flatMap(({ durations }) => durations)
    .reduce((longest, duration) => Math.max(longest, Math.round(duration / 1_000_000)), 1);

/** True when all segments of what is played can be decoded by themselves. */
export const isIndependentRendition = (title: Title, rendition: Rendition): boolean =>
  (rendition.kind === 'video' && rendition.encoded !== null) || isIndependent(title);

/** True when decoding can begin at every segment without a look at the one before. Without a plan nobody knows. */
export const isIndependent = ({ video, timeline: { cuts } }: Title): boolean =>
  video === null || (cuts.length > 0 && cuts.every((cut) => cut.point.isClosed));

export function renditionPlaylist(
  title: Title,
  renditions: readonly Rendition[],
  rendition: Rendition,
): string {
  return mediaPlaylist({
    isIndependent: isIndependentRendition(title, rendition),
    targetDuration: targetDuration(renditions) + title.slack,
    type: 'VOD',
    isEnded: true,
    startsAt: null,
    initUri: 'init.mp4',
    segments: rendition.durations.map((duration, n) => ({ duration, uri: `${n}.m4s` })),
  });
}

/** As far as a title that can only be read in order was read. */
export function livePlaylist(title: Title, rendition: Rendition, state: LiveState): string {
  const { first, ends, sounds, isEnded } = state;
  const boundaries = rendition.kind === 'video' ? [first, ...ends] : (sounds.get(rendition.name) ?? []);
  const durations = segmentDurations(boundaries, rendition.timescale);
  return mediaPlaylist({
    isIndependent: isIndependent(title),
    targetDuration: TARGET_DURATION,
    type: 'EVENT',
    isEnded,
    startsAt: state.isFromStart && !isEnded ? 0 : null,
    initUri: 'init.mp4',
    segments: durations.map((duration, n) => ({ duration, uri: `${n}.m4s` })),
  });
}

/** How far that is. */
export interface LiveState {
  /** Where the first picture is. */
  readonly first: number;
  /** Where each segment ends, in the main track's ticks. */
  readonly ends: readonly number[];
  /** Where the sound of each audio rendition begins, and where it ends in each segment: samples. */
  readonly sounds: ReadonlyMap<string, readonly number[]>;
  /** Nothing more will come. */
  readonly isEnded: boolean;
  /** The first segment is still at hand: who comes now sees the beginning, who comes later what is newest. */
  readonly isFromStart: boolean;
}
