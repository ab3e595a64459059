import { describe, expect, test } from 'vitest';
import { addressPolicy } from '../../src/sources/address-policy.ts';
import { literalAddress } from '../../src/sources/address-rules.ts';

const closed = addressPolicy({ allow: [], allowPrivate: false });

/** Host as a URL writes it, and the address that it is or leads to. */
const PRIVATE_LITERALS = [
  'http://127.0.0.1/',
  'http://127.1/',
  'http://2130706433/',
  'http://0x7f.1/',
  'http://0177.0.0.1/',
  'http://0x7f000001/',
  'http://127.0.0.1./',
  'http://１２７.0.0.1/',
  'http://0/',
  'http://10.1.2.3/',
  'http://172.16.0.1/',
  'http://192.168.1.1/',
  'http://169.254.169.254/latest/meta-data/',
  'http://100.100.100.200/',
  'http://168.63.129.16/',
  'http://192.0.0.192/',
  'http://224.0.0.1/',
  'http://255.255.255.255/',
  'http://198.18.0.1/',
  'http://[::1]/',
  'http://[::]/',
  'http://[::ffff:127.0.0.1]/',
  'http://[::ffff:7f00:1]/',
  'http://[::127.0.0.1]/',
  'http://[::ffff:0:127.0.0.1]/',
  'http://[64:ff9b::10.0.0.1]/',
  'http://[64:ff9b:1::1]/',
  'http://[2002:7f00:1::]/',
  'http://[2001:0:0:0:0:0:80ff:fffe]/',
  'http://[2606:4700::5efe:10.0.0.1]/',
  'http://[fe80::1]/',
  'http://[fec0::1]/',
  'http://[fd00:ec2::254]/',
  'http://[ff02::1]/',
  'http://[4000::1]/',
  'http://[1::1]/',
  'http://[5f00::1]/',
  'http://[3fff::1]/',
];

const PUBLIC_LITERALS = [
  'http://93.184.216.34/',
  'http://[2606:4700::1]/',
  'http://[::ffff:8.8.8.8]/',
  'http://[64:ff9b::8.8.8.8]/',
  'http://[2002:808:808::1]/',
];

function classifyUrl(text: string, policy = closed) {
  const url = new URL(text);
  const literal = literalAddress(url.hostname);
  if (literal === null) throw new Error(`${text} is no literal`);
  return policy.classify(url.hostname, Number(url.port) || 80, literal);
}

/** What clouds tell their machines. */
const METADATA = /169\.254\.169\.254|2852039166|168\.63|192\.0\.0\.192|100\.100\.100|fd00:ec2/i;

describe('address policy', () => {
  const willing = addressPolicy({ allow: [], allowPrivate: true });

  test.each(PRIVATE_LITERALS)('%s is refused', (url) => {
    expect(() => classifyUrl(url)).toThrow(expect.objectContaining({ code: 'forbidden-address' }));
  });

  test.each(PRIVATE_LITERALS.filter((url) => !METADATA.test(url)))('%s is for who allows all', (url) => {
    expect(classifyUrl(url, willing)).toBe('private');
  });

  test.each([
    ...PRIVATE_LITERALS.filter((url) => METADATA.test(url)),
    'http://[::ffff:169.254.169.254]/',
    'http://[64:ff9b::a9fe:a9fe]/',
    'http://169.254.170.2/',
  ])('%s is only for who names it', (url) => {
    const address = literalAddress(new URL(url).hostname) ?? '';
    expect(() => classifyUrl(url, willing)).toThrow(
      /cloud metadata\)\. To allow it start with --allow \S+, or/,
    );
    expect(classifyUrl(url, addressPolicy({ allow: [address], allowPrivate: true }))).toBe('named');
  });

  test.each(PUBLIC_LITERALS)('%s is public', (url) => {
    expect(classifyUrl(url)).toBe('public');
  });

  test('a name is judged by the address it leads to', () => {
    expect(closed.classify('example.com', 443, '93.184.216.34')).toBe('public');
    expect(() => closed.classify('example.com', 443, '10.0.0.1')).toThrow(
      /example\.com leads to 10\.0\.0\.1/,
    );
    expect(() => closed.classify('example.com', 443, 'fe80::1%eth0')).toThrow(/link local/);
    expect(() => closed.classify('example.com', 443, 'nonsense')).toThrow(/forbidden|unreadable/);
  });

  test('the message names the flags that allow it', () => {
    expect(() => classifyUrl('http://127.0.0.1/')).toThrow(
      '127.0.0.1 is a private address (loopback). To allow it start with --allow 127.0.0.1 or --allow-private, or set SLUICE_ALLOW=127.0.0.1',
    );
    expect(() => closed.classify('nas', 80, '10.0.0.5')).toThrow(
      '--allow 10.0.0.5, --allow nas or --allow-private',
    );
  });

  const ALLOWED: readonly (readonly [string, string, number, string, boolean])[] = [
    ['10.0.0.0/8', '10.1.2.3', 80, '10.1.2.3', true],
    ['10.0.0.0/8', 'nas', 80, '10.1.2.3', true],
    ['10.0.0.0/8', 'nas', 80, '::ffff:10.1.2.3', true],
    ['10.0.0.0/8', 'nas', 80, '192.168.0.1', false],
    ['fd00::/8', '[fd00::5]', 80, 'fd00::5', true],
    ['10.0.0.5', '10.0.0.5', 8096, '10.0.0.5', true],
    ['10.0.0.5', '10.0.0.6', 8096, '10.0.0.6', false],
    ['10.0.0.5:8096', '10.0.0.5', 8096, '10.0.0.5', true],
    ['10.0.0.5:8096', '10.0.0.5', 80, '10.0.0.5', false],
    ['fd00::5', '[fd00::5]', 80, 'fd00:0:0::5', true],
    ['[fd00::5]', '[fd00::5]', 80, 'fd00::5', true],
    ['[fd00::5]:8096', '[fd00::5]', 8096, 'fd00::5', true],
    ['[fd00::5]:8096', '[fd00::5]', 80, 'fd00::5', false],
    ['nas', 'NAS', 80, '10.0.0.5', true],
    ['NAS.lan', 'nas.lan.', 80, '10.0.0.5', true],
    ['nas', 'other', 80, '10.0.0.5', false],
    ['nas:8096', 'nas', 8096, '10.0.0.5', true],
    ['nas:8096', 'nas', 80, '10.0.0.5', false],
    ['bücher.lan', 'xn--bcher-kva.lan', 80, '10.0.0.5', true],
    ['localhost', '127.0.0.1', 80, '127.0.0.1', false],
    ['*.lan', 'nas.lan', 80, '10.0.0.5', true],
    ['*.lan', 'a.b.lan.', 80, '10.0.0.5', true],
    ['*.lan', 'lan', 80, '10.0.0.5', false],
    ['*.lan', 'plan', 80, '10.0.0.5', false],
    ['*.lan:8096', 'nas.lan', 8096, '10.0.0.5', true],
    ['*.lan:8096', 'nas.lan', 80, '10.0.0.5', false],
    [':8096', 'nas', 8096, '10.0.0.5', true],
    [':8096', 'nas', 80, '10.0.0.5', false],
  ];

  test.each(ALLOWED)('--allow %s and http://%s:%i at %s: %s', (entry, host, port, address, allowed) => {
    const policy = addressPolicy({ allow: [entry], allowPrivate: false });
    const ask = () => policy.classify(host, port, address);
    if (allowed) expect(ask()).toBe('named');
    else expect(ask).toThrow(expect.objectContaining({ code: 'forbidden-address' }));
  });

  test('a public address stays public, named or not', () => {
    expect(addressPolicy({ allow: ['8.8.8.8'], allowPrivate: true }).classify('dns', 80, '8.8.8.8')).toBe(
      'public',
    );
  });

  const MALFORMED = [
    '',
    ' ',
    '10.0.0.0/33',
    '10.0.0.0/x',
    'nas:0',
    'nas:70000',
    'nas:port',
    '[fd00::5',
    '[nas]:80',
    'a b',
    'http://nas',
    'nas/8',
    '*',
    '*lan',
    'a.*.lan',
    '*.',
    '*.10.0.0.1',
    ':',
    ':0',
    ':70000',
    '[]:80',
  ];
  test.each(MALFORMED)('"%s" is no allow entry', (entry) => {
    expect(() => addressPolicy({ allow: [entry], allowPrivate: false })).toThrow(
      expect.objectContaining({ code: 'bad-request' }),
    );
  });

  /** An entry of `--deny`, a destination, and whether the entry forbids it although all private ones are allowed. */
  const DENIED: readonly (readonly [string, string, number, string | null, boolean])[] = [
    ['10.0.0.0/8', 'nas', 80, '10.1.2.3', true],
    ['10.0.0.0/8', 'nas', 80, '192.168.0.1', false],
    ['93.184.216.34', 'example.com', 443, '93.184.216.34', true],
    ['93.184.216.34', 'example.com', 443, '::ffff:93.184.216.34', true],
    ['93.184.216.34', '[64:ff9b::5db8:d822]', 443, '64:ff9b::5db8:d822', true],
    ['93.184.216.34', '[2002:5db8:d822::]', 443, '2002:5db8:d822::', true],
    ['93.184.216.34', 'example.com', 443, '93.184.216.35', false],
    ['93.184.216.34:443', 'example.com', 80, '93.184.216.34', false],
    ['2606:4700::/32', 'example.com', 443, '2606:4700::1', true],
    ['example.com', 'EXAMPLE.com.', 443, '93.184.216.34', true],
    ['example.com', 'example.com', 443, null, true],
    ['example.com', 'www.example.com', 443, '93.184.216.34', false],
    ['*.example.com', 'a.www.example.com', 443, null, true],
    ['*.example.com', 'example.com', 443, '93.184.216.34', false],
    ['*.example.com', 'notexample.com', 443, '93.184.216.34', false],
    ['example.com:8443', 'example.com', 8443, '93.184.216.34', true],
    ['example.com:8443', 'example.com', 443, '93.184.216.34', false],
    [':8080', 'example.com', 8080, null, true],
    [':8080', '10.0.0.5', 8080, '10.0.0.5', true],
    [':8080', 'example.com', 80, '93.184.216.34', false],
    ['10.0.0.0/8', 'nas', 80, null, false], // nobody here knows where it leads
  ];

  test.each(DENIED)('--deny %s and http://%s:%i at %s: %s', (entry, host, port, address, denied) => {
    const policy = addressPolicy({ allow: [host, '0.0.0.0/0', '::/0'], allowPrivate: true, deny: [entry] });
    const ask = () => policy.classify(host, port, address);
    if (denied) expect(ask).toThrow(/not asked: --deny forbids it/);
    else expect(ask).not.toThrow();
  });

  const ONLY = ['example.com', '*.cdn.example', '203.0.114.0/24', '10.0.0.0/8', ':8443'];
  const CLOSED_WORLD: readonly (readonly [string, number, string | null, string | null])[] = [
    ['example.com', 443, '93.184.216.34', null],
    ['a.cdn.example', 443, '93.184.216.34', null],
    ['elsewhere.example', 443, '203.0.114.9', null],
    ['elsewhere.example', 8443, '93.184.216.34', null],
    ['example.com', 443, null, null],
    ['elsewhere.example', 443, '93.184.216.34', 'SLUICE_ALLOW_ONLY'],
    ['elsewhere.example', 443, null, 'SLUICE_ALLOW_ONLY'],
    ['nas', 80, '192.168.0.5', 'SLUICE_ALLOW_ONLY'],
    ['example.com', 443, '127.0.0.1', '--allow 127.0.0.1'], // named, private, and not allowed
    ['10.0.0.5', 80, '10.0.0.5', '--allow 10.0.0.5'],
  ];

  test.each(CLOSED_WORLD)('in a closed world http://%s:%i at %s: %s', (host, port, address, refusal) => {
    const policy = addressPolicy({ allow: ['192.168.0.5'], allowPrivate: false, allowOnly: ONLY });
    const ask = () => policy.classify(host, port, address);
    if (refusal === null) expect(ask()).toBe('public');
    else expect(ask).toThrow(expect.objectContaining({ code: 'forbidden-address' }));
    if (refusal !== null) expect(ask).toThrow(refusal);
  });

  test('an empty closed world has nothing in it', () => {
    const policy = addressPolicy({ allow: [], allowPrivate: true, allowOnly: [] });
    expect(() => policy.classify('example.com', 443, '93.184.216.34')).toThrow('SLUICE_ALLOW_ONLY');
  });

  const PORTS: readonly (readonly [number, readonly string[], boolean])[] = [
    [22, [], false],
    [25, [], false],
    [6000, [], false],
    [6667, [], false],
    [10_080, [], false],
    [80, [], true],
    [443, [], true],
    [8080, [], true],
    [6667, ['example.com'], false],
    [6667, ['93.184.216.0/24'], false],
    [6667, ['example.com:6667'], true],
    [6667, ['93.184.216.34:6667'], true],
    [6667, [':6667'], true],
    [6667, ['example.com:6666'], false],
    [6667, ['other.example:6667'], false],
  ];

  test.each(PORTS)('port %i with --allow %j: %s', (port, allow, asked) => {
    const policy = addressPolicy({ allow, allowPrivate: true });
    const ask = () => policy.classify('example.com', port, '93.184.216.34');
    if (asked) expect(ask()).toBe('public');
    else
      expect(ask).toThrow(
        `port ${port} belongs to a service that is not HTTP. To allow it start with --allow example.com:${port}, or set SLUICE_ALLOW=example.com:${port}`,
      );
  });

  test('the flag that a message names opens what the message is about', () => {
    for (const [url, address] of [
      ['http://[2606:4700::1]:25/', '2606:4700::1'],
      ['http://[fd00::5]:25/', 'fd00::5'],
      ['http://nas:25/', '10.0.0.5'],
      ['http://nas/', '10.0.0.5'],
    ] as const) {
      const { hostname, port } = new URL(url);
      const ask = (allow: readonly string[]) =>
        addressPolicy({ allow, allowPrivate: false }).classify(hostname, Number(port) || 80, address);
      const flag = /--allow (\S+?)(?:,| |$)/.exec(message(() => ask([])))?.[1] ?? '';
      expect(['public', 'named']).toContain(ask([flag]));
    }
  });
});

function message(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
  return '';
}
