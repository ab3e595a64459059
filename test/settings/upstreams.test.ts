import { describe, expect, test } from 'vitest';
import { MediaError } from '../../src/core/errors.ts';
import type { UpstreamMatch, UpstreamProxy, UpstreamRoute } from '../../src/core/upstreams.ts';
import { parseMatch } from '../../src/settings/upstream-match.ts';
import { parseProxy } from '../../src/settings/upstream-proxy.ts';
import { readUpstreams, type UpstreamTexts } from '../../src/settings/upstreams.ts';

const SILENT = { proxyUrl: null, proxiesAll: false, routes: null, verifiesTls: true };

const own = (text: string) => readUpstreams({ file: { name: 'u.json', text }, transport: SILENT });
const mediaflow = (transport: Partial<UpstreamTexts['transport']>) =>
  readUpstreams({ file: null, transport: { ...SILENT, ...transport } });

const EVERYTHING: UpstreamMatch = { scheme: null, host: null, names: 'itself', port: null, path: null };
const PLAIN: UpstreamRoute = {
  match: EVERYTHING,
  proxy: null,
  verifyTls: true,
  headers: {},
  concurrency: null,
};
const PROXY: UpstreamProxy = { kind: 'http', host: 'proxy.example', port: 3128, credentials: null };

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof MediaError && error.code === 'bad-request') return error.message;
    throw error;
  }
  throw new Error('Expected a refusal');
}

describe('match', () => {
  const ROWS: readonly (readonly [string, Partial<UpstreamMatch>])[] = [
    ['*', {}],
    ['example.org', { host: 'example.org' }],
    ['EXAMPLE.org.', { host: 'example.org' }],
    ['bücher.example', { host: 'xn--bcher-kva.example' }],
    ['*.example.org', { host: 'example.org', names: 'below' }],
    ['*example.org', { host: 'example.org', names: 'both' }],
    ['example.org:8443', { host: 'example.org', port: 8443 }],
    ['*:8443', { port: 8443 }],
    ['https://example.org', { scheme: 'https', host: 'example.org' }],
    ['HTTP://example.org/', { scheme: 'http', host: 'example.org' }],
    ['https://*', { scheme: 'https' }],
    [
      'https://*.example.org:444/a/*.ts',
      { scheme: 'https', host: 'example.org', names: 'below', port: 444, path: '/a/*.ts' },
    ],
    ['example.org/ä', { host: 'example.org', path: '/%C3%A4' }],
    ['example.org/*', { host: 'example.org' }],
    ['10.0.0.5:80', { host: '10.0.0.5', port: 80 }],
    ['[FD00::5]:80', { host: 'fd00::5', port: 80 }],
  ];
  test.each(ROWS)('%s', (text, expected) => {
    expect(parseMatch(text)).toEqual({ ...EVERYTHING, ...expected });
  });

  test.each([
    '',
    ' ',
    'ftp://a',
    'https://',
    'a b',
    'user@a',
    'a:0',
    'a:70000',
    'a:b',
    'a?b',
    'a#b',
    'a.*.b',
    '*.*.b',
    '*.10.0.0.5',
    '[fd00::5',
    'fd00::5',
    '10.0.0.256',
    'a\\b',
  ])('"%s" is none', (text) => {
    expect(parseMatch(text)).toBeNull();
  });
});

describe('proxy', () => {
  const ROWS: readonly (readonly [string, Partial<UpstreamProxy>])[] = [
    ['http://proxy.example:3128', {}],
    ['HTTP://PROXY.example:3128/', {}],
    ['http://proxy.example', { port: 80 }],
    ['https://proxy.example', { kind: 'https', port: 443 }],
    ['socks5://proxy.example', { kind: 'socks5', port: 1080 }],
    ['socks5://proxy.example:80', { kind: 'socks5', port: 80 }],
    ['socks5h://[fd00::5]:1', { kind: 'socks5h', host: 'fd00::5', port: 1 }],
    ['http://127.0.0.1:3128', { host: '127.0.0.1' }],
    ['http://user:pass@proxy.example:3128', { credentials: { user: 'user', password: 'pass' } }],
    ['http://u%40x:p%3A%2F%40@proxy.example:3128', { credentials: { user: 'u@x', password: 'p:/@' } }],
    ['http://user:a:b@proxy.example:3128', { credentials: { user: 'user', password: 'a:b' } }],
    ['http://user@proxy.example:3128', { credentials: { user: 'user', password: '' } }],
    ['http://@proxy.example:3128', {}],
  ];
  test.each(ROWS)('%s', (text, expected) => {
    expect(parseProxy(text)).toEqual({ ...PROXY, ...expected });
  });

  test.each([
    '',
    'direct',
    'proxy.example:3128',
    'socks4://proxy.example',
    'ftp://proxy.example',
    'constructor://proxy.example',
    'http://',
    'http://:3128',
    'http://proxy.example:0',
    'http://proxy.example:99999',
    'http://proxy.example/path',
    'http://proxy.example?a',
    'http://a%zz@proxy.example',
    `http://${'a'.repeat(256)}@proxy.example`,
    'http://a b.example',
  ])('"%s" is none', (text) => {
    expect(parseProxy(text)).toBeNull();
  });
});

describe('the file', () => {
  test('says all there is', () => {
    const entries = [
      {
        match: 'example.org',
        proxy: 'http://user:pass@proxy.example:3128',
        verifyTls: false,
        headers: { Referer: ' https://page.example/ ', 'X-Key': 'k' },
        userAgent: 'Agent/1',
        concurrency: 4,
      },
      { match: '*' },
      { match: '*', proxy: 'direct' },
    ];
    expect(own(JSON.stringify(entries))).toEqual([
      {
        match: { ...EVERYTHING, host: 'example.org' },
        proxy: { ...PROXY, credentials: { user: 'user', password: 'pass' } },
        verifyTls: false,
        headers: { referer: 'https://page.example/', 'x-key': 'k', 'user-agent': 'Agent/1' },
        concurrency: 4,
      },
      PLAIN,
      PLAIN,
    ]);
    expect(own('[]')).toEqual([]);
  });

  const WRONG: readonly (readonly [string, string | RegExp])[] = [
    ['', 'u.json: it is no JSON'],
    ['[{"proxy": "http://hush@a"', 'u.json: it is no JSON'],
    ['{}', /u\.json: .*expected array/],
    ['[3]', /u\.json: \/0: .*expected object/],
    ['[{}]', /\/0\/match: .*expected string/],
    ['[{"match":"*"},{"match":"a b"}]', '/1/match: expected "*", "example.org"'],
    ['[{"match":"*","proxy":"hush://a"}]', '/0/proxy: expected "direct" or http://'],
    ['[{"match":"*","proxy":null}]', /\/0\/proxy: .*expected string/],
    ['[{"match":"*","verifyTls":"hush"}]', /\/0\/verifyTls: .*expected boolean/],
    ['[{"match":"*","verifyTLS":true}]', /\/0: .*"verifyTLS"/],
    ['[{"match":"*","headers":{"a b":"hush"}}]', '/0/headers/a b: a header name has characters'],
    ['[{"match":"*","headers":{"a/~":"hush"}}]', '/0/headers/a~1~0: a header name has characters'],
    ['[{"match":"*","headers":{"a":"hu\\nsh"}}]', '/0/headers/a: a header value has characters'],
    ['[{"match":"*","headers":{"Range":"hush"}}]', '/0/headers/Range: this header is decided'],
    ['[{"match":"*","headers":{"Proxy-Authorization":"hush"}}]', 'this header is decided'],
    ['[{"match":"*","userAgent":"\\u0000"}]', '/0/userAgent: a header value has characters'],
    ['[{"match":"*","concurrency":0}]', /\/0\/concurrency: .*>=1/],
    ['[{"match":"*","concurrency":1.5}]', /\/0\/concurrency/],
    ['[{"match":""},{"match":""}]', /\/0\/match: .*; \/1\/match: /],
  ];
  test.each(WRONG)('%s: %s', (text, message) => {
    const told = refusal(() => own(text));
    if (typeof message === 'string') expect(told).toContain(message);
    else expect(told).toMatch(message);
    expect(told).toMatch(/^--upstreams u\.json: /);
    expect(told).not.toMatch(/hush|hu\nsh/);
  });

  test('tells a few of many faults', () => {
    expect(refusal(() => own(JSON.stringify(new Array(1000).fill({})))).length).toBeLessThan(500);
  });
});

describe("mediaflow-proxy's environment", () => {
  const url = 'http://proxy.example:3128';
  const match = (said: Partial<UpstreamMatch>) => ({ ...EVERYTHING, ...said });

  const ROWS: readonly (readonly [Partial<UpstreamTexts['transport']>, readonly Partial<UpstreamRoute>[]])[] =
    [
      [{}, []],
      [{ proxyUrl: url }, []],
      [{ proxyUrl: url, proxiesAll: true }, [{ proxy: PROXY }]],
      [{ proxiesAll: true }, [{}]],
      [{ verifiesTls: false }, [{ verifyTls: false }]],
      [{ proxyUrl: url, proxiesAll: true, verifiesTls: false }, [{ proxy: PROXY, verifyTls: false }]],
      [{ routes: '{"all://": {"proxy": true}}', proxyUrl: url }, [{ proxy: PROXY }]],
      [{ routes: '{"all://": {}}' }, [{}]],
      [
        { routes: '{"https://*.example.org": {"proxy_url": "socks5://s.example", "verify_ssl": false}}' },
        [
          {
            match: match({ scheme: 'https', host: 'example.org', names: 'below' }),
            proxy: { kind: 'socks5', host: 's.example', port: 1080, credentials: null },
            verifyTls: false,
          },
        ],
      ],
      [
        {
          routes: '{"all://*example.org": {"proxy": false, "proxy_url": "http://p.example"}}',
          proxyUrl: url,
        },
        [{ match: match({ host: 'example.org', names: 'both' }) }],
      ],
      [
        { routes: '{"all://example.org:8443": {"proxy_url": null, "more": 1}}', proxyUrl: url },
        [{ match: match({ host: 'example.org', port: 8443 }), proxy: PROXY }],
      ],
      [
        // The order in which they are tried, whatever they were written in.
        {
          routes: JSON.stringify({
            'all://': {},
            'https://': {},
            'all://*.example.org': {},
            'https://*.example.org': {},
            'all://www.example.org': {},
            'all://:8080': {},
          }),
          verifiesTls: false,
        },
        [
          { match: match({ port: 8080 }), verifyTls: false },
          { match: match({ host: 'www.example.org' }), verifyTls: false },
          { match: match({ scheme: 'https', host: 'example.org', names: 'below' }), verifyTls: false },
          { match: match({ host: 'example.org', names: 'below' }), verifyTls: false },
          { match: match({ scheme: 'https' }), verifyTls: false },
          { verifyTls: false },
          { verifyTls: false },
        ],
      ],
    ];
  test.each(ROWS)('%j', (transport, expected) => {
    expect(mediaflow(transport)).toEqual(expected.map((route) => ({ ...PLAIN, ...route })));
  });

  test('comes behind the own file', () => {
    const text = '[{"match": "*", "concurrency": 1}]';
    const all = readUpstreams({ file: { name: 'u', text }, transport: { ...SILENT, verifiesTls: false } });
    expect(all).toEqual([
      { ...PLAIN, concurrency: 1 },
      { ...PLAIN, verifyTls: false },
    ]);
  });

  const WRONG: readonly (readonly [Partial<UpstreamTexts['transport']>, string])[] = [
    [{ proxyUrl: 'hush' }, 'PROXY_URL: expected "direct" or http://'],
    [{ routes: 'hush' }, 'TRANSPORT_ROUTES: it is no JSON'],
    [{ routes: '[]' }, 'TRANSPORT_ROUTES: '],
    [{ routes: '{"ftp://a": {}}' }, 'TRANSPORT_ROUTES: /ftp:~1~1a: expected "all://*.example.org"'],
    [{ routes: '{"all://": {"proxy_url": "hush"}}' }, 'TRANSPORT_ROUTES: /all:~1~1/proxy_url: expected'],
    [{ routes: '{"all://": {"verify_ssl": "hush"}}' }, 'TRANSPORT_ROUTES: /all:~1~1/verify_ssl: '],
  ];
  test.each(WRONG)('%j', (transport, message) => {
    const told = refusal(() => mediaflow(transport));
    expect(told).toContain(message);
    expect(told).not.toContain('hush');
  });
});
