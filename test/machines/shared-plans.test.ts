import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { file } from '../helpers/upstream.ts';
import { nth, openTitle, rendition } from '../http/serve-app.ts';
import { digest, filesOf, film } from './films.ts';
import { needs, type Service, startRedis } from './services.ts';
import { digestsOf, sharing } from './sharing.ts';

const { folder, upstream, log, serve, path, share, machine, stored, requestsOf, plan, prepare } = sharing();
const tagged = { headers: { etag: '"one"' } };

describe.each(['a folder', 'Redis'])('machines that share %s', (kind) => {
  let place: string;
  let service: (Service & { readonly url: string }) | null = null;
  beforeEach(async (context) => {
    if (kind === 'Redis') needs('redis-server', context);
    service = kind === 'Redis' ? await startRedis() : null;
    place = service?.url ?? folder();
  });
  afterEach(() => service?.close());

  it.each(['indexed', 'unindexed'])('the second one plans the %s film with one request', async (name) => {
    const first = await share({ place });
    const one = await machine({ shared: first });
    expect(await requestsOf(() => one.ask(path(name)))).toBeGreaterThan(1);
    const alone = await one.ask(path(name));
    await stored(first);
    const other = await machine({ shared: await share({ place }) });
    let again = alone;
    const requests = await requestsOf(async () => {
      again = await other.ask(path(name));
    });
    expect([requests, again.text]).toEqual([1, alone.text]);
    expect(upstream().ranges().at(-1)).toBe('bytes=0-65535');
    const { segments } = rendition(await openTitle(other, path(name)), 'v0');
    const { pathname } = new URL(nth(segments, 3));
    expect(digest((await other.ask(pathname)).body)).toBe(digest((await one.ask(pathname)).body));
    expect(log).toEqual([]);
  });

  it('AAC that one of them made is taken by the other, byte for byte', async () => {
    const plain = await machine();
    const expected = await digestsOf(plain, await openTitle(plain, path('sound')));
    expect(plain.jobs()).toBeGreaterThan(0);
    expect(await prepare({ place })).toEqual(expected);
    const other = await machine({ shared: await share({ place }) });
    expect(await digestsOf(other, await openTitle(other, path('sound')))).toEqual(expected);
    expect(other.jobs()).toBe(0);
    expect(log).toEqual([]);
  });
});

describe('a shared plan', () => {
  const CHANGES = [
    ['another ETag', () => serve('two')],
    ['another size', () => upstream().answer(file(film('indexed').subarray(0, -1), tagged))],
    [
      'another head',
      () => {
        const bytes = film('indexed').slice();
        bytes[60_000] = (bytes[60_000] ?? 0) ^ 1;
        upstream().answer(file(bytes, tagged));
      },
    ],
  ] as const;
  it.each(CHANGES)('is made anew for a file with %s, and had from there afterwards', async (_, change) => {
    await plan('indexed');
    change();
    let one = await machine();
    const requests = await requestsOf(async () => {
      one = await plan('indexed');
    });
    expect(requests).toBeGreaterThan(2);
    const other = await machine({ shared: await share() });
    expect(await requestsOf(() => other.ask(path('indexed')))).toBe(1);
    expect((await other.ask(path('indexed'))).text).toBe((await one.ask(path('indexed'))).text);
  });

  it('does not hide that a file changes later', async () => {
    await plan('indexed');
    const other = await machine({ shared: await share() });
    const title = await openTitle(other, path('indexed'));
    serve('two');
    const { status, text } = await other.ask(nth(rendition(title, 'v0').segments, 6));
    expect([status, JSON.parse(text).error.code]).toEqual([410, 'changed']);
  });

  const UNSHARED = [
    [
      'without a strong ETag',
      () => upstream().answer(file(film('indexed'), { headers: { etag: 'W/"weak"' } })),
    ],
    ['whole to every request', () => upstream().answer((_, response) => response.end(film('indexed')))],
  ] as const;
  it.each(UNSHARED)('is none of a file that an upstream gives %s', async (_, answer) => {
    answer();
    await plan('indexed');
    expect(await filesOf(folder())).toEqual(new Map());
  });

  it('is another one for other tracks, headers and secrets', async () => {
    await plan('indexed');
    const other = await machine({ shared: await share() });
    for (const more of ['&audio=none', '&h_cookie=a'])
      expect(await requestsOf(() => other.ask(path('indexed') + more)), more).toBeGreaterThan(1);
    const stranger = await machine({ shared: await share({ secret: 'of others' }) });
    expect(await requestsOf(() => stranger.ask(path('indexed')))).toBeGreaterThan(1);
  });

  it('brings nothing where the upstream refuses by now', async () => {
    await plan('sound');
    upstream().answer((_, response) => response.writeHead(403).end());
    const other = await machine({ shared: await share() });
    expect((await other.ask(path('sound'))).status).toBe(403);
  });
});
