import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countedAs, readVia, trustList, type Via } from '../../src/http/clients.ts';

type Headers = Readonly<Record<string, string>>;

const via = (peer: string, headers: Headers, trusted: readonly string[]): Via =>
  readVia({ peer, header: (name) => headers[name] }, trustList(trusted));

interface Row {
  readonly name: string;
  readonly peer?: string;
  readonly headers: Headers;
  readonly trusted?: readonly string[];
  readonly gives: Partial<Via>;
}

const NEAR = '10.0.0.1';
const CLIENT = '203.0.113.7';

/** The proxy at 10.0.0.1 is trusted unless a row says otherwise. */
const ROWS: readonly Row[] = [
  { name: 'nobody told anything', headers: {}, gives: { client: NEAR } },
  {
    name: 'the client connects itself',
    peer: CLIENT,
    headers: {},
    gives: { client: CLIENT, isTrusted: false },
  },
  {
    name: 'a client that calls itself another one',
    peer: CLIENT,
    headers: {
      'x-forwarded-for': '198.51.100.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'bank.example',
      'x-forwarded-prefix': '/evil',
      forwarded: 'for=198.51.100.1;host=bank.example',
    },
    gives: { client: CLIENT, isTrusted: false },
  },
  { name: 'one proxy', headers: { 'x-forwarded-for': CLIENT }, gives: { client: CLIENT } },
  {
    name: 'a client that put an address in front',
    headers: { 'x-forwarded-for': `198.51.100.1, ${CLIENT}` },
    gives: { client: CLIENT },
  },
  {
    name: 'two proxies',
    headers: { 'x-forwarded-for': `198.51.100.1, ${CLIENT}, 10.0.0.9` },
    trusted: ['10.0.0.0/8'],
    gives: { client: CLIENT },
  },
  {
    name: 'all are trusted networks',
    headers: { 'x-forwarded-for': '10.0.0.7, 10.0.0.9' },
    trusted: ['10.0.0.0/8'],
    gives: { client: '10.0.0.7' },
  },
  {
    name: 'everybody is trusted',
    headers: { 'x-forwarded-for': `${CLIENT}, 8.8.8.8` },
    trusted: ['*'],
    gives: { client: CLIENT },
  },
  { name: 'a port at IPv4', headers: { 'x-forwarded-for': `${CLIENT}:51234` }, gives: { client: CLIENT } },
  {
    name: 'a port at IPv6',
    headers: { 'x-forwarded-for': '[2001:db8::7]:443' },
    gives: { client: '2001:db8::7' },
  },
  {
    name: 'IPv6 without one',
    headers: { 'x-forwarded-for': '2001:DB8:0::7' },
    gives: { client: '2001:db8::7' },
  },
  {
    name: 'IPv4 in IPv6',
    peer: `::ffff:${NEAR}`,
    headers: { 'x-forwarded-for': `::ffff:${CLIENT}` },
    gives: { client: CLIENT },
  },
  { name: 'no address', headers: { 'x-forwarded-for': 'unknown' }, gives: { client: NEAR } },
  {
    name: 'no address in between',
    headers: { 'x-forwarded-for': `${CLIENT}, <script>` },
    gives: { client: NEAR },
  },
  { name: 'a short form of IPv4', headers: { 'x-forwarded-for': '127.1' }, gives: { client: NEAR } },
  { name: 'commas and nothing else', headers: { 'x-forwarded-for': ', ,' }, gives: { client: NEAR } },
  {
    name: 'protocol, host, prefix',
    headers: {
      'x-forwarded-for': CLIENT,
      'x-forwarded-proto': 'HTTPS',
      'x-forwarded-host': 'Media.example.org:8443',
      'x-forwarded-prefix': '/sluice/',
    },
    gives: { client: CLIENT, protocol: 'https', host: 'media.example.org:8443', prefix: '/sluice' },
  },
  {
    name: 'protocols of two proxies: the outer one told what the client spoke',
    headers: { 'x-forwarded-for': `${CLIENT}, 10.0.0.9`, 'x-forwarded-proto': 'https, http' },
    trusted: ['10.0.0.0/8'],
    gives: { client: CLIENT, protocol: 'https' },
  },
  {
    name: 'a protocol that the client put in front',
    headers: { 'x-forwarded-for': CLIENT, 'x-forwarded-proto': 'https, http' },
    gives: { client: CLIENT, protocol: 'http' },
  },
  {
    name: 'what cannot be',
    headers: {
      'x-forwarded-for': CLIENT,
      'x-forwarded-proto': 'gopher',
      'x-forwarded-host': 'a b"><',
      'x-forwarded-prefix': '//evil.example/',
    },
    gives: { client: CLIENT },
  },
  {
    name: 'a prefix that leaves',
    headers: { 'x-forwarded-for': CLIENT, 'x-forwarded-prefix': '/a/../b' },
    gives: { client: CLIENT },
  },
  {
    name: 'RFC 7239',
    headers: { forwarded: `for=198.51.100.1, For="${CLIENT}:4711";Proto=https;host="a.example:1"` },
    gives: { client: CLIENT, protocol: 'https', host: 'a.example:1' },
  },
  {
    name: 'RFC 7239 with IPv6, separators in quotes and hidden names',
    headers: { forwarded: 'for="_hidden,x;y", for="[2001:db8::7]:1"' },
    gives: { client: '2001:db8::7' },
  },
  {
    name: 'both: what the proxy did not write may be the client’s',
    headers: { 'x-forwarded-for': CLIENT, forwarded: 'for=198.51.100.1;proto=https' },
    gives: { client: CLIENT },
  },
  {
    name: 'no connection',
    peer: '',
    headers: { 'x-forwarded-for': CLIENT },
    trusted: ['*'],
    gives: { client: '', isTrusted: false },
  },
  { name: 'a zone', peer: 'fe80::1%eth0', headers: {}, gives: { client: 'fe80::1', isTrusted: false } },
];

describe('how a request came here', () => {
  it.for(ROWS)('$name', ({ peer = NEAR, headers, trusted = [NEAR], gives }) => {
    const nothing: Via = { client: '', isTrusted: true, protocol: null, host: null, prefix: '' };
    expect(via(peer, headers, trusted)).toEqual({ ...nothing, ...gives });
  });

  it('is told by nobody who is not trusted, whatever he writes', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (a, b, c) => {
        const headers = { 'x-forwarded-for': a, 'x-forwarded-host': b, forwarded: c };
        expect(via(CLIENT, headers, [NEAR])).toEqual(via(CLIENT, {}, [NEAR]));
      }),
    );
  });

  it('is an address and a host that can be written anywhere, whatever a trusted one writes', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (a, b, c) => {
        const headers = {
          'x-forwarded-for': a,
          'x-forwarded-host': b,
          'x-forwarded-prefix': c,
          forwarded: c,
        };
        const { client, host, prefix } = via(NEAR, headers, ['*']);
        expect(client).toMatch(/^[\da-f.:]+$/);
        expect(`${host}${prefix}`).toMatch(/^[\w.~%:[\]/-]+$/);
      }),
    );
  });
});

describe('trusted proxies', () => {
  it.for([
    ['10.0.0.0/8', '10.200.3.4', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['10.0.0.0/8', '::ffff:10.0.0.1', true],
    ['10.0.0.5', '10.0.0.5', true],
    ['10.0.0.5', '10.0.0.6', false],
    ['fd00::/8', 'fd12::1', true],
    ['fd00::/8', '10.0.0.1', false],
    ['::1', '::1', true],
    ['[::1]', '::1', true],
    ['::ffff:10.0.0.5', '10.0.0.5', true],
    ['*', '8.8.8.8', true],
    ['0.0.0.0/0', '8.8.8.8', true],
    ['0.0.0.0/0', '::1', false],
  ] as const)('%s and %s: %s', ([entry, address, expected]) => {
    expect(trustList([entry])(address)).toBe(expected);
  });

  it.for([
    'nas',
    '10.0.0.0/33',
    '10.1',
    '10.0.0.1:80',
    '',
    '10.0.0.0/8 10.0.0.1',
  ])('"%s" is none', (entry) => {
    expect(() => trustList([entry])).toThrow(
      expect.objectContaining({ code: 'bad-request', message: expect.stringContaining(`"${entry}"`) }),
    );
  });
});

describe('who is counted as one', () => {
  it.for([
    ['203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:db8:1:3::1', '2001:db8:1:3::/64'],
    ['::1', '0:0:0:0::/64'],
    ['', ''],
  ] as const)('%s is %s', ([client, expected]) => {
    expect(countedAs(client)).toBe(expected);
  });
});
