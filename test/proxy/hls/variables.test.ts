import { describe, expect, it } from 'vitest';
import { readPlaylist } from '../../../src/proxy/hls/playlist.ts';

const URL_OF_LIST = 'https://example.org/a/index.m3u8?token=a%2Fb%2Bc%20+&empty=&plain&quote=%22&broken=%E0';
const upstream = expect.objectContaining({ code: 'upstream' });

/** The playlist with its absolute URLs. */
const written = (
  lines: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): readonly string[] =>
  readPlaylist(['#EXTM3U', '#EXT-X-TARGETDURATION:6', ...lines].join('\n'), { url: URL_OF_LIST, variables })
    .write(() => null)
    .split('\n')
    .slice(2, -1);

describe('variables', () => {
  it('are put into addresses, and stay defined for all else', () => {
    expect(
      written([
        '#EXT-X-DEFINE:NAME="host",VALUE="https://cdn.example"',
        '#EXT-X-DEFINE:NAME="path",VALUE="{$host}/p"',
        '#EXT-X-KEY:METHOD=AES-128,URI="{$path}/k",KEYFORMAT="{$host}"',
        '#EXT-X-DATERANGE:ID="{$host}"',
        '#EXTINF:6,{$unknown}',
        '{$path}/1.ts?{$host}',
      ]),
    ).toEqual([
      '#EXT-X-DEFINE:NAME="host",VALUE="https://cdn.example"',
      '#EXT-X-DEFINE:NAME="path",VALUE="{$host}/p"',
      '#EXT-X-KEY:METHOD=AES-128,URI="https://cdn.example/p/k",KEYFORMAT="https://cdn.example"',
      '#EXT-X-DATERANGE:ID="{$host}"',
      '#EXTINF:6,{$unknown}',
      'https://cdn.example/p/1.ts?https://cdn.example',
    ]);
  });

  it.each([
    ['the query', '#EXT-X-DEFINE:QUERYPARAM="token"', '#EXT-X-DEFINE:NAME="token",VALUE="a/b+c +"'],
    [
      'the multivariant playlist',
      '#EXT-X-DEFINE:IMPORT="session"',
      '#EXT-X-DEFINE:NAME="session",VALUE="s1"',
    ],
    ['an empty value', '#EXT-X-DEFINE:NAME="a",VALUE=""', '#EXT-X-DEFINE:NAME="a",VALUE=""'],
    ['nothing that is known', '#EXT-X-DEFINE:OTHER="a"', '#EXT-X-DEFINE:OTHER="a"'],
  ])('come from %s', (_, before, after) => {
    expect(written([before], { session: 's1' })).toEqual([after]);
  });

  it.each([
    ['import of what is not defined', '#EXT-X-DEFINE:IMPORT="other"'],
    ['import of what objects have', '#EXT-X-DEFINE:IMPORT="constructor"'],
    ['parameter that is not there', '#EXT-X-DEFINE:QUERYPARAM="other"'],
    ['parameter without a value', '#EXT-X-DEFINE:QUERYPARAM="plain"'],
    ['parameter with an empty value', '#EXT-X-DEFINE:QUERYPARAM="empty"'],
    ['parameter that would end the string', '#EXT-X-DEFINE:QUERYPARAM="quote"'],
    ['parameter that is no text', '#EXT-X-DEFINE:QUERYPARAM="broken"'],
    [
      'reference before its definition',
      '#EXT-X-DEFINE:NAME="a",VALUE="{$b}"\n#EXT-X-DEFINE:NAME="b",VALUE=""',
    ],
    ['reference to nothing', '#EXT-X-DEFINE:NAME="a",VALUE=""\n{$b}.ts'],
  ])('refuse an %s', (_, line) => {
    expect(() => written([line], { session: 's1' })).toThrow(upstream);
  });

  it('do not exist in a playlist that defines none', () => {
    expect(written(['{$a}.ts'])).toEqual(['https://example.org/a/%7B$a%7D.ts']);
  });

  it('are handed to the children of a multivariant playlist, and on to their siblings', () => {
    const parent = readPlaylist(
      '#EXTM3U\n#EXT-X-DEFINE:NAME="a",VALUE="1"\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{$a}.m3u8\n' +
        '#EXT-X-DEFINE:QUERYPARAM="token"\n#EXT-X-SESSION-KEY:METHOD=AES-128,URI="k"',
      { url: URL_OF_LIST },
    );
    const variables = { a: '1', token: 'a/b+c +' };
    expect(parent.links).toEqual([
      { kind: 'playlist', url: 'https://example.org/a/1.m3u8', extension: 'm3u8', variables },
      { kind: 'key', url: 'https://example.org/a/k', extension: 'key' },
    ]);
    const child = readPlaylist(
      '#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-DEFINE:IMPORT="a"\n#EXT-X-RENDITION-REPORT:URI="1.m3u8"',
      { url: 'https://example.org/a/2.m3u8', variables },
    );
    expect(child.links).toEqual([parent.links[0]]);
  });

  it('that double with each line are a limit, not a crash', () => {
    const lines = ['#EXT-X-DEFINE:NAME="v0",VALUE="0123456789"'];
    for (let i = 1; i < 64; i++) lines.push(`#EXT-X-DEFINE:NAME="v${i}",VALUE="{$v${i - 1}}{$v${i - 1}}"`);
    expect(() => written(lines)).toThrow(expect.objectContaining({ code: 'limit' }));
  });

  it('that many addresses repeat are a limit, not a crash', () => {
    const lines = [
      `#EXT-X-DEFINE:NAME="a",VALUE="${'x'.repeat(60_000)}"`,
      ...Array<string>(400).fill('{$a}'),
    ];
    expect(() => written(lines)).toThrow(expect.objectContaining({ code: 'limit' }));
  });
});
