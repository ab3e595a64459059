import { describe, expect, test } from 'vitest';
import { addressPolicy } from '../../src/sources/address-policy.ts';
import { hostAccess } from '../../src/sources/host-access.ts';
import { FORBIDDEN_ADDRESSES, GATE } from '../helpers/forbidden-addresses.ts';

const closed = addressPolicy({ allow: [GATE], allowPrivate: false });

/** Names that say nothing about where they lead: whoever resolves them has to refuse. */
const SILENT = /: (7f000001\.nip|(loopback|mapped|nat64|zone|unspecified|home|.*-of-two|gate-).*)\.example/;

describe('hosts that nobody here resolves', () => {
  const judged = FORBIDDEN_ADDRESSES.filter(
    ({ name, needs }) => !SILENT.test(name) && (needs ?? 'dns') === 'dns',
  );
  test.each(judged)('$name is refused', ({ url }) => {
    expect(() => hostAccess(closed, new URL(url(8080)))).toThrow(
      expect.objectContaining({ code: 'forbidden-address' }),
    );
  });

  const ROWS: readonly (readonly [string, Parameters<typeof addressPolicy>[0], string])[] = [
    ['http://example.com/', { allow: [], allowPrivate: false }, 'public'],
    ['http://nas/', { allow: ['nas'], allowPrivate: false }, 'named'],
    ['http://nas.lan:81/', { allow: ['*.lan:81'], allowPrivate: false }, 'named'],
    ['http://nas/', { allow: [], allowPrivate: true }, 'private'],
    [
      'http://nas/',
      { allow: [], allowPrivate: false },
      'To allow it start with --allow nas, or set SLUICE_ALLOW=nas',
    ],
    ['http://nas/', { allow: ['nas'], allowPrivate: true, deny: ['nas'] }, '--deny'],
    ['http://10.0.0.5/', { allow: [], allowPrivate: true, deny: ['10.0.0.0/8'] }, '--deny'],
    ['http://a.example.com/', { allow: [], allowPrivate: true, deny: ['*.example.com'] }, '--deny'],
    ['http://example.com:25/', { allow: [], allowPrivate: true }, '--allow example.com:25'],
    [
      'http://example.com/',
      { allow: [], allowPrivate: true, allowOnly: ['other.example'] },
      'SLUICE_ALLOW_ONLY',
    ],
    ['http://example.com/', { allow: [], allowPrivate: false, allowOnly: ['example.com'] }, 'public'],
    ['http://93.184.216.34/', { allow: [], allowPrivate: false, allowOnly: ['93.184.0.0/16'] }, 'public'],
    ['http://nas/', { allow: ['nas'], allowPrivate: false, allowOnly: ['nas'] }, 'named'],
  ];
  test.each(ROWS)('%s with %j: %s', (url, options, expected) => {
    const ask = () => hostAccess(addressPolicy(options), new URL(url));
    if (['public', 'named', 'private'].includes(expected)) expect(ask()).toBe(expected);
    else expect(ask).toThrow(expected);
  });
});
