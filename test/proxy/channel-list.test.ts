import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Channel, parseChannelList, parseGuideUrls } from '../../src/proxy/channel-list.ts';

const BARE: Channel = {
  number: '1',
  name: 'Channel 1',
  url: 'http://a/1',
  headers: {},
  guideId: '',
  shift: 0,
  logo: '',
  group: '',
};

it.each<[string, string, Partial<Channel>]>([
  ['an address alone', 'http://a/1', {}],
  ['a name', '#EXTINF:-1,One\nhttp://a/1', { name: 'One' }],
  ['a name with commas', '#EXTINF:-1 tvg-id="x",One, two\nhttp://a/1', { name: 'One, two', guideId: 'x' }],
  [
    'attributes, one with a comma in it',
    '#EXTINF:-1 tvg-id="one.tv" tvg-logo="https://l/a,b.png" group-title="News, all" tvg-chno="7",One\nhttp://a/1',
    { number: '7', name: 'One', guideId: 'one.tv', logo: 'https://l/a,b.png', group: 'News, all' },
  ],
  [
    'attributes without quotes',
    '#EXTINF:-1 tvg-id=one tvg-chno=7,One\nhttp://a/1',
    { number: '7', name: 'One', guideId: 'one' },
  ],
  ['an equals sign in the name', '#EXTINF:0,a=b\nhttp://a/1', { name: 'a=b' }],
  ['a name among the attributes only', '#EXTINF:-1 tvg-name="One"\nhttp://a/1', { name: 'One' }],
  ['a group of its own', '#EXTINF:-1,One\n#EXTGRP:News\nhttp://a/1', { name: 'One', group: 'News' }],
  [
    'headers as VLC has them',
    '#EXTINF:-1,One\n#EXTVLCOPT:http-user-agent=TV/1=2\n#EXTVLCOPT:http-referrer=http://r/\n#EXTVLCOPT:network-caching=1\nhttp://a/1',
    { name: 'One', headers: { 'user-agent': 'TV/1=2', referer: 'http://r/' } },
  ],
  [
    'headers as JSON',
    '#EXTINF:-1,One\n#EXTHTTP:{"User-Agent":"TV","x":1,"a b":"c"}\nhttp://a/1',
    { name: 'One', headers: { 'user-agent': 'TV' } },
  ],
  ['headers as no JSON', '#EXTHTTP:{x\n#EXTHTTP:null\nhttp://a/1', {}],
  ['a shift of its guide', '#EXTINF:-1 tvg-shift="-1.5",One\nhttp://a/1', { name: 'One', shift: -90 }],
  ['a shift that is none', '#EXTINF:-1 tvg-shift="soon",One\nhttp://a/1', { name: 'One' }],
  [
    'headers behind a bar',
    'http://a/1|User-Agent=TV%201&Referer=http://r/',
    { headers: { 'user-agent': 'TV 1', referer: 'http://r/' } },
  ],
  [
    'a byte order mark and other line ends',
    '\ufeff#EXTM3U\r\n#EXTINF:-1,One\r\nhttp://a/1\r\n',
    { name: 'One' },
  ],
  ['a logo that is no address', '#EXTINF:-1 tvg-logo="javascript:x",One\nhttp://a/1', { name: 'One' }],
])('%s', (_, text, channel) => {
  expect(parseChannelList(text)).toEqual([{ ...BARE, ...channel }]);
});

it.each([
  ['#EXTM3U x-tvg-url="http://a/1.xml"\nhttp://x-tvg-url="http://b"', ['http://a/1.xml']],
  [
    '\ufeff#extm3u url-tvg="http://a/1.xml,https://b/2,3.gz" tvg-shift=1',
    ['http://a/1.xml', 'https://b/2,3.gz'],
  ],
  ['#EXTM3U tvg-url=http://a/1 url-tvg="http://a/1"', ['http://a/1']],
  ['#EXTM3U url-tvg="/etc/passwd,file:///x,,"', []],
  ['http://a/1', []],
])('%s names guides: %j', (text, urls) => {
  expect(parseGuideUrls(text)).toEqual(urls);
});

it('what was said of one is not said of the next', () => {
  const text = '#EXTINF:-1 tvg-id="x",One\n#EXTVLCOPT:http-cookie=a\nhttp://a/1\nhttp://a/2';
  expect(parseChannelList(text)[1]).toEqual({ ...BARE, number: '2', name: 'Channel 2', url: 'http://a/2' });
});

it.each([
  'rtmp://a/1',
  'udp://@239.0.0.1:1234',
  'file:///etc/passwd',
  'root:demo/x',
  'plugin://x',
  'http://',
])('%s is no channel that can be passed on', (url) => {
  expect(parseChannelList(`#EXTINF:-1,One\n${url}\n`)).toEqual([]);
});

it('any text is read in a moment, and gives channels that can be asked', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 2000 }), (text) => {
      for (const { url } of parseChannelList(`#EXTINF:${text}\nhttp://a/1\n${text}`))
        expect(URL.canParse(url)).toBe(true);
    }),
  );
  const begun = performance.now();
  parseChannelList(
    `#EXTINF:-1 ${'a='.repeat(400_000)}\nhttp://a/1\n${'#EXTINF:-1,x\nhttp://a/1\n'.repeat(30_000)}`,
  );
  expect(performance.now() - begun).toBeLessThan(1000);
});
