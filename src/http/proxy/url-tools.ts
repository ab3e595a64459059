import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { MediaError } from '../../core/errors.ts';
import { toBase64Url } from '../../proxy/base64url.ts';
import { sealCompatToken } from '../../proxy/compat-token.ts';
import type { GenerateUrl, GenerateUrls } from '../api/proxy-tools.ts';
import { checked } from '../checked.ts';
import type { AppEnv } from '../deps.ts';
import { decodedUrl } from './written-url.ts';

/** A thousand addresses of a kilobyte each. */
const MAX_BODY = 2 * 1024 * 1024;

/** What addons have addresses of the proxy made by. Nothing here opens anything: who has no password gets nothing by it. */
export function urlToolRoutes(now: () => number): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  const limited = bodyLimit({
    maxSize: MAX_BODY,
    onError: () => {
      throw new MediaError('limit', `More than ${MAX_BODY} bytes of addresses`);
    },
  });
  routes.post('/generate_url', limited, async (c) =>
    c.json({ url: await writeUrl((await bodyOf(c, 'generateUrl')) as GenerateUrl, now()) }),
  );
  routes.post('/generate_encrypted_or_encoded_url', limited, async (c) =>
    c.json({ encoded_url: await writeUrl((await bodyOf(c, 'generateEncodedUrl')) as GenerateUrl, now()) }),
  );
  routes.post('/generate_urls', limited, async (c) => {
    const { urls, ...common } = (await bodyOf(c, 'generateUrls')) as GenerateUrls;
    return c.json({ urls: await Promise.all(urls.map((each) => writeUrl({ ...common, ...each }, now()))) });
  });
  routes.post('/base64/encode', checked('encodeBase64'), (c) => {
    const url = c.req.query('url') ?? '';
    return c.json({ encoded_url: toBase64Url(new TextEncoder().encode(url)), original_url: url });
  });
  routes.post('/base64/decode', checked('decodeBase64'), (c) => {
    const encoded = c.req.query('encoded_url') ?? '';
    const url = decodedUrl(encoded);
    if (url === null) return c.json({ detail: 'Invalid base64 encoded URL', code: 'bad-request' }, 400);
    return c.json({ decoded_url: url, encoded_url: encoded });
  });
  routes.get('/base64/check', checked('checkBase64'), (c) => {
    const url = c.req.query('url') ?? '';
    const decoded = decodedUrl(url);
    return c.json({
      url,
      is_base64: decoded !== null,
      ...(decoded === null ? {} : { decoded_url: decoded }),
    });
  });
  return routes;
}

/** @throws MediaError `bad-request` for what its operation does not take */
async function bodyOf(c: Context<AppEnv>, operation: string): Promise<unknown> {
  const body = await readJson(c);
  const { check } = c.var.deps;
  if (!check) throw new MediaError('not-offered', 'This server makes no addresses');
  await check(operation, { query: new Map(), body });
  return body;
}

async function readJson(c: Context<AppEnv>): Promise<unknown> {
  try {
    return await c.req.json();
  } catch (error) {
    if (error instanceof MediaError) throw error;
    throw new MediaError('bad-request', 'The body must be JSON');
  }
}

/** Which bytes are asked for is the player's to say, each time. */
const NEVER_BAKED = new Set(['range', 'if-range']);

async function writeUrl(wanted: GenerateUrl, now: number): Promise<string> {
  const { mediaflow_proxy_url, endpoint, filename, api_password, expiration, ip } = wanted;
  const base = trimmed(mediaflow_proxy_url);
  const path = `${pathOf(endpoint ?? '')}${filename ? `/${encodeURIComponent(filename)}` : ''}`;
  const parameters = parametersOf(wanted);
  if (!api_password) {
    const query = [...parameters].map(
      ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
    );
    return `${base}${path}${query.length > 0 ? `?${query.join('&')}` : ''}`;
  }
  const token = await sealCompatToken(
    {
      parameters: new Map([...parameters, ['api_password', api_password]]),
      expires: expiration ? Math.floor(now / 1000) + expiration : null,
      client: ip ?? null,
    },
    api_password,
  );
  return `${base}/_token_${token}${path}`;
}

const pathOf = (endpoint: string): string =>
  endpoint === '' || endpoint.startsWith('/') ? endpoint : `/${endpoint}`;

/** Without the slashes at its end. */
function trimmed(url: string): string {
  let end = url.length;
  while (url[end - 1] === '/') end--;
  return url.slice(0, end);
}

function parametersOf(wanted: GenerateUrl): ReadonlyMap<string, string> {
  const { destination_url, base64_encode_destination, query_params, remove_response_headers } = wanted;
  const parameters = new Map(entriesOf(query_params, ''));
  if (destination_url) {
    const bytes = new TextEncoder().encode(destination_url);
    parameters.set('d', base64_encode_destination ? toBase64Url(bytes) : destination_url);
  }
  for (const [name, value] of entriesOf(wanted.request_headers, 'h_'))
    if (!NEVER_BAKED.has(name.slice(2).toLowerCase())) parameters.set(name, value);
  for (const [name, value] of entriesOf(wanted.response_headers, 'r_')) parameters.set(name, value);
  for (const [name, value] of entriesOf(wanted.propagate_response_headers, 'rp_'))
    parameters.set(name, value);
  if (remove_response_headers && remove_response_headers.length > 0)
    parameters.set('x_headers', remove_response_headers.join(','));
  return parameters;
}

const entriesOf = (fields: GenerateUrl['query_params'], prefix: string): [name: string, value: string][] =>
  Object.entries(fields ?? {}).map(([name, value]) => [`${prefix}${name}`, String(value)]);
