/** How sure it is that a player plays something: on all its devices, or on some. */
export type Support = 'yes' | 'some';

/** What a player decodes of one codec. Nothing of a codec without a row. */
export interface DecoderRow {
  /** Of the codec's string by RFC 6381, or the container's name of a codec that has none. */
  readonly codec: RegExp;
  readonly support: Support;
  /** `file`: only as a file that is opened directly; `stream`: only in fMP4 segments; in both unless given. */
  readonly only?: 'file' | 'stream';
  /** Completes "plays only …" where some devices do. */
  readonly where?: string;
}

export interface Player {
  readonly title: string;
  /** Containers that it opens without help, as demuxers and `webm` name them. */
  readonly containers: readonly string[];
  /** Those that only some devices or versions open: which, completing "Only … open it". */
  readonly rareContainers: Readonly<Record<string, string>>;
  /** A file that is opened directly gives no choice of its sound: a browser without a menu for it. */
  readonly playsFirstSoundOnly: boolean;
  readonly decoders: readonly DecoderRow[];
}

const H264 = /^avc[13]\.(42|4d|58|64)/i;
const H264_DEEP = /^avc[13]\.(6e|7a|f4)/i;
/** Main and Main 10. */
const HEVC = /^h(vc|ev)1\.[A-C]?[12]\./;
const VP9 = /^vp09\.00/;
const VP9_DEEP = /^vp09\.0[123]/;
const AV1_MAIN = /^av01\.0/;
const AV1_OTHERS = /^av01\.[12]/;
/** AAC-LC, HE-AAC and its second version. */
const AAC = /^mp4a\.40\.(2|5|29)$/;
const XHE_AAC = /^mp4a\.40\.42$/;
const MP3 = /^mp4a\.(6B|69)$/i;
const AC3 = /^ac-3$/;
const EAC3 = /^ec-3$/;
const FLAC = /^flac$/i;
const OPUS = /^opus$/i;
const ALAC = /^alac$/;
const VORBIS = /^vorbis$/;
const PCM = /^pcm$/;
const VP8 = /^V_VP8$/;
const MPEG2 = /^(V_MPEG2|mpeg2video|stream_type 0x02|0x02)$/i;
/** Profile 5 has no base layer that others could play; 8 has one, and is no codec of its own. */
const DOLBY_VISION_5 = /^dv(h1|he)\.05/;

const HARDWARE = 'where the device decodes it in hardware';

/**
 * What players decode, by their makers' documents. Levels are not looked at: a device says more of them than any
 * document does.
 */
export const PLAYERS = {
  /** www.chromium.org/audio-video; profiles of H.264, VP9 and AV1, and MP3 within MP4, as Chromium 156 answers `isTypeSupported`. */
  chrome: {
    title: 'Chrome',
    containers: ['mp4', 'webm', 'ogg', 'flac', 'mp3', 'wav'],
    rareContainers: { matroska: 'newer versions of Chrome' },
    playsFirstSoundOnly: true,
    decoders: [
      { codec: H264, support: 'yes' },
      { codec: H264_DEEP, support: 'yes' },
      { codec: HEVC, support: 'some', where: HARDWARE },
      { codec: VP9, support: 'yes' },
      { codec: VP9_DEEP, support: 'yes' },
      { codec: AV1_MAIN, support: 'yes' },
      { codec: AV1_OTHERS, support: 'yes' },
      { codec: VP8, support: 'yes', only: 'file' },
      { codec: AAC, support: 'yes' },
      { codec: XHE_AAC, support: 'some', where: 'on Android, macOS and Windows 11' },
      { codec: MP3, support: 'yes', only: 'file' },
      { codec: FLAC, support: 'yes' },
      { codec: OPUS, support: 'yes' },
      { codec: VORBIS, support: 'yes', only: 'file' },
      { codec: PCM, support: 'yes', only: 'file' },
    ],
  },
  /**
   * HLS Authoring Specification for Apple Devices, 1 and 2 (developer.apple.com/documentation/http-live-streaming);
   * WebM, VP9, AV1 and Opus by WebKit's release notes of Safari 14.1, 16.4, 17 and 18.4.
   */
  safari: {
    title: 'Safari',
    containers: ['mp4', 'webm', 'mp3', 'wav', 'aiff', 'flac', 'aac'],
    rareContainers: {},
    playsFirstSoundOnly: false,
    decoders: [
      { codec: H264, support: 'yes' },
      { codec: HEVC, support: 'yes' },
      { codec: DOLBY_VISION_5, support: 'some', where: 'where the device shows Dolby Vision' },
      { codec: VP9, support: 'yes', only: 'file' },
      { codec: VP8, support: 'yes', only: 'file' },
      {
        codec: AV1_MAIN,
        support: 'some',
        where: 'where the device decodes it in hardware (M3, A17 Pro and later)',
      },
      { codec: AAC, support: 'yes' },
      { codec: XHE_AAC, support: 'yes' },
      { codec: AC3, support: 'yes' },
      { codec: EAC3, support: 'yes' },
      { codec: FLAC, support: 'yes' },
      { codec: ALAC, support: 'yes' },
      { codec: MP3, support: 'yes' },
      { codec: OPUS, support: 'some', only: 'file', where: 'from Safari 17 on' },
      { codec: VORBIS, support: 'some', only: 'file', where: 'from Safari 18.4 on' },
      { codec: PCM, support: 'yes', only: 'file' },
    ],
  },
  /** developer.mozilla.org, Web/Media/Guides/Formats: Containers, Video_codecs, Audio_codecs. */
  firefox: {
    title: 'Firefox',
    containers: ['mp4', 'webm', 'ogg', 'flac', 'mp3', 'wav'],
    rareContainers: {},
    playsFirstSoundOnly: true,
    decoders: [
      { codec: H264, support: 'yes' },
      { codec: H264_DEEP, support: 'some', where: 'where the system decodes it' },
      { codec: HEVC, support: 'some', where: 'where the system decodes it (from Firefox 134 on)' },
      { codec: VP9, support: 'yes' },
      { codec: VP9_DEEP, support: 'yes' },
      { codec: AV1_MAIN, support: 'yes' },
      { codec: VP8, support: 'yes', only: 'file' },
      { codec: AAC, support: 'yes' },
      { codec: MP3, support: 'yes', only: 'file' },
      { codec: FLAC, support: 'yes' },
      { codec: OPUS, support: 'yes' },
      { codec: VORBIS, support: 'yes', only: 'file' },
      { codec: PCM, support: 'yes', only: 'file' },
    ],
  },
  /** developer.samsung.com/smarttv/develop/specifications/media-specifications, TV Video Specifications 2018 and later. */
  tizen: {
    title: 'Tizen (Samsung)',
    containers: ['matroska', 'mp4', 'mpegts', 'webm', 'mp3', 'flac', 'ogg', 'wav', 'aac'],
    rareContainers: {},
    playsFirstSoundOnly: false,
    decoders: [
      { codec: H264, support: 'yes' },
      { codec: HEVC, support: 'yes' },
      { codec: VP9, support: 'yes' },
      { codec: VP9_DEEP, support: 'some', where: 'on UHD models' },
      { codec: AV1_MAIN, support: 'some', where: 'on models from 2020 on' },
      { codec: VP8, support: 'yes', only: 'file' },
      { codec: MPEG2, support: 'yes', only: 'file' },
      { codec: AAC, support: 'yes' },
      { codec: AC3, support: 'yes' },
      { codec: EAC3, support: 'yes' },
      { codec: MP3, support: 'yes' },
      { codec: OPUS, support: 'some', where: 'on models from 2018 on' },
      { codec: VORBIS, support: 'yes', only: 'file' },
      { codec: FLAC, support: 'yes', only: 'file' },
      { codec: PCM, support: 'yes', only: 'file' },
    ],
  },
  /** webostv.developer.lge.com/develop/specifications, Video and Audio Formats of webOS TV 4.0 and later. */
  webos: {
    title: 'webOS (LG)',
    containers: ['matroska', 'mp4', 'mpegts', 'webm', 'mp3', 'flac', 'ogg', 'wav', 'aac'],
    rareContainers: {},
    playsFirstSoundOnly: false,
    decoders: [
      { codec: H264, support: 'yes' },
      { codec: HEVC, support: 'yes' },
      { codec: DOLBY_VISION_5, support: 'some', where: 'on models with Dolby Vision' },
      { codec: VP9, support: 'yes' },
      { codec: VP9_DEEP, support: 'some', where: 'on UHD models' },
      { codec: AV1_MAIN, support: 'some', where: 'on models from 2020 on' },
      { codec: VP8, support: 'yes', only: 'file' },
      { codec: MPEG2, support: 'yes', only: 'file' },
      { codec: AAC, support: 'yes' },
      { codec: AC3, support: 'yes' },
      { codec: EAC3, support: 'yes' },
      { codec: MP3, support: 'yes' },
      { codec: OPUS, support: 'some', where: 'on models from 2022 on' },
      { codec: VORBIS, support: 'yes', only: 'file' },
      { codec: FLAC, support: 'yes', only: 'file' },
      { codec: PCM, support: 'yes', only: 'file' },
      { codec: /^dts$/, support: 'some', only: 'file', where: 'on models before 2020 and from 2023 on' },
    ],
  },
  /** developers.google.com/cast/docs/media: from the third generation to the Google TV Streamer. */
  chromecast: {
    title: 'Chromecast',
    containers: ['mp4', 'webm', 'mp3', 'ogg', 'wav', 'flac'],
    rareContainers: {},
    playsFirstSoundOnly: true,
    decoders: [
      { codec: H264, support: 'yes' },
      { codec: HEVC, support: 'some', where: 'on the Ultra and models with Google TV' },
      { codec: DOLBY_VISION_5, support: 'some', where: 'on the Ultra and models with Google TV' },
      { codec: VP9, support: 'some', where: 'on the Ultra and models with Google TV' },
      { codec: VP9_DEEP, support: 'some', where: 'on the Ultra and models with Google TV' },
      { codec: AV1_MAIN, support: 'some', where: 'on the Google TV Streamer' },
      { codec: VP8, support: 'yes', only: 'file' },
      { codec: AAC, support: 'yes' },
      { codec: MP3, support: 'yes' },
      { codec: FLAC, support: 'yes' },
      { codec: OPUS, support: 'yes' },
      { codec: VORBIS, support: 'yes', only: 'file' },
      { codec: PCM, support: 'yes', only: 'file' },
      { codec: AC3, support: 'some', where: 'where the TV or receiver takes it' },
      { codec: EAC3, support: 'some', where: 'where the TV or receiver takes it' },
    ],
  },
} as const satisfies Readonly<Record<string, Player>>;

export type PlayerName = keyof typeof PLAYERS;
export const PLAYER_NAMES = Object.keys(PLAYERS) as readonly PlayerName[];
