import { describe, expect, it } from 'vitest';
import { type PlaylistLink, readPlaylist } from '../../../src/proxy/hls/playlist.ts';

const URL_OF_LIST = 'https://cdn.example.org/live/a/index.m3u8?sig=1';
/** Shows all that is known of a link where its address would stand. */
const shown = ({ kind, extension, url }: PlaylistLink): string => `<${kind}.${extension} ${url}>`;

const A = 'https://cdn.example.org/live/a';

/** One line of a media playlist, and what becomes of it. */
const MEDIA: readonly (readonly [before: string, after: string])[] = [
  ['1.ts', `<segment.ts ${A}/1.ts>`],
  ['1.ts?token=a%2Fb%20c', `<segment.ts ${A}/1.ts?token=a%2Fb%20c>`],
  ['/root/1.aac', '<segment.aac https://cdn.example.org/root/1.aac>'],
  ['//other.example.org/1.ts', '<segment.ts https://other.example.org/1.ts>'],
  ['../b/1.ts', '<segment.ts https://cdn.example.org/live/b/1.ts>'],
  ['?t=1', `<segment.ts ${A}/index.m3u8?t=1>`],
  ['x?y=z', `<segment.ts ${A}/x?y=z>`],
  [
    'HTTPS://Other.example.org:443/%7Ea/1.ts?q={1}|2',
    '<segment.ts HTTPS://Other.example.org:443/%7Ea/1.ts?q={1}|2>',
  ],
  ['https://other.example.org/a b.ts', '<segment.ts https://other.example.org/a%20b.ts>'],
  ['  2.ts \t', `<segment.ts ${A}/2.ts>`],
  ['ünï/1.ts', `<segment.ts ${A}/%C3%BCn%C3%AF/1.ts>`],
  ['http://[nonsense/1.ts', 'http://[nonsense/1.ts'],
  ['rtmp://example.org/live', 'rtmp://example.org/live'],
  ['urn:x:y', 'urn:x:y'],
  [
    '#EXT-X-KEY:METHOD=AES-128,URI="k?i=1,2",IV=0x01',
    `#EXT-X-KEY:METHOD=AES-128,URI="<key.key ${A}/k?i=1,2>",IV=0x01`,
  ],
  ['#EXT-X-KEY:METHOD=AES-128,URI=foo.key', `#EXT-X-KEY:METHOD=AES-128,URI="<key.key ${A}/foo.key>"`],
  [
    '#EXT-X-KEY:METHOD=AES-128,URI=foo.key,IV=0x01',
    `#EXT-X-KEY:METHOD=AES-128,URI="<key.key ${A}/foo.key>",IV=0x01`,
  ],
  [
    '#EXT-X-KEY:METHOD=AES-128 , URI = "k" , IV=0x1',
    `#EXT-X-KEY:METHOD=AES-128 , URI = "<key.key ${A}/k>" , IV=0x1`,
  ],
  ['#EXT-X-KEY:METHOD=AES-128,URI="k', `#EXT-X-KEY:METHOD=AES-128,URI="<key.key ${A}/k>"`],
  ['#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://id",KEYFORMAT="com.apple.streamingkeydelivery"', 'same'],
  ['#EXT-X-KEY:METHOD=SAMPLE-AES,URI="data:text/plain;base64,AA==",KEYFORMATVERSIONS="1"', 'same'],
  ['#EXT-X-KEY:METHOD=NONE', 'same'],
  ['#EXT-X-KEY:METHOD=AES-128,URI=""', 'same'],
  [
    '#EXT-X-MAP:URI="init.mp4",BYTERANGE="720@0"',
    `#EXT-X-MAP:URI="<init.mp4 ${A}/init.mp4>",BYTERANGE="720@0"`,
  ],
  ['#EXT-X-MAP:URI="init.php"', `#EXT-X-MAP:URI="<init.mp4 ${A}/init.php>"`],
  [
    '#EXT-X-PART:DURATION=0.5,URI="p1.m4s",INDEPENDENT=YES',
    `#EXT-X-PART:DURATION=0.5,URI="<part.m4s ${A}/p1.m4s>",INDEPENDENT=YES`,
  ],
  [
    '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p2.m4s"',
    `#EXT-X-PRELOAD-HINT:TYPE=PART,URI="<part.m4s ${A}/p2.m4s>"`,
  ],
  ['#EXT-X-PRELOAD-HINT:TYPE=MAP,URI="i2.mp4"', `#EXT-X-PRELOAD-HINT:TYPE=MAP,URI="<init.mp4 ${A}/i2.mp4>"`],
  [
    '#EXT-X-RENDITION-REPORT:URI="../b/i.m3u8",LAST-MSN=3,LAST-PART=1',
    '#EXT-X-RENDITION-REPORT:URI="<playlist.m3u8 https://cdn.example.org/live/b/i.m3u8>",LAST-MSN=3,LAST-PART=1',
  ],
  [
    '#EXT-X-DATERANGE:ID="a",START-DATE="2026-01-01T00:00:00Z",X-ASSET-URI="ad.m3u8"',
    `#EXT-X-DATERANGE:ID="a",START-DATE="2026-01-01T00:00:00Z",X-ASSET-URI="<playlist.m3u8 ${A}/ad.m3u8>"`,
  ],
  [
    '#EXT-X-DATERANGE:ID="a",X-ASSET-LIST="ads?x=1",X-COM-URL="https://example.org/"',
    `#EXT-X-DATERANGE:ID="a",X-ASSET-LIST="<assets.json ${A}/ads?x=1>",X-COM-URL="https://example.org/"`,
  ],
  ['#EXT-X-VENDOR-THUMBS:ROWS=2,URI="t.jpg"', `#EXT-X-VENDOR-THUMBS:ROWS=2,URI="<bytes.jpg ${A}/t.jpg>"`],
  ['#EXT-X-VENDOR:MY-URI="t.jpg",X="URI=1"', 'same'],
  ['#EXT-X-VENDOR:__proto__="t.jpg",constructor="x",URI', 'same'],
  ['#EXTINF:4.5,URI="title.ts"', 'same'],
  ['#ext-x-key:METHOD=AES-128,URI="k"', 'same'],
  ['# a comment with URI="x"', 'same'],
  ['#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000+01:00', 'same'],
  ['#EXT-X-CUE-OUT:DURATION=30', 'same'],
  ['#EXT-X-UNHEARD-OF:\t  ;;=,"', 'same'],
  ['#EXTGRP:"x"', 'same'],
];

/** The same of a multivariant playlist. */
const MULTIVARIANT: readonly (readonly [before: string, after: string])[] = [
  [
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="x, URI=\'y\'",URI="a.m3u8"',
    `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="x, URI='y'",URI="<playlist.m3u8 ${A}/a.m3u8>"`,
  ],
  ['#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="c",NAME="e",INSTREAM-ID="CC1"', 'same'],
  [
    '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="i.m3u8"',
    `#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="<playlist.m3u8 ${A}/i.m3u8>"`,
  ],
  [
    '#EXT-X-IMAGE-STREAM-INF:BANDWIDTH=1,URI="t.m3u8"',
    `#EXT-X-IMAGE-STREAM-INF:BANDWIDTH=1,URI="<playlist.m3u8 ${A}/t.m3u8>"`,
  ],
  ['#EXT-X-SESSION-KEY:METHOD=AES-128,URI="k"', `#EXT-X-SESSION-KEY:METHOD=AES-128,URI="<key.key ${A}/k>"`],
  [
    '#EXT-X-SESSION-DATA:DATA-ID="d",URI="d.json"',
    `#EXT-X-SESSION-DATA:DATA-ID="d",URI="<bytes.json ${A}/d.json>"`,
  ],
  [
    '#EXT-X-SESSION-DATA:DATA-ID="d",URI="d",FORMAT=RAW',
    `#EXT-X-SESSION-DATA:DATA-ID="d",URI="<bytes.bin ${A}/d>",FORMAT=RAW`,
  ],
  [
    '#EXT-X-CONTENT-STEERING:SERVER-URI="/s?a=b",PATHWAY-ID="p"',
    '#EXT-X-CONTENT-STEERING:SERVER-URI="<steering.json https://cdn.example.org/s?a=b>",PATHWAY-ID="p"',
  ],
  ['low', `<playlist.m3u8 ${A}/low>`],
];

function rewritten(head: string, line: string): string | undefined {
  const playlist = readPlaylist(`#EXTM3U\n${head}\n${line}\n`, { url: URL_OF_LIST });
  return playlist.write(shown).split('\n').slice(0, -1).slice(2).join('\n');
}

describe('a line of a media playlist', () => {
  it.each(MEDIA)('%s', (before, after) => {
    expect(rewritten('#EXT-X-TARGETDURATION:6', before)).toBe(after === 'same' ? before : after);
  });
});

describe('a line of a multivariant playlist', () => {
  it.each(MULTIVARIANT)('%s', (before, after) => {
    const head = '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="none"';
    expect(rewritten(head, before)).toBe(after === 'same' ? before : after);
  });
});

describe('the text around the lines', () => {
  const ONE = '#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n1.ts\n';
  const written = (text: string): string => readPlaylist(text, { url: URL_OF_LIST }).write(() => 'x');

  it.each([
    ['line ends of Windows', ONE.replaceAll('\n', '\r\n')],
    ['line ends of old Macs, that some players see', ONE.replaceAll('\n', '\r')],
    ['a byte order mark', `\ufeff${ONE}`],
    ['blank lines before it', `\r\n \n\t${ONE}`],
    ['a last line without an end', ONE.slice(0, -1)],
  ])('is the same with %s', (_, text) => {
    expect(written(text)).toBe(ONE.replace('1.ts', 'x'));
  });

  it('keeps blank lines and attributes of the header', () => {
    const text =
      '#EXTM3U url-tvg="https://example.org/epg.xml"\n\n#EXTINF:-1 tvg-id="a,b",A\n\nhttp://x.example/1\n\n';
    expect(written(text)).toBe(text.replace('http://x.example/1', 'x'));
  });

  it('finds the address of a variant behind comments', () => {
    const text = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n# one\n\n#EXT-X-COM:1\nlow.php\n';
    const { kind, links } = readPlaylist(text, { url: URL_OF_LIST });
    expect({ kind, links }).toEqual({
      kind: 'multivariant',
      links: [{ kind: 'playlist', url: `${A}/low.php`, extension: 'm3u8' }],
    });
  });
});
