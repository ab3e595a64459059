import { type AddressInfo, createServer } from 'node:net';
import { Redis } from 'ioredis';
import { beforeEach, describe, expect, it } from 'vitest';
import { nth, openTitle, rendition } from '../http/serve-app.ts';
import { digest } from './films.ts';
import { freePort, needs, startRedis } from './services.ts';
import { digestsOf, sharing } from './sharing.ts';

const { log, path, share, machine, endLater, prepare } = sharing();
const messages = () => log.map(({ message }) => message);
const fails = (what: string) => `shared cache: ${what} fails; requests are served without it`;

describe('a Redis', () => {
  beforeEach((context) => needs('redis-server', context));

  it('that is not there: requests are served, and it is told once', async () => {
    const made = await prepare({ place: `redis://:hidden@127.0.0.1:${await freePort()}` });
    const alone = await machine();
    expect(await digestsOf(alone, await openTitle(alone, path('sound')))).toEqual(made);
    expect(messages().sort()).toEqual([fails('reading'), fails('writing')]);
    expect(JSON.stringify(log)).not.toContain('hidden');
  });

  it('that stops answering, ends, and comes back', async () => {
    const service = endLater(await startRedis());
    const made = await prepare({ place: service.url });
    const one = await machine({
      shared: await share({ place: service.url, timeouts: { read: 600, pause: 1500 } }),
    });
    const { segments } = rendition(await openTitle(one, path('sound')), 'a1-aac');
    const { pathname } = new URL(nth(segments, 0));
    const ask = async () => {
      const start = performance.now();
      expect(digest((await one.ask(pathname)).body)).toBe(made.get(pathname));
      return performance.now() - start;
    };
    await ask();
    expect(one.jobs()).toBe(0);
    service.process.kill('SIGSTOP');
    expect(await ask()).toBeGreaterThan(590);
    expect(one.jobs()).toBeGreaterThan(0);
    expect(await ask(), 'nobody waits twice').toBeLessThan(500);
    await service.close();
    await ask();
    endLater(await startRedis(service.port));
    await expect
      .poll(() => ask().then(messages), { timeout: 10_000 })
      .toContain('shared cache: reading works again');
    expect(messages().filter((message) => message === fails('reading'))).toHaveLength(1);
  });

  it('that is another program: requests are served', async () => {
    const other = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    await prepare({ place: `redis://127.0.0.1:${port}` });
    expect(messages()).toContain(fails('reading'));
    other.close();
  });

  it('in which somebody else writes under these names, of other types too', async () => {
    const service = endLater(await startRedis());
    const made = await prepare({ place: service.url });
    const redis = new Redis(service.url);
    const keys = await redis.keys('*');
    expect(keys.length).toBeGreaterThan(2);
    for (const [i, key] of keys.entries()) {
      expect(key).toMatch(/^sluice:[\da-f]{2}:[\da-f]{62}$/);
      expect(await redis.ttl(key)).toBeGreaterThan(3600);
      if (i > 0) await redis.set(key, 'base64:bm8=');
      else await redis.multi().del(key).lpush(key, 'a list').exec();
    }
    redis.disconnect();
    expect(await prepare({ place: service.url })).toEqual(made);
  });

  it('that is full: what is there is read on', async () => {
    const service = endLater(await startRedis());
    await prepare({ place: service.url });
    const redis = new Redis(service.url);
    await redis.config('SET', 'maxmemory', '1');
    redis.disconnect();
    const one = await machine({ shared: await share({ place: service.url, keepsCopies: true }) });
    await digestsOf(one, await openTitle(one, path('sound')));
    expect(one.jobs()).toBe(0);
    expect(messages()).toEqual([fails('writing')]);
  });
});
