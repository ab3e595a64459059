import { z } from 'zod';
import { MediaError } from '../core/errors.ts';
import { isHeaderName, isHeaderValue } from '../core/header-text.ts';
import type { MediaflowTransport, UpstreamProxy, UpstreamRoute } from '../core/upstreams.ts';
import { parseMatch } from './upstream-match.ts';
import { parseProxy } from './upstream-proxy.ts';

/** A proxy's name for straight connections. */
const DIRECT = 'direct';

/** Headers that say which bytes are wanted, in which form, over which connection. */
const DECIDED =
  /^(host|range|if-.*|connection|keep-alive|proxy-.*|transfer-encoding|content-.*|te|trailer|upgrade|expect|accept-encoding)$/;

/** More at the same time than any host takes from one client. */
const MAX_CONCURRENCY = 1000;

const match = z.string().transform((text, context) => {
  const parsed = parseMatch(text);
  if (parsed) return parsed;
  context.addIssue('expected "*", "example.org", "*.example.org:8443" or "https://example.org/path/*"');
  return z.NEVER;
});

/** What it says stays untold: it may hold a password. */
const proxy = z.string().transform((text, context): UpstreamProxy | null => {
  const parsed = text === DIRECT ? null : parseProxy(text);
  if (parsed || text === DIRECT) return parsed;
  context.addIssue(
    `expected "${DIRECT}" or http://, https://, socks5:// or socks5h:// with user:password@host:port`,
  );
  return z.NEVER;
});

const headerName = z
  .string()
  .refine(isHeaderName, 'a header name has characters that HTTP forbids')
  .transform((name) => name.toLowerCase())
  .refine((name) => !DECIDED.test(name), 'this header is decided with each request');

const headerValue = z
  .string()
  .trim()
  .refine(isHeaderValue, 'a header value has characters that HTTP forbids');

const entry = z
  .strictObject({
    match,
    proxy: proxy.default(null),
    verifyTls: z.boolean().default(true),
    headers: z.record(headerName, headerValue).default({}),
    userAgent: headerValue.optional(),
    concurrency: z.int().min(1).max(MAX_CONCURRENCY).optional(),
  })
  .transform(
    ({ userAgent, concurrency, headers, ...others }): UpstreamRoute => ({
      ...others,
      headers: userAgent === undefined ? headers : { ...headers, 'user-agent': userAgent },
      concurrency: concurrency ?? null,
    }),
  );

const entries = z.array(entry);

/** As mediaflow-proxy 2 reads it: what else is said there is ignored. */
const transportRoutes = z.record(
  z.string(),
  z.object({
    proxy: z.boolean().default(true),
    proxy_url: proxy.nullish(),
    verify_ssl: z.boolean().default(true),
  }),
);

export interface UpstreamTexts {
  /** The file of `--upstreams`, null without one. */
  readonly file: { readonly name: string; readonly text: string } | null;
  readonly transport: MediaflowTransport;
}

/**
 * The routes of upstream requests, in the order in which they are tried: those of the own file first.
 * @throws MediaError `bad-request` naming the setting and, as a JSON pointer, the entry that cannot be read
 */
export function readUpstreams({ file, transport }: UpstreamTexts): readonly UpstreamRoute[] {
  const own = file === null ? [] : parsed(entries, file.text, `--upstreams ${file.name}`);
  return [...own, ...mediaflowRoutes(transport)];
}

function mediaflowRoutes(transport: MediaflowTransport): readonly UpstreamRoute[] {
  const { proxyUrl, proxiesAll, routes, verifiesTls } = transport;
  const proxyOfAll = proxyUrl === null ? null : checked(proxy, proxyUrl, 'PROXY_URL');
  const given = routes === null ? {} : parsed(transportRoutes, routes, 'TRANSPORT_ROUTES');
  const listed = Object.entries(given)
    .sort(([a], [b]) => specificity(b) - specificity(a))
    .map(([pattern, { proxy: isProxied, proxy_url: own, verify_ssl: verifies }]) =>
      plainRoute({
        match: mediaflowMatch(pattern),
        proxy: isProxied ? (own ?? proxyOfAll) : null,
        verifyTls: verifies && verifiesTls,
      }),
    );
  const everything = plainRoute({
    match: EVERYTHING,
    proxy: proxiesAll ? proxyOfAll : null,
    verifyTls: verifiesTls,
  });
  return proxiesAll || !verifiesTls ? [...listed, everything] : listed;
}

const EVERYTHING = { scheme: null, host: null, names: 'itself', port: null, path: null } as const;

const plainRoute = (said: Pick<UpstreamRoute, 'match' | 'proxy' | 'verifyTls'>): UpstreamRoute => ({
  ...said,
  headers: {},
  concurrency: null,
});

/** `all://`, `https://*.example.org`, `all://example.org:8443`: schemes may stand alone, `all` is any. */
function mediaflowMatch(pattern: string): UpstreamRoute['match'] {
  const [, scheme = '', rest = ''] = /^(https?|all):\/\/(.*)$/i.exec(pattern) ?? ['', '', pattern];
  const prefix = /^https?$/i.test(scheme) ? `${scheme}://` : '';
  const found = parseMatch(`${prefix}${rest.startsWith(':') || rest === '' ? '*' : ''}${rest}`);
  if (found) return found;
  throw unreadable('TRANSPORT_ROUTES', [`${pointer([pattern])}: expected "all://*.example.org" or the like`]);
}

/** With a port before without, then the longer host, then one scheme before all. */
function specificity(pattern: string): number {
  const { port, host, scheme } = mediaflowMatch(pattern);
  return (port === null ? 0 : 10_000) + (host ?? '').length * 10 + (scheme === null ? 0 : 1);
}

function parsed<T>(schema: z.ZodType<T>, text: string, setting: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // Its message quotes the text, in which passwords are.
    const place = /at position \d+/.exec(String(error))?.[0];
    throw unreadable(setting, [place === undefined ? 'it is no JSON' : `it is no JSON ${place}`]);
  }
  return checked(schema, value, setting);
}

/** Faults that one message tells. */
const MAX_FAULTS = 5;

function checked<T>(schema: z.ZodType<T>, value: unknown, setting: string): T {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const faults = error.issues.map((issue) => `${pointer(issue.path)}: ${reason(issue)}`);
  throw unreadable(setting, faults.slice(0, MAX_FAULTS));
}

/** Of a name in a record the issue itself says only that it is wrong. */
const reason = (issue: z.core.$ZodIssue): string =>
  (issue.code === 'invalid_key' ? issue.issues[0]?.message : null) ?? issue.message;

/** RFC 6901. */
const pointer = (path: readonly PropertyKey[]): string =>
  path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

const unreadable = (setting: string, faults: readonly string[]): MediaError =>
  new MediaError('bad-request', `${setting}: ${faults.map((fault) => fault.replace(/^: /, '')).join('; ')}`);
