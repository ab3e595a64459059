import { afterEach, describe, expect, it, vi } from 'vitest';
import { receiverAddress } from '../../src/web/receiver-address.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

const MASTER = 'http://page.example/hls/master.m3u8?d=film';

/** A page at an address, whose server gives this place. */
function open(baseURI: string, place: string | null = null): void {
  vi.stubGlobal('document', { baseURI });
  vi.stubGlobal('fetch', async () => Response.json({ path: 'hls/t/master.m3u8', place }));
}

describe('receiverAddress', () => {
  it.each([
    'http://localhost:8085/',
    'http://films.localhost/',
    'http://127.0.0.1:8085/',
    'http://127.1.2.3/',
    'http://[::1]:8085/',
    'http://0.0.0.0:8085/',
    'http://[::]:8085/',
  ])('%s cannot be reached by another device', async (page) => {
    open(page);
    expect(await receiverAddress(MASTER)).toMatchObject({
      kind: 'refusal',
      message: expect.stringContaining('--public-url'),
    });
  });

  it.each([
    ['http://192.168.1.2:8085/', null, 'http://192.168.1.2:8085/hls/t/master.m3u8'],
    ['http://[fd00::1]/', null, 'http://[fd00::1]/hls/t/master.m3u8'],
    ['http://10.0.0.0/sluice/', null, 'http://10.0.0.0/sluice/hls/t/master.m3u8'],
    ['http://127.0.0.1/', 'https://tv.example/sluice/', 'https://tv.example/sluice/hls/t/master.m3u8'],
  ])('%s, told of %s: %s', async (page, place, url) => {
    open(page, place);
    expect(await receiverAddress(MASTER)).toEqual({ kind: 'address', url });
  });
});
