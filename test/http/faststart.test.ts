import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixture } from '../helpers/fixtures.ts';
import { boxes } from '../pipeline/mp4-reader.ts';
import { type ServedApp, serveApp } from './serve-app.ts';

const address = (name = 'progressive.mp4') => `/faststart.mp4?d=${encodeURIComponent(`root:demo/${name}`)}`;
const SIZE = fixture('progressive').length;

describe('GET /faststart.mp4', () => {
  let app: ServedApp;
  let whole: Buffer;
  let etag: string;
  beforeAll(async () => {
    app = await serveApp();
    const { body, headers } = await app.ask(address());
    whole = body;
    etag = String(headers.etag);
  });
  afterAll(() => app.close());

  it('has a size, a tag, and the movie box in front of the media', async () => {
    const { status, headers } = await app.ask(address(), { method: 'HEAD' });
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'video/mp4',
      'content-length': String(SIZE),
      'accept-ranges': 'bytes',
      etag,
    });
    expect(whole.length).toBe(SIZE);
    const types = boxes(whole).map(({ type }) => type);
    expect(types.indexOf('moov')).toBeLessThan(types.indexOf('mdat'));
  });

  it.each([
    ['bytes=0-0', 206, 0, 1],
    ['bytes=100-199', 206, 100, 200],
    ['bytes=5000-', 206, 5000, SIZE],
    ['Bytes=7-8', 206, 7, 9],
    ['bytes=-10', 206, SIZE - 10, SIZE],
    [`bytes=-${SIZE + 9}`, 206, 0, SIZE],
    [`bytes=10-${SIZE + 9}`, 206, 10, SIZE],
    ['bytes=0-1,5-6', 200, 0, SIZE],
    ['bytes=9-3', 200, 0, SIZE],
    ['bytes=-', 200, 0, SIZE],
    ['items=0-1', 200, 0, SIZE],
  ])('%s: %i', async (range, status, start, end) => {
    const answer = await app.ask(address(), { headers: { range } });
    expect(answer.status).toBe(status);
    expect(answer.headers['content-range']).toBe(
      status === 206 ? `bytes ${start}-${end - 1}/${SIZE}` : undefined,
    );
    expect(answer.headers['content-length']).toBe(String(end - start));
    expect(answer.body.equals(whole.subarray(start, end))).toBe(true);
  });

  it('tells HEAD of the whole, whatever range it names', async () => {
    const { status, headers } = await app.ask(address(), { method: 'HEAD', headers: { range: 'bytes=0-9' } });
    expect([status, headers['content-length'], headers['content-range']]).toEqual([
      200,
      String(SIZE),
      undefined,
    ]);
  });

  it.each([`bytes=${SIZE}-`, 'bytes=999999999-999999999', 'bytes=-0'])('%s: 416', async (range) => {
    const { status, headers } = await app.ask(address(), { headers: { range } });
    expect([status, headers['content-range']]).toEqual([416, `bytes */${SIZE}`]);
  });

  it('answers a range of what was meant, and the whole of what has changed', async () => {
    const ask = async (condition: string) =>
      (await app.ask(address(), { headers: { range: 'bytes=0-9', 'if-range': condition } })).status;
    expect([await ask(etag), await ask('"other"')]).toEqual([206, 200]);
    expect((await app.ask(address(), { headers: { 'if-none-match': etag } })).status).toBe(304);
  });

  it('keeps local files from pages of other sites', async () => {
    expect((await app.ask(address(), { headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(403);
  });

  it('is for MP4 files', async () => {
    const { status, text } = await app.ask(address('bframes-aac.mkv'));
    expect([status, JSON.parse(text).error]).toMatchObject([
      422,
      { code: 'unsupported', message: expect.stringMatching(/remux.mp4/) },
    ]);
  });
});
