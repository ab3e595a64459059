import { createFragmentMuxer } from '../../muxers/fmp4/muxer.ts';
import { mediaPlaylist } from '../../muxers/hls.ts';
import { buildAudioSpecificConfig } from '../codecs/aac.ts';
import { codecString } from '../codecs/codecs.ts';
import type { Muxer } from '../core/contracts.ts';
import type { AudioTrack, VideoTrack } from '../core/media.ts';
import { nanoseconds } from '../core/time.ts';
import { segmentDurations } from '../core/timeline.ts';
import { AAC_FRAME, type AacOutput } from '../core/transcoding.ts';
import { TARGET_DURATION } from './live/targets.ts';
import { audioBoundaries } from './plan-tracks.ts';
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

export interface VideoRendition extends RenditionCommon {
  readonly kind: 'video';
  readonly video: PlannedVideo;
}

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
export function planRenditions(title: Title): Rendition[] {
  const video = title.video ? [videoRendition(title, title.video)] : [];
  return [...video, ...title.audio.flatMap((audio) => audioRenditions(title, audio))];
}

/** What is best for a browser first. */
function audioRenditions(title: Title, audio: PlannedAudio): AudioRenditionPlan[] {
  const encoded = audio.forms.aac.map((output) => encodedRendition(title, audio, output));
  return audio.forms.isCopied ? [...encoded, copiedRendition(title, audio)] : encoded;
}

function videoRendition(title: Title, video: PlannedVideo): VideoRendition {
  const { cuts, end, timescale } = title.timeline;
  const durations = segmentDurations([...cuts.map((cut) => cut.time), end], timescale);
  const { track, clock } = video;
  const bandwidth = title.bandwidth.get(track.id) ?? NO_BANDWIDTH;
  const name = `v${track.index}`;
  return { kind: 'video', name, video, durations, ...written(track, clock.timescale, bandwidth) };
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
  const track = encodedTrack(audio.track, output);
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
function encodedTrack(source: AudioTrack, { rate, channels }: AacOutput): AudioTrack {
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
const targetDuration = (renditions: readonly Rendition[]): number =>
  renditions
    .flatMap(({ durations }) => durations)
    .reduce((longest, duration) => Math.max(longest, Math.round(duration / 1_000_000)), 1);

/** True when decoding can begin at every segment without a look at the one before. Without a plan nobody knows. */
export const isIndependent = ({ video, timeline: { cuts } }: Title): boolean =>
  video === null || (cuts.length > 0 && cuts.every((cut) => cut.point.isClosed));

export function renditionPlaylist(
  title: Title,
  renditions: readonly Rendition[],
  rendition: Rendition,
): string {
  return mediaPlaylist({
    isIndependent: isIndependent(title),
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
