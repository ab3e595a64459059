import { type AudioRendition, multivariantPlaylist, type Variant } from '../../muxers/hls.ts';
import { hlsChannels, supplementalCodecString } from '../codecs/codecs.ts';
import { needsDolbyVision } from '../codecs/dolby-vision.ts';
import type { VideoTrack } from '../core/media.ts';
import { nearestRate } from '../core/time.ts';
import { type AudioGroup, audioGroups } from './audio-groups.ts';
import { displayName, uniqueNames } from './display-names.ts';
import { isIndependentRendition, type Rendition, type VideoRendition } from './renditions.ts';
import { subtitleMembers } from './subtitles/subtitle-playlist.ts';
import type { Bandwidth, PlannedVideo, Title } from './title.ts';

/**
 * The master playlist: one variant for each form of the video and each group of audio renditions, stereo AAC first. Each
 * group has every track.
 * @param base where the renditions' folders lie, relative to the playlist
 */
export function titlePlaylist(title: Title, renditions: readonly Rendition[], base: string): string {
  const videos = renditions.filter((rendition) => rendition.kind === 'video');
  const hasVideo = videos.length > 0;
  const groups = audioGroups(renditions.filter((rendition) => rendition.kind === 'audio'));
  const uriOf = (name: string) => `${base}${name}/index.m3u8`;
  const uri = (rendition: Rendition) => uriOf(rendition.name);
  const isListed = ({ members }: AudioGroup) => (hasVideo ? members.length > 0 : members.length > 1);
  return multivariantPlaylist({
    isIndependent: (hasVideo ? videos : renditions).every((one) => isIndependentRendition(title, one)),
    audio: groups.filter(isListed).flatMap((group) => audioMembers(group, uri)),
    subtitles: subtitleMembers(title, uriOf),
    variants: (hasVideo ? videos : [null]).flatMap((video) =>
      (groups.length > 0 ? groups : [NO_SOUND]).flatMap((group) => {
        const main = video ?? group.members[0];
        const audioGroup = isListed(group) ? group.id : null;
        return main ? [{ ...variantOf(video, group), audioGroup, uri: uri(main) }] : [];
      }),
    ),
  });
}

const NO_SOUND: AudioGroup = { id: 'audio', members: [] };

function variantOf(
  video: VideoRendition | null,
  { members }: AudioGroup,
): Omit<Variant, 'audioGroup' | 'uri'> {
  const sound = loudest(members);
  const total = (key: keyof Bandwidth) => (video ? video.bandwidth[key] : 0) + sound[key];
  const codecs = [...(video ? [video.codecString] : []), ...members.map(({ codecString }) => codecString)];
  return {
    bandwidth: total('peak'),
    averageBandwidth: total('average'),
    codecs: [...new Set(codecs)],
    video: video && {
      width: video.track.width,
      height: video.track.height,
      frameRate: frameRate(video.video),
      range: videoRange(video.track),
      supplementalCodec: supplementalCodecString(video.track),
    },
  };
}

const loudest = (audio: readonly Rendition[]): Bandwidth => ({
  peak: Math.max(0, ...audio.map(({ bandwidth }) => bandwidth.peak)),
  average: Math.max(0, ...audio.map(({ bandwidth }) => bandwidth.average)),
});

function audioMembers({ id, members }: AudioGroup, uri: (rendition: Rendition) => string): AudioRendition[] {
  const names = uniqueNames(members.map(({ track }) => displayName(track, 'Audio')));
  const defaultIndex = Math.max(
    0,
    members.findIndex(({ track }) => track.isDefault),
  );
  return members.map((rendition, i) => ({
    groupId: id,
    name: names[i] ?? rendition.name,
    language: rendition.track.language,
    isDefault: i === defaultIndex,
    channels: hlsChannels(rendition.track),
    uri: uri(rendition),
  }));
}

/** Pictures a second that any level of a codec allows at the most: ITU-T H.264, A.3.1; H.265, A.4.2. */
const MAX_FRAME_RATE = 300;

/**
 * Declared rate, else the nearest standard one to the usual distance of pictures. Where every picture was
 * counted and that says otherwise (holes, a last picture that lasts long), the average.
 */
function frameRate({ track, usualRate, counted }: PlannedVideo): number {
  const { num, den } = track.frameRate ?? nearestRate(usualRate);
  // Some encoders declare the ticks of their clock.
  const rate = num > den * MAX_FRAME_RATE ? nearestRate(usualRate) : { num, den };
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
