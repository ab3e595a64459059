import { describe, expect, it } from 'vitest';
import { MediaError } from '../../../src/core/errors.ts';
import type { Hooks, ResolveAsking } from '../../../src/http/hooks/hooks.ts';
import { createResolver, type Resolver } from '../../../src/http/hooks/resolver.ts';

const never = new AbortController().signal;
const FILM = { id: 'film', headers: {} };

interface Scene {
  readonly resolver: Resolver;
  /** Why the hook was asked, each time. */
  readonly asked: ResolveAsking['why'][];
  readonly logged: object[];
  /** Milliseconds since 1970. */
  clock: number;
}

/** A resolver around a hook whose `n`th answer is `answer(n)`. */
function scene(
  answer: (n: number, asking: ResolveAsking) => ReturnType<NonNullable<Hooks['resolve']>>,
): Scene {
  const asked: ResolveAsking['why'][] = [];
  const logged: object[] = [];
  const log = {
    info: () => undefined,
    warn: () => undefined,
    error: (fields: object) => void logged.push(fields),
  };
  const resolve: NonNullable<Hooks['resolve']> = (_, asking) => {
    asked.push(asking.why);
    return answer(asked.length, asking);
  };
  const made: Scene = {
    resolver: createResolver({ resolve, log, now: () => made.clock }),
    asked,
    logged,
    clock: 1000,
  };
  return made;
}

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'resolved',
    (error: unknown) => (error instanceof MediaError ? error.code : error),
  );

describe('resolve', () => {
  it('is asked once by all who wait, and not again within its time', async () => {
    const made = scene(async () => ({ url: 'https://a.example/1', ttl: 10 }));
    const places = await Promise.all([1, 2, 3].map(() => made.resolver.place(FILM, never)));
    expect(new Set(places)).toEqual(new Set([places[0]]));
    expect(places[0]).toEqual({ url: 'https://a.example/1', headers: {}, until: 11_000 });
    made.clock = 10_999;
    expect(await made.resolver.place(FILM, never)).toBe(places[0]);
    expect(made.asked).toEqual(['unknown']);
  });

  it.each([
    { name: 'its own time', ttl: 10, over: 11_000 },
    { name: 'an hour where it gives none', ttl: undefined, over: 3_601_000 },
    { name: 'no time at all', ttl: 0, over: 1000 },
  ])('is asked again after $name', async ({ ttl, over }) => {
    const made = scene((n) => ({ url: `https://a.example/${n}`, ...(ttl === undefined ? {} : { ttl }) }));
    await made.resolver.place(FILM, never);
    made.clock = over;
    expect((await made.resolver.place(FILM, never)).url).toBe('https://a.example/2');
    expect(made.asked).toEqual(['unknown', 'expired']);
  });

  it('is asked again once for all whom one place refused', async () => {
    const made = scene((n) => ({ url: `https://a.example/${n}` }));
    const old = await made.resolver.place(FILM, never);
    const renewed = await Promise.all([1, 2, 3].map(() => made.resolver.renew(FILM, old, never)));
    expect(renewed.map(({ url }) => url)).toEqual(Array(3).fill('https://a.example/2'));
    // Who comes late with the old one gets the new one.
    expect(await made.resolver.renew(FILM, old, never)).toBe(renewed[0]);
    expect(made.asked).toEqual(['unknown', 'refused']);
  });

  it('is asked for each name and each set of headers', async () => {
    const seen: unknown[] = [];
    const made = scene((_, { headers }) => {
      seen.push(headers);
      return { url: 'https://a.example/', headers: { Referer: 'r', 'X-N': String(seen.length) } };
    });
    const first = await made.resolver.place({ id: 'film', headers: { cookie: 'a' } }, never);
    const second = await made.resolver.place({ id: 'film', headers: { cookie: 'b' } }, never);
    expect(seen).toEqual([{ cookie: 'a' }, { cookie: 'b' }]);
    expect([first.headers, second.headers]).toEqual([
      { referer: 'r', 'x-n': '1' },
      { referer: 'r', 'x-n': '2' },
    ]);
  });

  it.each([
    { name: 'null', answer: () => null, code: 'not-found', isLogged: false },
    {
      name: 'an error with a code',
      answer: () => {
        throw new MediaError('rate', 'Too many');
      },
      code: 'rate',
      isLogged: false,
    },
    {
      name: 'another error',
      answer: () => {
        throw new Error('password is 123');
      },
      code: 'upstream',
      isLogged: true,
    },
    {
      name: 'a promise that fails',
      answer: () => Promise.reject(new Error('x')),
      code: 'upstream',
      isLogged: true,
    },
    { name: 'no URL', answer: () => ({ url: 'film.mkv' }), code: 'upstream', isLogged: true },
    { name: 'a file', answer: () => ({ url: 'file:///etc/passwd' }), code: 'upstream', isLogged: true },
    { name: 'an upload', answer: () => ({ url: 'upload:1' }), code: 'upstream', isLogged: true },
    {
      name: 'a time that is none',
      answer: () => ({ url: 'https://a.example/', ttl: Number.NaN }),
      code: 'upstream',
      isLogged: true,
    },
  ])('$name is told as $code', async ({ answer, code, isLogged }) => {
    const made = scene(answer);
    expect(await codeOf(made.resolver.place(FILM, never))).toBe(code);
    expect(made.logged).toHaveLength(isLogged ? 1 : 0);
    // What failed is not remembered.
    expect(await codeOf(made.resolver.place(FILM, never))).toBe(code);
    expect(made.asked).toEqual(['unknown', 'unknown']);
  });

  it.each([
    { name: 'an object', headers: { 'X-A': '1', cookie: 'é' }, sent: { 'x-a': '1', cookie: 'é' } },
    { name: 'Headers', headers: new Headers({ 'X-A': '1' }), sent: { 'x-a': '1' } },
    { name: 'a Map', headers: new Map([['X-A', '1']]), sent: { 'x-a': '1' } },
    { name: 'a number', headers: { 'x-a': 1 }, sent: { 'x-a': '1' } },
    {
      name: 'what is undefined or null',
      headers: { 'x-a': undefined, 'x-b': null, 'x-c': '' },
      sent: { 'x-c': '' },
    },
  ])('takes $name for headers', async ({ headers, sent }) => {
    const made = scene(() => ({ url: 'https://a.example/', headers: headers as Record<string, string> }));
    expect((await made.resolver.place(FILM, never)).headers).toEqual(sent);
  });

  it.each([
    { name: 'a line break', headers: { 'x-a': 'a\r\nx-b: c' } },
    { name: 'a character that HTTP forbids', headers: { 'x-a': '€' } },
    { name: 'a name with a space', headers: { 'x a': '1' } },
    { name: 'a list', headers: ['x-a: 1'] },
    { name: 'a text', headers: 'x-a: 1' },
    { name: 'null', headers: null },
  ])('$name in headers is the hook’s fault, and is logged', async ({ headers }) => {
    const made = scene(() => ({ url: 'https://a.example/', headers: headers as never }));
    expect(await codeOf(made.resolver.place(FILM, never))).toBe('upstream');
    expect(made.logged).toHaveLength(1);
  });

  it('is not asked by who has left before', async () => {
    const made = scene(() => ({ url: 'https://a.example/' }));
    const gone = AbortSignal.abort('left');
    expect(await codeOf(made.resolver.place(FILM, gone))).toBe('left');
    const place = await made.resolver.place(FILM, never);
    expect(await codeOf(made.resolver.renew(FILM, place, gone))).toBe('left');
    expect(made.asked).toEqual(['unknown']);
  });

  it('is remembered as far as some megabytes go', async () => {
    const made = scene((n) => ({ url: `https://a.example/${n}` }));
    const film = (n: number) => ({ id: String(n), headers: { 'x-a': 'a'.repeat(64 * 1024) } });
    for (let n = 0; n < 100; n++) await made.resolver.place(film(n), never);
    await made.resolver.place(film(99), never);
    expect(made.asked).toHaveLength(100);
    await made.resolver.place(film(0), never);
    expect(made.asked).toHaveLength(101);
  });

  it('does not tell what another error says', async () => {
    const made = scene(() => Promise.reject(new Error('password is 123')));
    const error = await made.resolver.place(FILM, never).catch((thrown: unknown) => thrown);
    expect(String(error)).not.toContain('123');
  });

  it('is aborted when the last who waits has left', async () => {
    const aborted: string[] = [];
    const made = scene(
      (n, { signal }) =>
        new Promise((resolve, reject) => {
          if (n > 1) return resolve({ url: 'https://a.example/' });
          signal.addEventListener('abort', () => {
            aborted.push('aborted');
            reject(signal.reason);
          });
        }),
    );
    const [first, second] = [new AbortController(), new AbortController()];
    const waiting = [first, second].map(({ signal }) => codeOf(made.resolver.place(FILM, signal)));
    first.abort('first left');
    expect(await waiting[0]).toBe('first left');
    expect(aborted).toEqual([]);
    second.abort('second left');
    expect(await waiting[1]).toBe('second left');
    expect(aborted).toEqual(['aborted']);
    expect((await made.resolver.place(FILM, never)).url).toBe('https://a.example/');
    expect(made.logged).toEqual([]);
  });
});
