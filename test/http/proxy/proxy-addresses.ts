import { fixture } from '../../helpers/fixtures.ts';
import { file, type Handler, patternBytes, type Upstream } from '../../helpers/upstream.ts';
import {
  type Answer,
  nth,
  type Question,
  type ServedApp,
  type ServeOptions,
  serveApp,
} from '../serve-app.ts';

const PASSWORD = 'pass word';

/** What an upstream has for every route of the proxy. */
export const FILES: Readonly<Record<string, string | Uint8Array>> = {
  '/master.m3u8': '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=800000\ntv.m3u8\n',
  '/tv.m3u8':
    '#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXT-X-KEY:METHOD=AES-128,URI="the.key"\n#EXTINF:6,\n0.ts\n#EXT-X-ENDLIST\n',
  '/the.key': patternBytes(16),
  '/0.ts': patternBytes(1880, 2),
  '/ip': '{"ip":"203.0.113.7"}',
  '/film.mkv': fixture('demo'),
  '/guide.xml': '<tv></tv>',
  '/get.php': '#EXTM3U\n#EXTINF:-1,One\nhttp://a.example/1.ts\n',
  '/player_api.php': '[]',
  '/live/user/p/1.m3u8': '#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n0.ts\n',
  '/live/user/p/1.ts': patternBytes(1880, 2),
  '/movie/user/p/1.mkv': fixture('demo'),
};

export const answerFiles: Handler = (request, response, seen) => {
  const { pathname } = new URL(request.url ?? '', 'http://a');
  const body = FILES[pathname] ?? '';
  const type = typeof body === 'string' ? 'application/vnd.apple.mpegurl' : 'video/mp2t';
  file(Buffer.from(body), { headers: { 'content-type': type, etag: '"o"' } })(request, response, seen);
};

/** What is asked for, and how. */
export interface Route {
  readonly path: string;
  readonly question?: Question;
}

export type Routes = Readonly<Record<string, Route>>;

export interface ProxyScene {
  readonly app: ServedApp;
  /** Every route that reads from the upstream. */
  readonly routes: Routes;
  /** The same, made with the server's key. */
  keyed(): Promise<Routes>;
  /** Those that read nothing of anybody's choice. */
  readonly tools: Routes;
}

/** A server with a password, and its addresses as a player gets them. */
export async function openScene(
  upstream: Upstream,
  flags: ServeOptions['flags'] = { allow: ['127.0.0.1'] },
): Promise<ProxyScene> {
  const env = { API_PASSWORD: PASSWORD, SLUICE_IP_SERVICES: `${upstream.url}/ip` };
  const app = await serveApp({ flags, env, timeouts: { backoff: 1 } });
  return {
    app,
    routes: await readingRoutes(app, upstream, ''),
    keyed: () => readingRoutes(app, upstream, `&key=${app.accessKey}`),
    tools: toolRoutes(app),
  };
}

/** Asks a route in another way. */
export const askRoute = (app: ServedApp, { path, question }: Route, more: Question): Promise<Answer> =>
  app.ask(path, { ...question, ...more, headers: { ...question?.headers, ...more.headers } });

/** Names of what tells other sites that they may read. */
export const corsNames = ({ headers }: Answer): string[] =>
  Object.keys(headers).filter((name) => name.startsWith('access-control-'));

/** Addresses of a playlist, as paths. */
export const linksIn = (text: string, path: string): string[] =>
  [...text.matchAll(/^(?!#)\S.*$|URI="([^"]+)"/gm)].map((match) => {
    const { pathname, search } = new URL(match[1] ?? match[0], new URL(path, 'http://a'));
    return pathname + search;
  });

async function linksOf(app: ServedApp, path: string): Promise<string[]> {
  const { status, text } = await app.ask(path);
  if (status !== 200) throw new Error(`${status} ${text}`);
  return linksIn(text, path);
}

async function readingRoutes(app: ServedApp, upstream: Upstream, more: string): Promise<Routes> {
  const at = (name: string) =>
    `api_password=${encodeURIComponent(PASSWORD)}${more}&d=${encodeURIComponent(`${upstream.url}/${name}`)}`;
  const master = await linksOf(app, `/proxy/hls/manifest.m3u8?${at('master.m3u8')}`);
  const [key = '', segment = ''] = await linksOf(app, nth(master, 0));
  const film = await linksOf(app, `/proxy/transcode/playlist.m3u8?${at('film.mkv')}`);
  const paths = {
    stream: `/proxy/stream?${at('film.mkv')}`,
    'named stream': `/proxy/stream/film.mkv?${at('film.mkv')}`,
    'stream as a film': `/proxy/stream?transcode=true&start=50&${at('film.mkv')}`,
    manifest: `/proxy/hls/manifest.m3u8?${at('master.m3u8')}`,
    'manifest with keys': `/proxy/hls/key_proxy/manifest.m3u8?${at('tv.m3u8')}`,
    'segment by its URL': `/proxy/hls/segment.ts?${at('0.ts')}`,
    'sealed playlist': nth(master, 0),
    'sealed key': key,
    'sealed segment': segment,
    'list of a film': `/proxy/transcode/playlist.m3u8?${at('film.mkv')}`,
    'beginning of a film': nth(film, 0),
    'part of a film': nth(film, 1),
    'merged list': `/playlist/playlist?${at('get.php')}`,
    guide: `/proxy/epg?${at('guide.xml')}&cache_ttl=0`,
    ...accountPaths(upstream, more),
    token: await tokenPath(app, `${upstream.url}/film.mkv`, more),
  };
  return Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, { path }]));
}

/** What players of IPTV ask for of a provider. */
function accountPaths({ url }: Upstream, more: string): Readonly<Record<string, string>> {
  const name = Buffer.from(`${url}:user`).toString('base64url');
  const word = `api_password=${encodeURIComponent(PASSWORD)}&`;
  const login = `?${word}username=${name}&password=p${more}`;
  return {
    'lists of a provider': `/player_api.php${login}&action=get_live_streams`,
    'playlist of a provider': `/get.php${login}`,
    'guide of a provider': `/xmltv.php${login}`,
    'channel of a provider': `/live/${name}/p/1.m3u8?${word}${more}`,
    'channel of a provider as it comes': `/live/${name}/p/1.ts?${word}${more}`,
    'film of a provider': `/movie/${name}/p/1.mkv?${word}${more}`,
  };
}

const posted = (body: object): Question => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

/** An encrypted address. */
async function tokenPath(app: ServedApp, url: string, more: string): Promise<string> {
  const wanted = {
    mediaflow_proxy_url: app.url,
    endpoint: '/proxy/stream',
    destination_url: url,
    query_params: Object.fromEntries(new URLSearchParams(more)),
    api_password: PASSWORD,
  };
  const { text } = await app.ask('/generate_url', posted(wanted));
  return (JSON.parse(text) as { readonly url: string }).url.replace(app.url, '');
}

function toolRoutes({ url }: ServedApp): Routes {
  const wanted = { mediaflow_proxy_url: url, endpoint: '/proxy/stream', api_password: PASSWORD };
  return {
    'making of addresses': { path: '/generate_url', question: posted(wanted) },
    'making of many': {
      path: '/generate_urls',
      question: posted({ mediaflow_proxy_url: url, urls: [{ endpoint: '/proxy/stream' }] }),
    },
    'own address': { path: `/proxy/ip?api_password=${encodeURIComponent(PASSWORD)}` },
    base64: { path: '/base64/check?url=aHR0cDovL2EuZXhhbXBsZQ' },
    health: { path: '/health' },
  };
}
