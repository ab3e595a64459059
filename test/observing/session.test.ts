import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixture } from '../helpers/fixtures.ts';
import { type RunningSluice, startSluice } from '../helpers/sluice.ts';
import { file, startUpstream, type Upstream } from '../helpers/upstream.ts';

const PASSWORD = 'open-sesame-7';
/** Part of every address and header of a medium. */
const SECRET = 'secret-of-the-link';

describe('the log of a session', () => {
  let upstream: Upstream;
  let sluice: RunningSluice;
  beforeAll(async () => {
    const whole = file(fixture('no-audio'));
    upstream = await startUpstream((request, response, entry) => {
      if (request.url?.includes('broken')) {
        response.writeHead(200, { 'content-length': '1000000' }).write(fixture('no-audio').subarray(0, 3000));
        setImmediate(() => response.destroy());
      } else if (request.url?.includes('moved')) {
        response.writeHead(302, { location: `/film.mkv?${SECRET}` }).end();
      } else if (request.url?.includes('gone')) response.writeHead(404).end(SECRET);
      else whole(request, response, entry);
    });
    sluice = await startSluice({ env: { SLUICE_LOG: 'debug', API_PASSWORD: PASSWORD } });
  });
  afterAll(async () => {
    await sluice.close();
    await upstream.close();
  });

  const asked: number[] = [];
  async function ask(path: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
    const answer = await fetch(sluice.url + path, { headers }).catch(() => null);
    asked.push(answer?.status ?? 0);
    return answer?.text().catch(() => '') ?? '';
  }
  const media = (name: string) => `d=${encodeURIComponent(`${upstream.url}/${name}.mkv?${SECRET}`)}`;

  it('holds no password, no token and no address of a medium, whatever happens', async () => {
    const key = `api_password=${PASSWORD}`;
    const headers = `h_authorization=${SECRET}`;
    const master = await ask(`/hls/master.m3u8?${media('film')}&${key}&${headers}`);
    const token = /^([\w-]{20,})\//m.exec(master)?.[1] ?? '';
    expect(token).not.toBe('');
    const list = /^(?!#).+$/m.exec(master)?.[0] ?? '';
    const text = await ask(`/hls/${list}`);
    const segment = /^(?!#).+$/m.exec(text)?.[0] ?? '';
    await ask(`/hls/${list.replace('index.m3u8', segment)}`);
    for (const name of ['broken', 'moved', 'gone']) {
      await ask(`/hls/master.m3u8?${media(name)}&${key}`);
      await ask(`/remux.mp4?${media(name)}&${key}&${headers}`);
      await ask(`/proxy/stream?${media(name)}&${key}&${headers}`);
    }
    await ask(`/probe?d=http://127.0.0.1:1/${SECRET}.mkv&${key}`);
    await ask(`/probe?d=https://user:${SECRET}@nowhere.invalid/film.mkv&${key}`);
    await ask(`/probe?${media('film')}&api_password=${PASSWORD}x`);
    await ask(`/probe?${media('film')}`, { authorization: `Bearer ${PASSWORD}` });
    await ask(`/metrics`, { authorization: `Basic ${Buffer.from(`a:${PASSWORD}`).toString('base64')}` });
    await ask(`/hls/${token}/none/v0/index.m3u8`);
    await ask(`/hls/${token}x/none/v0/index.m3u8`);
    await ask(`/${PASSWORD}/${encodeURIComponent(`${upstream.url}/${SECRET}`)}`);
    await ask(`/?${media('film')}&${key}`);
    const lines = () =>
      sluice
        .log()
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line));
    await expect.poll(() => lines().filter(({ msg }) => msg === 'request').length).toBe(asked.length);
    expect(new Set(asked)).toEqual(new Set([...asked, 200, 403, 404]));
    expect(
      new Set(
        lines()
          .map(({ id }) => id)
          .filter(Boolean),
      ).size,
    ).toBe(asked.length);
    const log = sluice.log();
    for (const secret of [
      PASSWORD,
      Buffer.from(PASSWORD).toString('base64').slice(0, 10),
      token,
      SECRET,
      upstream.url,
      '?d=',
      'film.mkv',
    ])
      expect(log.includes(secret), secret).toBe(false);
    expect(log).toContain('"path":"/hls/…/…/v0/index.m3u8"');
  });
});
