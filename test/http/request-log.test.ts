import { describe, expect, it } from 'vitest';
import { labelOf, saneId, shownPath } from '../../src/http/request-log.ts';

describe('a path in the log', () => {
  it.for([
    ['/hls/master.m3u8', '/hls/master.m3u8', '/hls/master.m3u8'],
    [
      '/hls/tok/v1/v0/12.m4s',
      '/hls/:token/:version/:rendition/:file{(?:0|[1-9][0-9]*)\\.m4s}',
      '/hls/…/…/v0/12.m4s',
    ],
    [
      '/hls/tok/v1/http%3a%2f%2fa/index.m3u8',
      '/hls/:token/:version/:rendition/index.m3u8',
      '/hls/…/…/…/index.m3u8',
    ],
    ['/uploads/abc', '/uploads/:id', '/uploads/…'],
    ['/browse/films/a/b.mkv', '/browse/:root/:path{.*}', '/browse/…/…'],
    ['/proxy/mpd/x', '/proxy/mpd/*', '/proxy/mpd/…'],
    ['/tuner/stream/abc.ts', '/tuner/stream/:ticket{[\\w-]{40,}\\.ts}', '/tuner/stream/…'],
    ['/stremio/key/proxy/d=x/a/b', '/stremio/:key/proxy/:options{[^/]*d=[^/]*}/*', '/stremio/…/proxy/…/…'],
    ['/https://example.org/', null, '/…'],
  ] as const)('%s of %s: %s', ([path, pattern, expected]) => {
    expect(shownPath(path, pattern)).toBe(expected);
  });
});

describe('the label of a route', () => {
  it.for([
    ['/hls/:token/:file{(?:0|[1-9][0-9]*)\\.m4s}', '/hls/:token/:file'],
    ['/proxy/hls/:file{segment\\.[a-z0-9]{2,4}}', '/proxy/hls/:file'],
    ['/browse/:root/:path{.*}', '/browse/:root/:path'],
    ['/:end{$}', '/:end'],
    ['/media/:end{$}', '/media/'],
    ['/', '/'],
  ] as const)('%s: %s', ([pattern, expected]) => {
    expect(labelOf(pattern)).toBe(expected);
  });
});

describe('ids that others gave', () => {
  it.for(['a', '00-4bf92f35-00f0-01', 'Root=1-67891233-abcdef', 'x'.repeat(128)])('%s is taken', (id) => {
    expect(saneId(id)).toBe(id);
  });
  it.for([undefined, '', 'a b', 'a\nb', '{"a":1}', 'x'.repeat(129), '../a', 'é'])('%j is not', (id) => {
    expect(saneId(id)).toBeNull();
  });
});
