import type { UpstreamMatch, UpstreamRoute } from '../core/upstreams.ts';
import { bareHost } from './address-rules.ts';
import { portOf } from './host-access.ts';
import type { Headers } from './http-headers.ts';

/** How a request is sent. */
export interface UpstreamWay extends Omit<UpstreamRoute, 'match'> {
  /** Tells ways apart: connections of two of them are never mixed. */
  readonly name: string;
}

/** Where no route matches. */
export const STRAIGHT: UpstreamWay = {
  name: '',
  proxy: null,
  verifyTls: true,
  headers: {},
  concurrency: null,
};

/** Finds the way of a URL. */
export type FindWay = (url: URL) => UpstreamWay;

/** The first route that matches is all that holds for a URL. */
export function findWay(routes: readonly UpstreamRoute[]): FindWay {
  if (routes.length === 0) return () => STRAIGHT;
  const ways = routes.map(({ match, ...route }, index) => ({
    way: { ...route, name: String(index) },
    fits: matcher(match),
  }));
  return (url) => ways.find(({ fits }) => fits(url))?.way ?? STRAIGHT;
}

/** The headers of a request with those of its way, which win over what is sent by default only. */
export function withWay(headers: Headers, way: UpstreamWay, defaults: Headers): Headers {
  const isOwn = ([name, value]: [string, string]) => !(name in way.headers && defaults[name] === value);
  return way === STRAIGHT
    ? headers
    : { ...way.headers, ...Object.fromEntries(Object.entries(headers).filter(isOwn)) };
}

function matcher({ scheme, host, names, port, path }: UpstreamMatch): (url: URL) => boolean {
  const pattern = path === null ? null : pathPattern(path);
  return (url) => {
    if (scheme !== null && url.protocol !== `${scheme}:`) return false;
    if (port !== null && portOf(url) !== port) return false;
    if (pattern && !pattern.test(url.pathname)) return false;
    return host === null || FITS[names](bareHost(url.hostname), host);
  };
}

const FITS: Readonly<Record<UpstreamMatch['names'], (name: string, host: string) => boolean>> = {
  itself: (name, host) => name === host,
  below: (name, host) => name.endsWith(`.${host}`),
  both: (name, host) => name === host || name.endsWith(`.${host}`),
};

/** `*` for any characters. */
function pathPattern(path: string): RegExp {
  const parts = path.split('*').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}
