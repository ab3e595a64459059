import { describe, expect, it } from 'vitest';
import { rewriteAssetList, rewriteSteering } from '../../../src/proxy/hls/json-lists.ts';
import type { PlaylistLink } from '../../../src/proxy/hls/playlist.ts';

const BASE = 'https://ads.example.org/a/list.json?x=1';
const shown = ({ kind, extension, url }: PlaylistLink): string => `<${kind}.${extension} ${url}>`;
const upstream = expect.objectContaining({ code: 'upstream' });

describe('a list of assets', () => {
  const rewritten = (list: unknown): unknown =>
    JSON.parse(rewriteAssetList(JSON.stringify(list), BASE, shown));

  it.each([
    ['relative', 'ad.m3u8', '<playlist.m3u8 https://ads.example.org/a/ad.m3u8>'],
    ['absolute', 'https://b.example/x?y=%2F', '<playlist.m3u8 https://b.example/x?y=%2F>'],
    ['of another scheme', 'urn:ad:1', 'urn:ad:1'],
    ['that is none', 7, 7],
  ])('has addresses replaced: one %s', (_, before, after) => {
    const around = { DURATION: 15.5, 'X-AD': { URI: 'stays' } };
    expect(rewritten({ ASSETS: [{ URI: before, ...around }], 'SKIP-CONTROL': { OFFSET: 5 } })).toEqual({
      ASSETS: [{ URI: after, ...around }],
      'SKIP-CONTROL': { OFFSET: 5 },
    });
  });

  it.each([{ ASSETS: [] }, { ASSETS: [null, 1, 'x'] }])('stays as it is without any: %j', (list) => {
    expect(rewritten(list)).toEqual(list);
  });

  it.each([
    '',
    '[]',
    'null',
    '"x"',
    '{',
    '<html>',
    `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
  ])('is refused where it is no object of JSON: %.20s', (json) => {
    expect(() => rewriteAssetList(json, BASE, shown)).toThrow(upstream);
  });

  it('is read behind a byte order mark', () => {
    expect(rewriteAssetList('\ufeff{"ASSETS":[]}', BASE, shown)).toBe('{"ASSETS":[]}');
  });
});

describe('a steering manifest', () => {
  const rewritten = (manifest: unknown) => {
    const { text, dropped } = rewriteSteering(JSON.stringify(manifest), BASE, shown);
    return { manifest: JSON.parse(text) as unknown, dropped };
  };
  const clone = (id: string, base: string) => ({
    'BASE-ID': base,
    ID: id,
    'URI-REPLACEMENT': { HOST: 'c.example' },
  });

  it('is asked for again through the proxy', () => {
    expect(
      rewritten({ VERSION: 1, TTL: 300, 'RELOAD-URI': '/s?t=2', 'PATHWAY-PRIORITY': ['a', 'b'] }),
    ).toEqual({
      manifest: {
        VERSION: 1,
        TTL: 300,
        'RELOAD-URI': '<steering.json https://ads.example.org/s?t=2>',
        'PATHWAY-PRIORITY': ['a', 'b'],
      },
      dropped: [],
    });
  });

  it.each([
    ['the others', ['c', 'a', 'b'], [clone('c', 'a')], ['a', 'b']],
    ['what they were made of', ['c', 'd'], [clone('c', 'a'), clone('d', 'c'), clone('e', 'a')], ['a']],
  ])('offers no pathways that players would make: %s stay', (_, priority, clones, left) => {
    expect(rewritten({ VERSION: 1, 'PATHWAY-PRIORITY': priority, 'PATHWAY-CLONES': clones })).toEqual({
      manifest: { VERSION: 1, 'PATHWAY-PRIORITY': left },
      dropped: clones.map(({ ID }) => ID),
    });
  });

  it.each([
    [{ VERSION: 1 }],
    [{ VERSION: 1, 'RELOAD-URI': 3, 'PATHWAY-PRIORITY': 'a' }],
  ])('is left alone where it holds nothing of that: %j', (manifest) => {
    expect(rewritten(manifest)).toEqual({ manifest, dropped: [] });
  });

  it('is refused where it is none', () => {
    expect(() => rewriteSteering('<html>', BASE, shown)).toThrow(upstream);
  });
});
