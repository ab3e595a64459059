import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTokenBox, deriveAccessKey, equalSecrets, type MediaRequest } from '../../src/proxy/token.ts';

const REQUEST: MediaRequest = {
  url: 'https://example.org/film.mkv?token=abc',
  headers: { cookie: 'a=b', referer: 'https://example.org/' },
  video: null,
  audio: null,
  recovery: 'shown',
  isTrusted: false,
  expires: null,
};

const anyWish = fc.record({
  forms: fc.option(fc.subarray(['copy', 'h264', 'h265', 'av1'] as const)),
  maxHeight: fc.option(fc.nat()),
  maxBitrate: fc.option(fc.nat()),
});

const REQUIRED = ['url', 'headers', 'video', 'recovery', 'audio', 'isTrusted', 'expires'] as const;
const FIELDS = {
  url: fc.oneof(fc.webUrl(), fc.string({ unit: 'binary' })),
  headers: fc.dictionary(fc.stringMatching(/^[a-z-]{1,20}$/), fc.string({ unit: 'binary' })),
  video: fc.option(fc.nat()),
  recovery: fc.constantFrom('shown', 'hidden'),
  audio: fc.option(fc.array(fc.stringMatching(/^[a-z0-9]{1,3}$/))),
  isTrusted: fc.boolean(),
  expires: fc.option(fc.integer({ min: 2e9, max: 4e9 })),
  program: fc.nat(),
  wish: anyWish,
};
const anyRequest: fc.Arbitrary<MediaRequest> = fc.record(FIELDS, { requiredKeys: [...REQUIRED] });
const refused = expect.objectContaining({ code: 'unauthorized' });

describe('tokens', () => {
  it('give back what was sealed, whatever it is', async () => {
    const box = await createTokenBox('secret', () => 0);
    await fc.assert(
      fc.asyncProperty(anyRequest, async (request) => {
        const token = await box.seal(request);
        expect(token).toMatch(/^[\w-]+$/);
        expect(await box.open(token)).toEqual({ ...request, headers: { ...request.headers } });
      }),
      { numRuns: 200 },
    );
  });

  it('are the same text for the same request, in any process and with headers in any order', async () => {
    const [one, other] = await Promise.all([
      createTokenBox('secret', () => 1),
      createTokenBox('secret', () => 2),
    ]);
    const turned = { ...REQUEST, headers: Object.fromEntries(Object.entries(REQUEST.headers).toReversed()) };
    expect(await one.seal(REQUEST)).toBe(await other.seal(turned));
  });

  it('differ in everything when the request differs in anything', async () => {
    const box = await createTokenBox('secret', () => 0);
    const others: Partial<MediaRequest>[] = [
      {},
      { url: `${REQUEST.url}x` },
      { headers: {} },
      { headers: { cookie: 'a=b' } },
      { video: 0 },
      { video: 1 },
      { audio: [] },
      { recovery: 'hidden' },
      { audio: ['1', 'de'] },
      { isTrusted: true },
      { expires: 3600 },
    ];
    const tokens = await Promise.all(others.map((change) => box.seal({ ...REQUEST, ...change })));
    expect(new Set(tokens.map((token) => token.slice(0, 16))).size, 'nonces').toBe(others.length);
  });

  it('hide the URL and the headers', async () => {
    const token = await (await createTokenBox('secret', () => 0)).seal(REQUEST);
    const raw = Buffer.from(token, 'base64url').toString('latin1');
    for (const part of ['example', 'film', 'abc', 'cookie', 'a=b']) expect(raw).not.toContain(part);
  });

  it('with any one bit changed are refused', async () => {
    const box = await createTokenBox('secret', () => 0);
    const sealed = Buffer.from(await box.seal(REQUEST), 'base64url');
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const forged = Buffer.from(sealed);
      forged.writeUInt8((forged[bit >> 3] ?? 0) ^ (1 << (bit & 7)), bit >> 3);
      await expect(box.open(forged.toString('base64url')), `bit ${bit}`).rejects.toEqual(refused);
    }
  });

  it('cut, lengthened, made up or of another secret are refused', async () => {
    const box = await createTokenBox('secret', () => 0);
    const token = await box.seal(REQUEST);
    const foreign = await (await createTokenBox('secret ', () => 0)).seal(REQUEST);
    const forged = [
      '',
      'x',
      '=',
      '/',
      token.slice(0, -1),
      `${token}A`,
      token.slice(16),
      `${token}=`,
      foreign,
    ];
    for (const text of forged) await expect(box.open(text), text).rejects.toEqual(refused);
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.base64String()), (text) =>
        expect(box.open(text))
          .rejects.toEqual(refused)
          .then(() => true),
      ),
    );
  });

  it('end when they expire and not a second sooner', async () => {
    let now = 0;
    const box = await createTokenBox('secret', () => now);
    const token = await box.seal({ ...REQUEST, expires: 3600 });
    for (now of [0, 3_599_000, 3_600_000]) expect((await box.open(token)).url).toBe(REQUEST.url);
    for (now of [3_600_001, 1e13]) await expect(box.open(token)).rejects.toThrow(/expired/);
  });
});

describe('the access key', () => {
  it('is of the secret and does not tell it', async () => {
    const key = await deriveAccessKey('secret');
    expect(key).toBe(await deriveAccessKey('secret'));
    expect(key).not.toBe(await deriveAccessKey('secret2'));
    expect(key).toMatch(/^[\w-]{24}$/);
  });
});

describe('equalSecrets', () => {
  it.for([
    ['a', 'a', true],
    ['', '', true],
    ['ä€😀', 'ä€😀', true],
    ['a', 'b', false],
    ['a', '', false],
    ['', 'a', false],
    ['a', 'aa', false],
    ['aa', 'a', false],
    ['abab', 'ab', false],
    ['ab', 'abab', false],
    ['a\0', 'a', false],
  ] as const)('%j, %j: %s', ([given, expected, equal]) => {
    expect(equalSecrets(given, expected)).toBe(equal);
  });
});
