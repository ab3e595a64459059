import { expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { renditionPlaylist } from '../../src/pipeline/renditions.ts';
import { audio, film, video } from './film.ts';
import { playlists, serve } from './serve.ts';

const FILM = film([
  ...video({ pattern: `I${'P'.repeat(49)}`, count: 150 }),
  ...audio({ toMs: 5970 }),
  ...audio({ toMs: 5000, track: 3 }),
]);

test('the playlists of a film with two audio tracks', async () => {
  const [main, picture, sound, second] = playlists(await serve(FILM));
  expect(main?.replace(/BANDWIDTH=\d+/g, 'BANDWIDTH=0')).toBe(`#EXTM3U
#EXT-X-VERSION:7
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="a1-copy/index.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="English (2)",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=YES,CHANNELS="2",URI="a2-copy/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=0,AVERAGE-BANDWIDTH=0,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=25.000,VIDEO-RANGE=SDR,AUDIO="audio"
v0/index.m3u8
`);
  const body = (durations: readonly string[]) => `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-TARGETDURATION:2
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-MAP:URI="init.mp4"
${durations.map((duration, n) => `#EXTINF:${duration},\n${n}.m4s\n`).join('')}#EXT-X-ENDLIST
`;
  expect(picture).toBe(body(['2.000000', '2.000000', '2.000000']));
  expect(sound).toBe(body(['2.005333', '2.005334', '2.005333']));
  expect(second).toBe(sound);
});

test('a day in two-second segments with many audio tracks has a playlist', async () => {
  const { title, renditions } = await serve(FILM);
  const [first] = renditions;
  if (!first) throw new Error('no rendition');
  const long = { ...first, durations: new Array<number>(LIMITS.segments).fill(2_000_000) };
  const text = renditionPlaylist(title, new Array(60).fill(long), long);
  expect(text).toContain('#EXT-X-TARGETDURATION:2\n');
  expect(text).toContain(`\n${LIMITS.segments - 1}.m4s\n`);
});
