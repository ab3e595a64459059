import { describe, expect, test } from 'vitest';
import { addressPolicy, literalAddress } from '../../src/sources/address-policy.ts';

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

describe('address policy', () => {
  test.each(PRIVATE_LITERALS)('%s is refused', (url) => {
    expect(() => classifyUrl(url)).toThrow(expect.objectContaining({ code: 'forbidden-address' }));
    expect(classifyUrl(url, addressPolicy({ allow: [], allowPrivate: true }))).toBe('private');
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
      '127.0.0.1 is a private address (loopback). To allow it start with --allow 127.0.0.1 or --allow-private',
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
    '*.lan',
  ];
  test.each(MALFORMED)('"%s" is no allow entry', (entry) => {
    expect(() => addressPolicy({ allow: [entry], allowPrivate: false })).toThrow(
      expect.objectContaining({ code: 'bad-request' }),
    );
  });
});
