import { describe, expect, it } from 'vitest';
import { ownPlace } from '../src/own-place.ts';

describe('where this server is', () => {
  const place = ownPlace({ publicUrl: new URL('https://tv.example/sluice'), host: '192.168.1.5' });
  place.listensAt(8080);
  it.each([
    ['https://tv.example/sluice/file?d=x', true],
    ['https://tv.example/other/file?d=x', false],
    ['https://tv.example/sluicer/file?d=x', false],
    ['https://tv.example:8443/sluice/', false],
    ['http://127.0.0.1:8080/file', true],
    ['http://localhost:8080/file', true],
    ['http://[::1]:8080/file', true],
    ['http://192.168.1.5:8080/file', true],
    ['http://192.168.1.6:8080/file', false],
    ['http://127.0.0.1:8081/file', false],
    ['http://127.0.0.1/file', false],
    ['http://127.0.0.1.example:8080/file', false],
  ])('%s: %s', (url, isOwn) => {
    expect(place.isOwn(new URL(url))).toBe(isOwn);
  });

  it('is nowhere on this machine before it listens', () => {
    const { isOwn } = ownPlace({ publicUrl: null, host: '127.0.0.1' });
    expect(isOwn(new URL('http://127.0.0.1:8080/file'))).toBe(false);
  });
});
