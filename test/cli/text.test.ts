import { describe, expect, it } from 'vitest';
import { failure } from '../../src/cli/exit-codes.ts';
import { networkAddress } from '../../src/cli/serving.ts';
import { clock, secondsOf, size } from '../../src/cli/text.ts';
import { type ErrorCode, MediaError } from '../../src/core/errors.ts';

describe('times that a person types', () => {
  it.each([
    ['90', 90],
    ['0', 0],
    ['1.5', 1.5],
    ['1:30', 90],
    ['1:02:03.5', 3723.5],
    ['01:00:00', 3600],
    ['100:00:00', 360_000],
    ['', null],
    ['-1', null],
    ['1:2:3:4', null],
    ['1m', null],
    ['NaN', null],
    ['1e3', null],
  ])('%s', (text, expected) => {
    expect(secondsOf(text)).toBe(expected);
  });
});

describe('numbers for people', () => {
  it.each([
    [0, '0:00'],
    [59.6, '1:00'],
    [3725.4, '1:02:05'],
    [-3, '0:00'],
  ])('%d seconds', (seconds, expected) => {
    expect(clock(seconds)).toBe(expected);
  });
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [1_234_567, '1.2 MB'],
    [123_456_789, '123 MB'],
    [40e9, '40.0 GB'],
    [5e15, '5000 TB'],
  ])('%d bytes', (bytes, expected) => {
    expect(size(bytes)).toBe(expected);
  });
});

describe('how a failure ends', () => {
  const CODES: readonly (readonly [ErrorCode, number])[] = [
    ['bad-request', 2],
    ['busy', 2],
    ['not-found', 3],
    ['changed', 3],
    ['limit', 3],
    ['corrupt', 3],
    ['truncated', 3],
    ['unsupported', 3],
    ['encrypted', 3],
    ['not-offered', 3],
    ['unauthorized', 4],
    ['forbidden-address', 4],
    ['rate', 4],
    ['upstream', 4],
    ['upstream-timeout', 4],
  ];
  it.each(CODES)('%s: status %d', (code, status) => {
    expect(failure(new MediaError(code, 'What\nand more'))).toEqual({ status, text: `What [${code}]` });
  });

  it('tells the byte where there is one', () => {
    const text = 'Broken [corrupt at byte 12]';
    expect(failure(new MediaError('corrupt', 'Broken', { offset: 12 }))).toEqual({ status: 3, text });
  });

  it('is the upstream, whatever the code, when that has answered', () => {
    const gone = new MediaError('not-found', 'Gone', { upstreamStatus: 404 });
    expect(failure(gone)).toEqual({ status: 4, text: 'Gone [not-found]' });
  });

  it('is a bug with its stack otherwise, and the system in one line', () => {
    expect(failure(new TypeError('x is not a function'))).toMatchObject({
      status: 1,
      text: expect.stringMatching(/^TypeError: x.*\n\s+at /),
    });
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    expect(failure(full)).toEqual({ status: 3, text: 'ENOSPC: no space left on device, write [ENOSPC]' });
  });
});

describe('the address for other devices', () => {
  const card = (address: string, internal: boolean, family: 'IPv4' | 'IPv6' = 'IPv4') =>
    ({ address, internal, family, netmask: '', mac: '', cidr: null, scopeid: 0 }) as never;
  const cards = {
    lo: [card('127.0.0.1', true)],
    eth: [card('fe80::1', false, 'IPv6'), card('192.168.1.7', false)],
  };
  it.each([
    ['0.0.0.0', 'http://192.168.1.7:8080/'],
    ['::', 'http://192.168.1.7:8080/'],
    ['127.0.0.1', null],
    ['192.168.1.7', null],
  ])('of a server at %s', (host, expected) => {
    expect(networkAddress({ protocol: 'http', host, port: 8080 }, cards)).toBe(expected);
  });
  it('is one of https where that is served', () => {
    expect(networkAddress({ protocol: 'https', host: '::', port: 8443 }, cards)).toBe(
      'https://192.168.1.7:8443/',
    );
  });
  it('is none without a network', () => {
    const place = { protocol: 'http', host: '0.0.0.0', port: 8080 } as const;
    expect(networkAddress(place, { lo: [card('127.0.0.1', true)] })).toBeNull();
  });
});
