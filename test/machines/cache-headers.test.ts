import { afterEach, describe, expect, it } from 'vitest';
import { file, startUpstream } from '../helpers/upstream.ts';
import { masterPath, nth, openTitle, rendition, type ServedApp, serveApp } from '../http/serve-app.ts';
import { film } from './films.ts';

const running: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.close();
});

const YEAR = 'max-age=31536000, immutable';

/** By whom a source may be read: what caches between are told. */
const SOURCES = [
  ['named by --allow', { allow: ['127.0.0.1'] }, 'http', '', 'no-cache', `public, ${YEAR}`],
  [
    'opened by --allow-private',
    { 'allow-private': true },
    'http',
    '',
    'private, no-cache',
    `private, ${YEAR}`,
  ],
  [
    'the same, asked for with the key',
    { 'allow-private': true },
    'http',
    'key',
    'private, no-cache',
    `private, ${YEAR}`,
  ],
  ['a file of this machine', {}, 'root', '', 'private, no-cache', `private, ${YEAR}`],
] as const;

describe('what caches between server and viewer are told', () => {
  it.each(SOURCES)('of a source %s', async (_, flags, kind, more, ofMaster, ofRest) => {
    const upstream = await startUpstream(file(film('sound'), { headers: { etag: '"film"' } }));
    const app: ServedApp = await serveApp({ flags });
    running.push(app, upstream);
    const media = kind === 'root' ? 'root:demo/ac3.mkv' : `${upstream.url}/film.mkv`;
    const path = masterPath(media, more && `&key=${app.accessKey}`);
    const told = async (address: string, headers: Record<string, string> = {}, method = 'GET') => {
      const answer = await app.ask(address, { headers, method });
      return [answer.status, answer.headers['cache-control'], answer.headers.etag ?? ''] as const;
    };
    const { playlist, init, segments } = rendition(await openTitle(app, path), 'v0');
    for (const address of [path, playlist, init, nth(segments, 0)]) {
      const control = address === path ? ofMaster : ofRest;
      const [status, found, etag] = await told(address);
      expect([status, found], address).toEqual([200, control]);
      expect(etag).toMatch(/^(W\/)?"[\w-]+"$/);
      expect(await told(address, {}, 'HEAD'), address).toEqual([200, control, etag]);
      expect(await told(address, { 'if-none-match': etag }), address).toEqual([304, control, etag]);
      expect((await told(address, { 'if-none-match': '"other"' }))[0]).toBe(200);
    }
    const gone = nth(segments, 0).replace('/v0/', '/v9/');
    expect((await told(gone)).slice(0, 2)).toEqual([404, 'no-store']);
  });

  it('lists vary with the coding alone, and have one tag in all codings', async () => {
    const app = await serveApp();
    running.push(app);
    const path = masterPath('root:demo/ac3.mkv');
    const answers = await Promise.all(
      ['gzip', 'identity'].map((coding) => app.ask(path, { headers: { 'accept-encoding': coding } })),
    );
    expect(answers.map(({ headers }) => [headers.vary, headers['content-encoding']])).toEqual([
      ['Accept-Encoding', 'gzip'],
      ['Accept-Encoding', undefined],
    ]);
    expect(new Set(answers.map(({ headers }) => headers.etag)).size).toBe(1);
    const again = await app.ask(path, { headers: { 'if-none-match': answers[0]?.headers.etag ?? '' } });
    expect([again.status, again.headers.vary, again.body.length]).toEqual([304, 'Accept-Encoding', 0]);
  });

  it('a server that has not opened a title tells nobody to keep it for others', async () => {
    const upstream = await startUpstream(file(film('sound'), { headers: { etag: '"film"' } }));
    const [opened, fresh] = await Promise.all([serveApp({ secret: 'one' }), serveApp({ secret: 'one' })]);
    running.push(opened, fresh, upstream);
    const { segments } = rendition(await openTitle(opened, masterPath(`${upstream.url}/film.mkv`)), 'v0');
    const { pathname } = new URL(nth(segments, 0));
    const { headers } = await fresh.ask(pathname, { method: 'HEAD' });
    expect([headers['cache-control'], fresh.openings()]).toEqual([`private, ${YEAR}`, 0]);
  });
});
