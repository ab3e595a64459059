import { MediaError } from '../core/errors.ts';
import type { OpenedSource } from '../pipeline/library.ts';
import type { MediaRequest } from '../proxy/token.ts';
import { demoPlace } from './demo-place.ts';
import { type HttpPlaceOptions, httpPlace } from './http-place.ts';
import type { Assets } from './platform.ts';
import { r2Place } from './r2-place.ts';
import type { Place, RequestScopes } from './request-scope.ts';
import type { EdgeSettings } from './settings.ts';

export interface EdgePlaces extends HttpPlaceOptions {
  readonly scopes: RequestScopes;
  readonly settings: EdgeSettings;
  /** Null where none are deployed. */
  readonly assets: Assets | null;
}

/**
 * The source that `d=` names: an http(s) URL, or `r2:<binding>/<key>`. Nothing is sent yet.
 * @throws MediaError `not-found` for other places, `unauthorized` for a bucket that is nobody's to read here
 */
export async function openEdgeSource(request: MediaRequest, places: EdgePlaces): Promise<OpenedSource> {
  const { scopes, settings, assets } = places;
  const match = /^r2:([^/]+)\/(.+)$/s.exec(request.url);
  if (match) return opened(r2Source(match[1] ?? '', match[2] ?? '', settings), scopes, () => 'named');
  if (assets && request.url === 'root:demo/demo.mkv') return opened(demoPlace(assets), scopes, () => 'local');
  if (!/^https?:/i.test(request.url))
    throw new MediaError(
      'not-found',
      'An edge worker reads http and https URLs, and r2:<binding>/<key>; it has no folders',
    );
  const place = httpPlace(request, places);
  return opened(place, scopes, () => place.access() ?? 'private');
}

const opened = (place: Place, scopes: RequestScopes, access: OpenedSource['access']): OpenedSource => ({
  source: scopes.source(place),
  sequence: null,
  access,
  want: () => undefined,
  isCurrent: async () => true,
});

/**
 * An object in a bucket. Whoever may open a title may read it: that is everybody for buckets that are said to be public,
 * else who has the password, without which there is no other.
 */
function r2Source(name: string, key: string, { buckets, publicBuckets, config }: EdgeSettings): Place {
  const bucket = buckets.get(name);
  if (!bucket)
    throw new MediaError('not-found', `There is no bucket "${name.slice(0, 80)}". Bind it in wrangler.toml`);
  if (!publicBuckets.has(name) && config.apiPassword === null)
    throw new MediaError(
      'unauthorized',
      `The bucket "${name}" is open to nobody: set API_PASSWORD, or SLUICE_R2_PUBLIC=${name} for all who reach this worker`,
    );
  return r2Place({ bucket, name, key });
}
