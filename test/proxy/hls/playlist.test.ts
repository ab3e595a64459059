import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MediaError } from '../../../src/core/errors.ts';
import { isPlaylist, type PlaylistLink, readPlaylist } from '../../../src/proxy/hls/playlist.ts';
import { PLAYLIST_LIMITS } from '../../../src/proxy/hls/playlist-limits.ts';

const URL_OF_LIST = 'https://cdn.example.org/a/i.m3u8?sig=1';
const options = { url: URL_OF_LIST };
const absolute = (text: string): string => readPlaylist(text, options).write(() => null);
const limit = expect.objectContaining({ code: 'limit' });

const LOW_LATENCY = `#EXTM3U
#EXT-X-TARGETDURATION:4
#EXT-X-VERSION:9
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.0,CAN-SKIP-UNTIL=12.0
#EXT-X-PART-INF:PART-TARGET=0.33334
#EXT-X-MEDIA-SEQUENCE:266
#EXT-X-MAP:URI="init.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-02-14T02:13:36.106Z
#EXTINF:4.00008,
fileSequence266.mp4
#EXT-X-GAP
#EXTINF:4.00008,
fileSequence267.mp4
#EXT-X-PART:DURATION=0.33334,URI="filePart268.0.mp4",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.33334,URI="all.mp4",BYTERANGE="20@0"
#EXT-X-BYTERANGE:100@0
#EXTINF:4.00008,
all.mp4
#EXT-X-PART:DURATION=0.33334,URI="filePart269.0"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="filePart269.1"
#EXT-X-RENDITION-REPORT:URI="../1M/waitForMSN.php",LAST-MSN=268,LAST-PART=2
`;

const MULTIVARIANT = `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-START:TIME-OFFSET=-12
#EXT-X-CONTENT-STEERING:SERVER-URI="steering?v=1",PATHWAY-ID="a"
#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI="skd://x",KEYFORMAT="com.apple.streamingkeydelivery"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English, \u00fc",DEFAULT=YES,URI="a/en.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=1280000,CODECS="avc1.640020,mp4a.40.2",AUDIO="a"
low/video.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=7680000,CODECS="avc1.640028,mp4a.40.2",AUDIO="a"
https://b.example.org/high/video.m3u8?t=%2F
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=86000,URI="low/video.m3u8"
`;

const CHANNELS = `#EXTM3U x-tvg-url="http://epg.example.org/"
#EXTINF:-1 tvg-logo="http://logo.example.org/a.png",News
http://tv.example.org:8080/user/pass/1
#EXTVLCOPT:http-user-agent=x
#EXTINF:-1,Sport
http://tv.example.org/2/index.m3u8?t=1
#EXTINF:-1,Film
/films/3.mkv
#EXTINF:-1,Old
list.m3u
`;

describe('readPlaylist', () => {
  it('reads a list with low latency', () => {
    const { kind, isEnded, targetDuration, segments, write } = readPlaylist(LOW_LATENCY, options);
    expect({ kind, isEnded, targetDuration, segments }).toEqual({
      kind: 'media',
      isEnded: false,
      targetDuration: 4,
      segments: [
        { url: 'https://cdn.example.org/a/fileSequence266.mp4', hasRange: false },
        { url: 'https://cdn.example.org/a/all.mp4', hasRange: true },
      ],
    });
    expect(write(({ kind: each, extension }) => `/p/${each}.${extension}`)).toBe(
      LOW_LATENCY.replace('"init.mp4"', '"/p/init.mp4"')
        .replace(/^fileSequence.*$/gm, '/p/segment.mp4')
        .replace(/^all.mp4$/m, '/p/segment.mp4')
        .replace(/"(filePart268.0|all).mp4"/g, '"/p/part.mp4"')
        .replace(/"filePart269.\d"/g, '"/p/part.m4s"')
        .replace('"../1M/waitForMSN.php"', '"/p/playlist.m3u8"'),
    );
  });

  it('reads a multivariant playlist, each address once', () => {
    const { kind, isEnded, targetDuration, segments, links } = readPlaylist(MULTIVARIANT, options);
    expect({ kind, isEnded, targetDuration, segments }).toEqual({
      kind: 'multivariant',
      isEnded: false,
      targetDuration: null,
      segments: [],
    });
    expect(links.map(({ kind: each, url }) => `${each} ${url}`)).toEqual([
      'steering https://cdn.example.org/a/steering?v=1',
      'playlist https://cdn.example.org/a/a/en.m3u8',
      'playlist https://cdn.example.org/a/low/video.m3u8',
      'playlist https://b.example.org/high/video.m3u8?t=%2F',
    ]);
  });

  it('reads a list of channels, of which nothing is fetched ahead', () => {
    const { kind, targetDuration, segments, links, write } = readPlaylist(CHANNELS, options);
    expect({ kind, targetDuration, segments }).toEqual({ kind: 'media', targetDuration: null, segments: [] });
    expect(links.map(({ kind: each, extension, url }) => `${each}.${extension} ${url}`)).toEqual([
      'segment.ts http://tv.example.org:8080/user/pass/1',
      'playlist.m3u8 http://tv.example.org/2/index.m3u8?t=1',
      'segment.mkv https://cdn.example.org/films/3.mkv',
      'playlist.m3u8 https://cdn.example.org/a/list.m3u',
    ]);
    expect(write(() => 'x')).toBe(CHANNELS.replace(/^[^#].*$/gm, 'x'));
  });

  it.each([
    ['#EXT-X-ENDLIST', true],
    ['#EXT-X-PLAYLIST-TYPE:VOD', true],
    ['#EXT-X-PLAYLIST-TYPE:EVENT', false],
    ['#EXT-X-ENDLISTED', false],
  ])('%s: ended %s', (line, isEnded) => {
    expect(readPlaylist(`#EXTM3U\n#EXT-X-TARGETDURATION:4\n${line}\n`, options).isEnded).toBe(isEnded);
  });

  it('asks for the address of each link once, and takes the absolute URL for null', () => {
    const text =
      '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MAP:URI="m"\na.ts\n#EXT-X-MAP:URI="m"\na.ts\nb.ts\n';
    const asked: PlaylistLink[] = [];
    const { links, write } = readPlaylist(text, options);
    const written = write((link) => {
      asked.push(link);
      return link.kind === 'init' ? 'x' : null;
    });
    expect(asked).toEqual(links);
    expect(written.split('\n').filter((line) => line.endsWith('a.ts'))).toEqual(
      Array(2).fill('https://cdn.example.org/a/a.ts'),
    );
  });
});

describe('startOffset', () => {
  const media = '#EXTM3U\n#EXT-X-TARGETDURATION:4\n';

  it.each([
    [
      'is put into a media playlist',
      media,
      12.5,
      `#EXTM3U\n#EXT-X-START:TIME-OFFSET=12.5,PRECISE=YES\n#EXT-X-TARGETDURATION:4\n`,
    ],
    [
      'replaces another',
      `${media}#EXT-X-START:TIME-OFFSET=1\n`,
      -18,
      `#EXTM3U\n#EXT-X-START:TIME-OFFSET=-18,PRECISE=YES\n#EXT-X-TARGETDURATION:4\n`,
    ],
    [
      'is written without an exponent',
      media,
      1e-7,
      `#EXTM3U\n#EXT-X-START:TIME-OFFSET=0,PRECISE=YES\n#EXT-X-TARGETDURATION:4\n`,
    ],
    ['is nothing where it is no number', media, Number.NaN, media],
    [
      'leaves a multivariant playlist without one',
      '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nhttp://x/\n',
      3,
      '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nhttp://x/\n',
    ],
    [
      'replaces that of a multivariant playlist',
      '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nhttp://x/\n#EXT-X-START:TIME-OFFSET=1\n',
      3,
      '#EXTM3U\n#EXT-X-START:TIME-OFFSET=3,PRECISE=YES\n#EXT-X-STREAM-INF:BANDWIDTH=1\nhttp://x/\n',
    ],
  ])('%s', (_, text, startOffset, expected) => {
    expect(readPlaylist(text, { ...options, startOffset }).write(() => null)).toBe(expected);
  });
});

describe('keyUrl', () => {
  const keys = (keyUrl: string, uri: string): readonly string[] =>
    readPlaylist(`#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="${uri}"\n`, { ...options, keyUrl }).links.map(
      ({ url }) => url,
    );

  it.each([
    [
      'another server',
      'https://keys.example.org:8443',
      'k/1?a=%2F',
      ['https://keys.example.org:8443/a/k/1?a=%2F'],
    ],
    [
      'another server with a slash',
      'http://keys.example.org/',
      'https://x.example/k',
      ['http://keys.example.org/k'],
    ],
    ['another URL', 'https://keys.example.org/one?x', 'k/1', ['https://keys.example.org/one?x']],
    ['nothing for keys of other systems', 'https://keys.example.org/one', 'skd://k', []],
  ])('is %s', (_, keyUrl, uri, urls) => {
    expect(keys(keyUrl, uri)).toEqual(urls);
  });

  it.each(['ftp://x/', 'nonsense', ''])('refuses %s', (keyUrl) => {
    expect(() => keys(keyUrl, 'k')).toThrow(expect.objectContaining({ code: 'bad-request' }));
  });
});

describe('what is no playlist', () => {
  it.each([
    '',
    '\n\n',
    '<html>',
    '{"a":1}',
    '#EXTINF:1,\n#EXTM3U',
    'EXTM3U',
    '# EXTM3U',
    '#extm3u',
  ])('%s', (text) => {
    expect(isPlaylist(text)).toBe(false);
    expect(isPlaylist(new TextEncoder().encode(text))).toBe(false);
    expect(() => readPlaylist(text, options)).toThrow(expect.objectContaining({ code: 'upstream' }));
  });

  it('does not begin with the header behind what may stand before it', () => {
    expect(
      ['#EXTM3U', '\ufeff#EXTM3U\n', '\r\n\t#EXTM3U x="y"'].map((text) =>
        isPlaylist(new TextEncoder().encode(text)),
      ),
    ).toEqual([true, true, true]);
  });

  it('says nothing of its URL in messages', () => {
    for (const text of ['<html>', '#EXTM3U\n#EXT-X-DEFINE:IMPORT="a"'])
      expect(() => readPlaylist(text, options)).toThrow(expect.not.stringContaining('example.org'));
  });
});

describe('limits', () => {
  const header = '#EXTM3U\n#EXT-X-TARGETDURATION:4\n';
  const lines = (count: number, line: string): string => `${header}${`${line}\n`.repeat(count)}`;

  it.each([
    ['a line too long', `${header}${'x'.repeat(PLAYLIST_LIMITS.line + 1)}`],
    ['a line too many', lines(PLAYLIST_LIMITS.lines - 1, 'x')],
    ['too much text', lines(300, 'x'.repeat(60_000))],
  ])('%s', (_, text) => {
    expect(() => readPlaylist(text, options)).toThrow(limit);
  });

  it('are not reached by as much as is allowed', () => {
    const { links } = readPlaylist(lines(PLAYLIST_LIMITS.lines - 2, 'x'), options);
    expect(links).toHaveLength(1);
  });

  it('count what a long base makes of short addresses', () => {
    const url = `https://example.org/${'d'.repeat(8000)}/i.m3u8`;
    expect(() => readPlaylist(lines(20_000, 'x'), { url })).toThrow(limit);
  });

  it('count what is written', () => {
    const { write } = readPlaylist(lines(20_000, 'x'), options);
    const address = 'y'.repeat(20_000);
    expect(() => write(() => address)).toThrow(limit);
  });

  it.each([
    ['equals signs', '='],
    ['quotes', '="'],
    ['commas', 'a=,'],
    ['attributes', 'URI="a",'],
    ['spaces', ' '],
    ['references', '{$'],
  ])('let a tag of %s be read in time that is linear', (_, text) => {
    const tag = `#EXT-X-URI:${text.repeat(60_000 / text.length)}`;
    const began = performance.now();
    readPlaylist(`${header}#EXT-X-DEFINE:NAME="a",VALUE="b"\n${`${tag}\n`.repeat(20)}`, options).write(
      () => 'x',
    );
    // 20 lines of 60 000 characters: some milliseconds; 36 seconds and more where the time is quadratic.
    expect(performance.now() - began).toBeLessThan(5000);
  });
});

const TEXTS = [LOW_LATENCY, MULTIVARIANT, CHANNELS];
const anyLine = fc.oneof(
  fc.constantFrom(...TEXTS.flatMap((text) => text.split('\n'))),
  fc.constantFrom(
    '#EXT-X-KEY:METHOD=AES-128,URI=k',
    '#EXT-X-X:URI="a\u2028b",URI=c',
    '../../x?y#z',
    'http://[',
    '\u0000',
  ),
  fc.string(),
  fc.webUrl(),
);
const anyPlaylist = fc.array(anyLine).map((lines) => ['#EXTM3U', ...lines].join('\n'));

describe('any playlist', () => {
  it('is the same when it is read again with its absolute URLs', () => {
    fc.assert(
      fc.property(anyPlaylist, (text) => {
        const once = absolute(text);
        expect(absolute(once)).toBe(once);
        const [first, second] = [
          readPlaylist(text, options),
          readPlaylist(once, { url: 'http://else.example/' }),
        ];
        expect({ ...second, write: null }).toEqual({ ...first, write: null });
      }),
    );
  });

  it('leads nowhere but here once it was rewritten', () => {
    fc.assert(
      fc.property(anyPlaylist, (text) => {
        const url = 'http://here.example/p/i.m3u8';
        const rewritten = readPlaylist(text, options).write(() => 'ours');
        for (const link of readPlaylist(rewritten, { url }).links)
          expect(link.url).toBe('http://here.example/p/ours');
        expect(rewritten).not.toMatch(/\n[^#\n]*https?:\/\/\w/);
      }),
    );
  });

  it('keeps every line that holds no address', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^#([^\r\n]*)$/)), (comments) => {
        const lines = comments.filter((line) => !line.includes('URI') && !line.startsWith('#EXT-X-DEFINE'));
        const text = ['#EXTM3U', ...lines, ''].join('\n');
        expect(absolute(text)).toBe(text);
      }),
    );
  });

  it('is read or refused with a MediaError, whatever became of it', () => {
    const wishes = {
      ...options,
      filter: { kind: 'highest' },
      skip: [[0, 5]],
      startOffset: 1,
      keyUrl: 'http://k.example/',
    } as const;
    fc.assert(
      fc.property(
        fc.constantFrom(...TEXTS),
        fc.nat(),
        fc.string(),
        fc.nat(40),
        (text, at, added, removed) => {
          const place = at % text.length;
          const mutant = text.slice(0, place) + added + text.slice(place + removed);
          try {
            readPlaylist(mutant, wishes).write(() => null);
          } catch (error) {
            expect(error).toBeInstanceOf(MediaError);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});
