import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixture } from '../helpers/fixtures.ts';
import { type RunningSluice, startSluice } from '../helpers/sluice.ts';
import { cutAfter, file, startUpstream, type Upstream } from '../helpers/upstream.ts';

/** Each stands where a person puts a secret: user, password, path, query, header. */
const SECRET = /s3cret/i;
const PATH = '/s3cret-folder/film.mkv?token=s3cret-token';

describe('secrets of an upstream', { timeout: 30_000 }, () => {
  const bytes = fixture('demo');
  let upstream: Upstream;
  let sluice: RunningSluice;

  beforeAll(async () => {
    upstream = await startUpstream(file(bytes));
    sluice = await startSluice({ env: { SLUICE_LOG: 'info' } });
  });
  afterAll(async () => {
    await sluice?.close();
    await upstream?.close();
  });

  const url = () => `${upstream.url.replace('//', '//s3cret-user:s3cret-pass@')}${PATH}`;
  const ask = (path: string) => fetch(`${sluice.url}${path}`);
  const master = () => `/hls/master.m3u8?d=${encodeURIComponent(url())}&h_cookie=s3cret-cookie`;

  it('stand in no playlist, header or log, while all is well', async () => {
    const response = await ask(master());
    const text = await response.text();
    expect(response.status).toBe(200);
    expect(upstream.requests[0]).toMatchObject({ path: PATH, headers: { cookie: 's3cret-cookie' } });
    expect(upstream.requests[0]?.headers.authorization).toBe(`Basic ${btoa('s3cret-user:s3cret-pass')}`);
    const uri = text.split('\n').find((line) => /^[^#].*index\.m3u8/.test(line)) ?? '';
    const index = await ask(`/hls/${uri}`);
    const shown = [text, await index.text(), JSON.stringify([...response.headers, ...index.headers])];
    expect(shown.join('\n')).not.toMatch(SECRET);
    expect(sluice.log()).not.toMatch(SECRET);
  });

  it.each([
    ['refuses', 401],
    ['is broken', 500],
  ])('nor where upstream %s', async (_name, status) => {
    upstream.answer((_request, response) => {
      response.writeHead(status).end();
    });
    const response = await ask(`${master()}&expires=${status}000`);
    expect(response.status).toBeGreaterThanOrEqual(200);
    const other = await ask(master().replace('film.mkv', `${status}.mkv`));
    expect(other.status).toBeGreaterThan(400);
    expect((await other.text()) + sluice.log()).not.toMatch(SECRET);
  });

  it('nor where a transfer breaks off', async () => {
    upstream.answer(cutAfter(bytes, 1));
    const response = await ask(master().replace('film.mkv', 'cut.mkv'));
    expect(response.status).toBe(502);
    expect((await response.text()) + sluice.log()).not.toMatch(SECRET);
  });
});
