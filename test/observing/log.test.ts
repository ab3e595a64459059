import { describe, expect, it } from 'vitest';
import { MediaError } from '../../src/core/errors.ts';
import { toldError, withoutUrls } from '../../src/observing/log.ts';

describe('texts in a log', () => {
  it.for([
    ['GET https://user:pw@example.org/film.mkv?token=x failed', 'GET <url> failed'],
    ['(http://10.0.0.1:80/a) and "HTTPS://B.example"', '(<url> and "<url>"'],
    ['socks5://u:p@proxy:1080 refused', '<url> refused'],
    ['at read (file:///app/dist/src/node.js:1:2)', 'at read (file:///app/dist/src/node.js:1:2)'],
    ['at node:internal/net:12:3', 'at node:internal/net:12:3'],
    ['no address at all', 'no address at all'],
  ] as const)('%s', ([text, expected]) => {
    expect(withoutUrls(text)).toBe(expected);
  });
});

describe('errors in a log', () => {
  it('say what they say, with what is behind them, and nothing that they hold', () => {
    const inner = Object.assign(new Error('connect to http://a.example/?key=1'), {
      code: 'ECONNREFUSED',
      request: { headers: { authorization: 'Bearer secret' } },
    });
    const told = toldError(new MediaError('upstream', 'The server cannot be reached', { cause: inner }));
    expect(told).toMatchObject({
      type: 'MediaError',
      code: 'upstream',
      message: 'The server cannot be reached',
      stack: expect.stringContaining('log.test'),
      cause: { type: 'Error', code: 'ECONNREFUSED', message: 'connect to <url>' },
    });
    expect(JSON.stringify(told)).not.toMatch(/secret|a\.example/);
  });

  it('end where causes go round', () => {
    const error = new Error('round');
    error.cause = error;
    expect(JSON.stringify(toldError(error)).match(/"round"/g)).toHaveLength(5);
  });

  it('may be anything that was thrown', () => {
    expect(toldError('http://a.example/ is down')).toEqual({ type: 'string', message: '<url> is down' });
    expect(toldError(undefined)).toEqual({ type: 'undefined', message: 'undefined' });
  });
});
