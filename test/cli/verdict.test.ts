import { describe, expect, it } from 'vitest';
import { PLAYER_NAMES, PLAYERS, type PlayerName } from '../../src/cli/players.ts';
import { judge, type TrackFacts } from '../../src/cli/verdict.ts';

const video = (native: string, more: Partial<TrackFacts> = {}): TrackFacts => ({
  kind: 'video',
  native,
  copied: native,
  isEncoded: false,
  isFirst: true,
  reason: null,
  ...more,
});
const audio = (native: string, more: Partial<TrackFacts> = {}): TrackFacts => ({
  ...video(native),
  kind: 'audio',
  isEncoded: true,
  ...more,
});
const aac = audio('mp4a.40.2', { isEncoded: false });
const decoded = (native: string) => audio(native, { copied: null });

type Row = readonly [player: PlayerName, container: string, track: TrackFacts, verdict: string];

const ROWS: readonly Row[] = [
  ['chrome', 'mp4', video('avc1.64001f'), 'plays as it is: Chrome opens MP4 and decodes H.264 High'],
  [
    'chrome',
    'matroska',
    video('avc1.64001f'),
    'copied: Chrome decodes H.264 High; only the container is changed',
  ],
  [
    'chrome',
    'matroska',
    video('avc1.6e001f'),
    'copied: Chrome decodes H.264 High 10; only the container is changed',
  ],
  ['chrome', 'webm', video('vp09.00.10.08'), 'plays as it is: Chrome opens WebM and decodes VP9 profile 0'],
  ['chrome', 'webm', video('V_VP8', { copied: null }), 'plays as it is: Chrome opens WebM and decodes V_VP8'],
  [
    'chrome',
    'mp4',
    video('hvc1.2.4.L153.B0'),
    'copied: HEVC Main 10 plays only where the device decodes it in hardware; only the container is changed',
  ],
  [
    'chrome',
    'mp4',
    video('dvh1.05.06'),
    'not possible: Chrome does not decode Dolby Vision profile 5, and video is not re-encoded',
  ],
  [
    'chrome',
    'matroska',
    video('V_MPEG4/ISO/ASP', { copied: null, reason: 'cannot be copied' }),
    'not possible: cannot be copied',
  ],
  ['chrome', 'mp4', aac, 'plays as it is: Chrome opens MP4 and decodes AAC'],
  ['chrome', 'mp4', { ...aac, isFirst: false }, 'copied: Chrome decodes AAC; only the container is changed'],
  ['chrome', 'mp4', audio('mp4a.6B'), 'plays as it is: Chrome opens MP4 and decodes MP3'],
  [
    'chrome',
    'mpegts',
    audio('mp4a.6B'),
    'transcoded: Chrome does not decode MP3 within a stream: it becomes AAC',
  ],
  ['chrome', 'mpegts', audio('ec-3'), 'transcoded: Chrome does not decode E-AC-3: it becomes AAC'],
  ['chrome', 'matroska', decoded('dts'), 'transcoded: Chrome does not decode DTS: it becomes AAC'],
  ['chrome', 'matroska', decoded('truehd'), 'transcoded: Chrome does not decode TrueHD: it becomes AAC'],
  [
    'chrome',
    'matroska',
    audio('truehd', { copied: null, isEncoded: false, reason: 'no FFmpeg' }),
    'not possible: no FFmpeg',
  ],
  [
    'chrome',
    'matroska',
    audio('ac-3', { isEncoded: false }),
    'not possible: Chrome does not decode AC-3, and no AAC can be made of it',
  ],
  [
    'chrome',
    'matroska',
    { ...video('S_HDMV/PGS'), kind: 'subtitle', reason: 'pictures' },
    'not possible: pictures',
  ],
  [
    'chrome',
    'matroska',
    { ...video('S_TEXT/UTF8'), kind: 'subtitle', isEncoded: true, reason: 'S_TEXT/UTF8 becomes WebVTT' },
    'transcoded: S_TEXT/UTF8 becomes WebVTT',
  ],
  ['safari', 'matroska', audio('ec-3'), 'copied: Safari decodes E-AC-3; only the container is changed'],
  ['safari', 'mp4', audio('alac'), 'plays as it is: Safari opens MP4 and decodes ALAC'],
  ['safari', 'webm', video('vp09.00.10.08'), 'plays as it is: Safari opens WebM and decodes VP9 profile 0'],
  [
    'safari',
    'matroska',
    video('vp09.00.10.08'),
    'not possible: Safari does not decode VP9 profile 0, and video is not re-encoded',
  ],
  [
    'safari',
    'matroska',
    audio('Opus'),
    'transcoded: Safari does not decode Opus within a stream: it becomes AAC',
  ],
  [
    'safari',
    'mp4',
    video('avc1.6e001f'),
    'not possible: Safari does not decode H.264 High 10, and video is not re-encoded',
  ],
  [
    'firefox',
    'matroska',
    video('av01.0.04M.08'),
    'copied: Firefox decodes AV1; only the container is changed',
  ],
  ['firefox', 'ogg', decoded('vorbis'), 'plays as it is: Firefox opens Ogg and decodes Vorbis'],
  ['tizen', 'matroska', audio('ac-3'), 'plays as it is: Tizen (Samsung) opens Matroska and decodes AC-3'],
  [
    'tizen',
    'matroska',
    { ...aac, isFirst: false },
    'plays as it is: Tizen (Samsung) opens Matroska and decodes AAC',
  ],
  ['tizen', 'matroska', decoded('dts'), 'transcoded: Tizen (Samsung) does not decode DTS: it becomes AAC'],
  [
    'webos',
    'mpegts',
    video('dvh1.05.06'),
    'copied: Dolby Vision profile 5 plays only on models with Dolby Vision; only the container is changed',
  ],
  [
    'chromecast',
    'matroska',
    audio('ac-3'),
    'transcoded: AC-3 plays only where the TV or receiver takes it: it is offered as it is and as AAC',
  ],
  [
    'chromecast',
    'mp4',
    video('hev1.1.6.L93.B0'),
    'copied: HEVC Main plays only on the Ultra and models with Google TV; only the container is changed',
  ],
];

describe('what becomes of a track', () => {
  it.each(ROWS)('in %s, from %s', (name, container, track, expected) => {
    const { word, why } = judge(PLAYERS[name], container, track);
    expect(`${word}: ${why}`).toBe(expected);
  });
});

describe('the table of players', () => {
  const CODECS = ['avc1.42c01e', 'avc1.4d401f', 'avc1.640028', 'mp4a.40.2', 'mp4a.40.5', 'mp4a.40.29'];
  it.each(PLAYER_NAMES)('%s plays H.264 up to High and AAC from segments', (name) => {
    for (const codec of CODECS)
      expect([codec, PLAYERS[name].decoders.find((row) => row.codec.test(codec))]).toMatchObject([
        codec,
        { support: 'yes' },
      ]);
  });

  it.each(PLAYER_NAMES)('%s says where, whenever only some devices can', (name) => {
    const rows: readonly { readonly support: string; readonly where?: string }[] = PLAYERS[name].decoders;
    expect(rows.filter(({ support, where }) => (support === 'some') !== (where !== undefined))).toEqual([]);
  });
});
