import { Hono } from 'hono';
import { beforeEach, describe, expect, it } from 'vitest';
import { MediaError } from '../../src/core/errors.ts';
import type { AppEnv, FolderLister } from '../../src/http/deps.ts';
import { answerError } from '../../src/http/errors.ts';
import { listingRoutes } from '../../src/http/listing.ts';

const FOLDERS: FolderLister = {
  names: ['Films', 'a&b'],
  async list(name, path) {
    if (name !== 'Films') throw new MediaError('not-found', 'No such root');
    asked.push(path);
    const entries = [
      { name: 'Staffel 1', isFolder: true, size: null },
      { name: '<img src=x onerror=alert(1)>.mkv', isFolder: false, size: 1_234_567 },
      { name: '100% "#1" ?.mp4', isFolder: false, size: 5 },
      { name: 'notes.txt', isFolder: false, size: 5 },
    ];
    return { entries, isCut: path === 'long' };
  },
};
const asked: string[] = [];
beforeEach(() => {
  asked.length = 0;
});

interface Setting {
  readonly folders?: FolderLister | null;
  readonly password?: string;
}

function server({ folders = FOLDERS, password }: Setting = {}) {
  const app = new Hono<AppEnv>();
  app.use(async (c, next) => {
    const config = { host: '0.0.0.0', publicUrl: null, apiPassword: password ?? null };
    c.set('deps', { config, folders, accessKey: 'the key', log: console } as never);
    c.set('cors', {});
    await next();
  });
  app.route('/', listingRoutes());
  app.get('/', (c) => c.text('the player'));
  app.onError(answerError);
  return async (path: string, headers: Record<string, string> = {}) => {
    const answer = await app.request(`http://tv.local:8080${path}`, {
      headers: { host: '192.168.1.5:8080', ...headers },
    });
    return { status: answer.status, text: await answer.text(), headers: answer.headers };
  };
}

const hrefs = (html: string) =>
  [...html.matchAll(/href="([^"]*)"/g)].flatMap(([, href = '']) => (href === 'data:,' ? [] : href));

describe('the list of folders', () => {
  it('stands at / and leads on', async () => {
    const { status, text } = await server()('/');
    expect(status).toBe(200);
    expect(hrefs(text)).toEqual(['./?d=', './browse/Films/', './browse/a%26b/']);
    expect(text).toContain('a&amp;b/');
  });

  it.each(['/?d=', '/?d=root%3AFilms%2Fx.mkv'])('leaves %s to the player', async (path) => {
    expect((await server()(path)).text).toBe('the player');
  });

  it('is not there where no folder is listed', async () => {
    for (const folders of [null, { ...FOLDERS, names: [] }]) {
      expect((await server({ folders })('/')).text).toBe('the player');
      expect((await server({ folders })('/browse/Films/')).status).toBe(404);
    }
  });
});

describe('a folder', () => {
  it('links folders and media, and only names the rest', async () => {
    const { text } = await server()('/browse/Films/Sub%20folder/');
    expect(asked).toEqual(['Sub folder']);
    expect(hrefs(text)).toEqual([
      '../../../?d=',
      '../../../',
      '../../../browse/Films/',
      '../../../browse/Films/Sub%20folder/Staffel%201/',
      '../../../?d=root%3AFilms%2FSub%20folder%2F%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E.mkv',
      '../../../?d=root%3AFilms%2FSub%20folder%2F100%25%20%22%231%22%20%3F.mp4',
    ]);
    expect(text).toContain('notes.txt');
    expect(text).toContain('1.2 MB');
  });

  it('runs nothing that a name says', async () => {
    const { text, headers } = await server()('/browse/Films/');
    expect(text).not.toContain('<img');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('content-security-policy')).not.toContain('script-src');
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('says when there is more than it lists', async () => {
    expect((await server()('/browse/Films/long/')).text).toContain('more than are listed');
  });

  it.each([
    ['/browse/Films/a/b/', 'a/b'],
    ['/browse/Films/a/b', 'a/b'],
    ['/browse/Films/', ''],
    ['/browse/Films/%2e%2e%2fetc/', '../etc'],
    ['/browse/Films/%00/', '\0'],
    ['/browse/Films/50%/', '50%'],
  ])('%s asks for "%s"', async (path, expected) => {
    await server()(path);
    expect(asked).toEqual([expected]);
  });

  it('that is not there: its code', async () => {
    const { status, text } = await server()('/browse/none/');
    expect([status, JSON.parse(text).error.code]).toEqual([404, 'not-found']);
  });
});

describe('who may see it', () => {
  const visit = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
  it.each([
    ['a program', {}, 200],
    ['the server itself', { 'sec-fetch-site': 'same-origin' }, 200],
    ['a page of another site', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' }, 403],
    ['a page of another site, by its origin', { origin: 'https://evil.example' }, 403],
    [
      'a frame in another site',
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
      403,
    ],
    ['who follows a link of another site', { 'sec-fetch-site': 'cross-site', ...visit }, 200],
    ['who has the key', { 'sec-fetch-site': 'cross-site', 'x-sluice-key': 'the key' }, 200],
    ['who has a wrong key', { 'sec-fetch-site': 'cross-site', 'x-sluice-key': 'a key' }, 403],
  ])('%s', async (_, headers, expected) => {
    const ask = server();
    for (const path of ['/', '/browse/Films/']) {
      const { status, headers: answered } = await ask(path, headers);
      expect([path, status]).toEqual([path, expected]);
      const isOpen = 'x-sluice-key' in headers && expected === 200;
      expect(answered.get('access-control-allow-origin')).toBe(isOpen ? '*' : null);
    }
  });

  it('only who knows the password, where there is one; links carry it on', async () => {
    const ask = server({ password: 'open & sesame' });
    for (const path of ['/', '/browse/Films/']) expect((await ask(path)).status).toBe(403);
    const { status, text } = await ask('/browse/Films/?api_password=open%20%26%20sesame');
    expect(status).toBe(200);
    expect(hrefs(text).slice(0, 4)).toEqual([
      '../../?d=&amp;api_password=open%20%26%20sesame',
      '../../?api_password=open%20%26%20sesame',
      '../../browse/Films/Staffel%201/?api_password=open%20%26%20sesame',
      '../../?d=root%3AFilms%2F%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E.mkv&amp;api_password=open%20%26%20sesame',
    ]);
  });
});
