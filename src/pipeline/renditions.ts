import { createFragmentMuxer } from '../../muxers/fmp4/muxer.ts';
import { type AudioRendition, mediaPlaylist, multivariantPlaylist, type Variant } from '../../muxers/hls.ts';
import { codecString, hlsChannels, supplementalCodecString } from '../codecs/codecs.ts';
import { needsDolbyVision } from '../codecs/dolby-vision.ts';
import type { Muxer } from '../core/contracts.ts';
import type { AudioTrack, VideoTrack } from '../core/media.ts';
import { nearestRate } from '../core/time.ts';
import { segmentDurations } from '../core/timeline.ts';
import { TARGET_DURATION } from './live/targets.ts';
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
}

/** One playlist's worth of segments: a track in a form. */
export type Rendition = VideoRendition | AudioRenditionPlan;

/** Every rendition holds one track; all call it so. */
const TRACK_ID = 1;
const NO_BANDWIDTH: Bandwidth = { peak: 1, average: 1 };

/** The renditions of a title, the main one first. */
export function planRenditions(title: Title): Rendition[] {
  const video = title.video ? [videoRendition(title, title.video)] : [];
  return [...video, ...title.audio.map((audio) => audioRendition(title, audio))];
}

function videoRendition(title: Title, video: PlannedVideo): VideoRendition {
  const { cuts, end, timescale } = title.timeline;
  const durations = segmentDurations([...cuts.map((cut) => cut.time), end], timescale);
  return { kind: 'video', name: `v${video.track.index}`, video, durations, ...written(title, video) };
}

function audioRendition(title: Title, audio: PlannedAudio): AudioRenditionPlan {
  const durations = audioDurations(audio, audio.boundaries);
  return { kind: 'audio', name: `a${audio.track.index}-copy`, audio, durations, ...written(title, audio) };
}

/** Microseconds of each segment between boundaries in samples: frames are whole. */
function audioDurations({ clock }: PlannedAudio, boundaries: readonly number[]): number[] {
  const { gridOrigin, frameSize, timescale } = clock;
  const onGrid = (samples: number) => gridOrigin + Math.ceil((samples - gridOrigin) / frameSize) * frameSize;
  return segmentDurations(boundaries.map(onGrid), timescale);
}

type Written = Pick<RenditionCommon, 'timescale' | 'muxer' | 'codecString' | 'bandwidth'>;

/** What the track's segments are written with, and what that costs. */
function written(title: Title, { track, clock: { timescale } }: PlannedVideo | PlannedAudio): Written {
  const bandwidth = title.bandwidth.get(track.id) ?? NO_BANDWIDTH;
  return {
    timescale,
    muxer: createFragmentMuxer(track, { trackId: TRACK_ID, timescale, bitrate: bandwidth }),
    codecString: codecString(track),
    bandwidth,
  };
}

/** The same on all renditions: the longest segment, rounded. */
const targetDuration = (renditions: readonly Rendition[]): number =>
  renditions
    .flatMap(({ durations }) => durations)
    .reduce((longest, duration) => Math.max(longest, Math.round(duration / 1_000_000)), 1);

/** True when decoding can begin at every segment without a look at the one before. Without a plan nobody knows. */
const isIndependent = ({ video, timeline: { cuts } }: Title): boolean =>
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

const AUDIO_GROUP = 'audio';

/** @param base where the renditions' folders lie, relative to the playlist */
export function titlePlaylist(title: Title, renditions: readonly Rendition[], base: string): string {
  const video = renditions.find((rendition) => rendition.kind === 'video');
  const audio = renditions.filter((rendition) => rendition.kind === 'audio');
  const [firstAudio] = audio;
  const main = video ?? firstAudio;
  if (!main) return multivariantPlaylist({ isIndependent: true, audio: [], variants: [] });
  const uri = (rendition: Rendition) => `${base}${rendition.name}/index.m3u8`;
  const hasGroup = video ? audio.length > 0 : audio.length > 1;
  const sound = loudest(audio);
  const total = (key: keyof Bandwidth) => (video ? video.bandwidth[key] : 0) + sound[key];
  const variant: Variant = {
    bandwidth: total('peak'),
    averageBandwidth: total('average'),
    codecs: [
      ...new Set([...(video ? [video.codecString] : []), ...audio.map(({ codecString }) => codecString)]),
    ],
    video: video
      ? {
          width: video.video.track.width,
          height: video.video.track.height,
          frameRate: frameRate(video.video),
          range: videoRange(video.video.track),
          supplementalCodec: supplementalCodecString(video.video.track),
        }
      : null,
    audioGroup: hasGroup ? AUDIO_GROUP : null,
    uri: uri(main),
  };
  return multivariantPlaylist({
    isIndependent: isIndependent(title),
    audio: hasGroup ? audioMembers(audio, uri) : [],
    variants: [variant],
  });
}

const loudest = (audio: readonly Rendition[]): Bandwidth => ({
  peak: Math.max(0, ...audio.map(({ bandwidth }) => bandwidth.peak)),
  average: Math.max(0, ...audio.map(({ bandwidth }) => bandwidth.average)),
});

function audioMembers(
  audio: readonly AudioRenditionPlan[],
  uri: (rendition: Rendition) => string,
): AudioRendition[] {
  const names = uniqueNames(audio.map(({ audio: { track } }) => displayName(track)));
  const defaultIndex = Math.max(
    0,
    audio.findIndex(({ audio: { track } }) => track.isDefault),
  );
  return audio.map((rendition, i) => ({
    groupId: AUDIO_GROUP,
    name: names[i] ?? rendition.name,
    language: rendition.audio.track.language,
    isDefault: i === defaultIndex,
    channels: hlsChannels(rendition.audio.track),
    uri: uri(rendition),
  }));
}

/** What a menu shows: the track's own name, else its language in English. */
function displayName(track: AudioTrack): string {
  if (track.name) return track.name;
  if (track.language === 'und') return `Audio ${track.index}`;
  return new Intl.DisplayNames(['en'], { type: 'language' }).of(track.language) ?? track.language;
}

/** Names are unique in a group (RFC 8216, 4.3.4.1.1): repeated ones get a number. */
function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let unique = name;
    for (let i = 2; taken.has(unique); i++) unique = `${name} (${i})`;
    taken.add(unique);
    return unique;
  });
}

/**
 * Declared rate, else the nearest standard one to the usual distance of pictures. Where every picture was
 * counted and that says otherwise (holes, a last picture that lasts long), the average.
 */
function frameRate({ track, usualRate, counted }: PlannedVideo): number {
  const rate = track.frameRate ?? nearestRate(usualRate);
  const exact = rate.num / rate.den;
  if (!counted) return exact;
  const oneInThousand = (0.001 * exact) / counted.pictures;
  const isExact = Math.abs(counted.rate - exact) <= 0.005 + exact * (0.0002 + oneInThousand);
  return isExact ? exact : counted.rate;
}

/** ITU-T H.273, TransferCharacteristics: 16 is SMPTE ST 2084, 18 ARIB STD-B67. */
const RANGES: Readonly<Record<number, 'PQ' | 'HLG'>> = { 16: 'PQ', 18: 'HLG' };

/** Dolby Vision without a base layer of its own is PQ, though its bitstream does not say so. */
const videoRange = ({ colour, dolbyVision }: VideoTrack): 'SDR' | 'PQ' | 'HLG' =>
  needsDolbyVision(dolbyVision) ? 'PQ' : ((colour && RANGES[colour.transfer]) ?? 'SDR');
