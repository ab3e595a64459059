import { describe, expect, test } from 'vitest';
import {
  type MultivariantPlaylist,
  mediaPlaylist,
  multivariantPlaylist,
  PLAYLIST_TYPE,
} from '../../muxers/hls.ts';

const FILM: MultivariantPlaylist = {
  isIndependent: true,
  audio: [
    {
      groupId: 'audio',
      name: 'English',
      language: 'en',
      isDefault: true,
      channels: '2',
      uri: 'a1-copy/index.m3u8',
    },
    {
      groupId: 'audio',
      name: 'Director "Jo"\r\n',
      language: 'de',
      isDefault: false,
      channels: '6',
      uri: 'a2-copy/index.m3u8',
    },
  ],
  subtitles: [],
  variants: [
    {
      bandwidth: 5_000_000,
      averageBandwidth: 4_000_000,
      codecs: ['avc1.64001F', 'mp4a.40.2'],
      video: { width: 1280, height: 720, frameRate: 24000 / 1001, range: 'SDR', supplementalCodec: null },
      audioGroup: 'audio',
      uri: 'v0/index.m3u8',
    },
  ],
};

describe('multivariant playlist', () => {
  test('a film with two languages', () =>
    expect(multivariantPlaylist(FILM)).toBe(`#EXTM3U
#EXT-X-VERSION:7
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="a1-copy/index.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Director  Jo   ",LANGUAGE="de",DEFAULT=NO,AUTOSELECT=YES,CHANNELS="6",URI="a2-copy/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=5000000,AVERAGE-BANDWIDTH=4000000,CODECS="avc1.64001F,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=23.976,VIDEO-RANGE=SDR,AUDIO="audio"
v0/index.m3u8
`));

  test('subtitles are one group, which every variant has', () => {
    const plain = { isDefault: false, isForced: false, isForHearingImpaired: false } as const;
    const subtitles = [
      { ...plain, name: 'English', language: 'en', isForHearingImpaired: true, uri: 's3/index.m3u8' },
      { ...plain, name: 'Signs', language: 'en', isDefault: true, isForced: true, uri: 's4/index.m3u8' },
    ];
    const lines = multivariantPlaylist({ ...FILM, subtitles }).split('\n');
    expect(lines.filter((line) => line.includes('TYPE=SUBTITLES'))).toEqual([
      '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subs",NAME="English",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=YES,CHARACTERISTICS="public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound",URI="s3/index.m3u8"',
      '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subs",NAME="Signs",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,FORCED=YES,URI="s4/index.m3u8"',
    ]);
    expect(lines.find((line) => line.startsWith('#EXT-X-STREAM-INF'))).toMatch(
      /,AUDIO="audio",SUBTITLES="subs"$/,
    );
  });

  test('sound alone, open segments', () =>
    expect(
      multivariantPlaylist({
        isIndependent: false,
        audio: [],
        subtitles: [],
        variants: [
          {
            bandwidth: 130_000,
            averageBandwidth: 128_000,
            codecs: ['mp4a.40.2'],
            video: null,
            audioGroup: null,
            uri: 'a0-copy/index.m3u8',
          },
        ],
      }),
    ).toBe(`#EXTM3U
#EXT-X-VERSION:7
#EXT-X-STREAM-INF:BANDWIDTH=130000,AVERAGE-BANDWIDTH=128000,CODECS="mp4a.40.2"
a0-copy/index.m3u8
`));
});

describe('media playlist', () => {
  test('segments of whole and broken seconds', () =>
    expect(
      mediaPlaylist({
        isIndependent: true,
        targetDuration: 4,
        type: 'VOD',
        isEnded: true,
        startsAt: null,
        initUri: 'init.mp4',
        segments: [
          { duration: 2_002_000, uri: '0.m4s' },
          { duration: 4_004_001, uri: '1.m4s' },
          { duration: 7, uri: '2.m4s' },
        ],
      }),
    ).toBe(`#EXTM3U
#EXT-X-VERSION:7
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-TARGETDURATION:4
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-MAP:URI="init.mp4"
#EXTINF:2.002000,
0.m4s
#EXTINF:4.004001,
1.m4s
#EXTINF:0.000007,
2.m4s
#EXT-X-ENDLIST
`));

  test('has the type that Apple asks for', () => expect(PLAYLIST_TYPE).toBe('application/vnd.apple.mpegurl'));
});
