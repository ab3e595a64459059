import type { Context } from 'hono';
import { tryDecodeURIComponent } from 'hono/utils/url';
import type { AppEnv } from '../deps.ts';
import { labelOf } from '../request-log.ts';

/** The route that will answer a request. */
export interface AskedRoute {
  /** Its pattern, without what its parameters look like; with the place that the app is mounted at. */
  readonly label: string;
  /** Parts of the path by the names that the pattern gives them. */
  readonly parts: Readonly<Record<string, string>>;
}

/**
 * The first that is for one method alone, behind the middleware that asks: an app around this one may have routes of its
 * own in front of it. To be asked for before `next()`, which moves on in the list.
 */
export function askedRoute(c: Context<AppEnv>): AskedRoute {
  const { matchedRoutes, routeIndex, path } = c.req;
  const route = matchedRoutes.slice(routeIndex + 1).find(({ method }) => method !== 'ALL');
  const label = labelOf(route?.path ?? '');
  return { label, parts: Object.fromEntries(partsOf(label, path.split('/'))) };
}

const partsOf = (label: string, given: readonly string[]): [name: string, value: string][] =>
  label
    .split('/')
    .flatMap((piece, i) =>
      piece.startsWith(':') ? [[piece.slice(1), tryDecodeURIComponent(given[i] ?? '')]] : [],
    );
