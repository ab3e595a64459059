import { describe, expect, it } from 'vitest';
import { extensionFor, type LinkKind, pathExtension, resolveUrl } from '../../../src/proxy/hls/link.ts';

const BASE = new URL('https://example.org/a/b/c.m3u8?q=1#f');

describe('resolveUrl', () => {
  /** RFC 3986, 5.4, and what servers write. */
  it.each([
    ['g', 'https://example.org/a/b/g'],
    ['./g', 'https://example.org/a/b/g'],
    ['g/', 'https://example.org/a/b/g/'],
    ['/g', 'https://example.org/g'],
    ['//g', 'https://g/'],
    ['?y', 'https://example.org/a/b/c.m3u8?y'],
    ['g?y/./x', 'https://example.org/a/b/g?y/./x'],
    ['../../../g', 'https://example.org/g'],
    ['a%2fb%2Fc', 'https://example.org/a/b/a%2fb%2Fc'],
    ['https://h.example/%2e%2E/x?a=%20|', 'https://h.example/%2e%2E/x?a=%20|'],
    ['https://h.example/"x"', 'https://h.example/%22x%22'],
    ['https:g', 'https://example.org/a/b/g'],
    ['http://user:pass@h.example/x', 'http://user:pass@h.example/x'],
    ['C:\\a\\b.ts', null],
    ['file:///etc/passwd', null],
    ['javascript:alert(1)', null],
    ['data:,x', null],
    ['blob:https://example.org/1', null],
    ['http://', null],
    ['http://a b/', null],
    ['', null],
    ['   ', null],
  ])('%s', (written, url) => {
    expect(resolveUrl(written, BASE)).toBe(url);
  });
});

describe('extensionFor', () => {
  const PLAIN = { hasMap: false, isImages: false };
  const FRAGMENTED = { hasMap: true, isImages: false };
  const IMAGES = { hasMap: false, isImages: true };

  it.each<readonly [LinkKind, string, typeof PLAIN, string]>([
    ['segment', '/1.ts', PLAIN, 'ts'],
    ['segment', '/1.TS?x=.mp4', PLAIN, 'ts'],
    ['segment', '/1.ts#.mp4', PLAIN, 'ts'],
    ['segment', '/1.webvtt', PLAIN, 'webvtt'],
    ['segment', '/1.jpg', PLAIN, 'ts'],
    ['segment', '/1.jpg', IMAGES, 'jpg'],
    ['segment', '/1', IMAGES, 'jpg'],
    ['segment', '/1.html', FRAGMENTED, 'm4s'],
    ['segment', '/1', FRAGMENTED, 'm4s'],
    ['segment', '/1.cmfv', FRAGMENTED, 'cmfv'],
    ['segment', '/1.m3u8', PLAIN, 'ts'],
    ['segment', '', PLAIN, 'ts'],
    ['part', '/1', FRAGMENTED, 'm4s'],
    ['init', '/1', PLAIN, 'mp4'],
    ['init', '/1.m4s', PLAIN, 'm4s'],
    ['init', '/1.vtt', PLAIN, 'mp4'],
    ['key', '/1.ts', PLAIN, 'key'],
    ['playlist', '/1.php', PLAIN, 'm3u8'],
    ['bytes', '/1.json', PLAIN, 'json'],
    ['bytes', '/1.php', PLAIN, 'bin'],
    ['assets', '/1.php', PLAIN, 'json'],
    ['steering', '/1', PLAIN, 'json'],
  ])('%s %s', (kind, path, context, extension) => {
    expect(extensionFor(kind, `https://example.mp4${path}`, context)).toBe(extension);
  });

  it('reads the end of the path only', () => {
    expect(
      ['https://a.ts', 'https://a.b/x.ts/', 'https://a.b/x.tar.gz', 'https://a.b/.ts'].map(pathExtension),
    ).toEqual(['', '', 'gz', 'ts']);
  });
});
