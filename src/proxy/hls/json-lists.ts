import { MediaError } from '../../core/errors.ts';
import { type PlaylistLink, resolveUrl } from './link.ts';
import { checkLimit } from './playlist-limits.ts';

type JsonObject = Readonly<Record<string, unknown>>;
type Address = (link: PlaylistLink) => string;

/**
 * What an X-ASSET-LIST leads to, with the addresses of its assets replaced: RFC 8216bis, appendix D.
 * @throws MediaError `upstream` for what is no such list, `limit`
 */
export function rewriteAssetList(json: string, baseUrl: string, address: Address): string {
  const base = new URL(baseUrl);
  return rewriteJson(json, 'list of assets', (list) => {
    const assets: readonly unknown[] = Array.isArray(list.ASSETS) ? list.ASSETS : [];
    return { ...list, ASSETS: assets.map((asset) => withAddress(asset, base, address)) };
  });
}

function withAddress(asset: unknown, base: URL, address: Address): unknown {
  if (!isObject(asset) || typeof asset.URI !== 'string') return asset;
  const url = resolveUrl(asset.URI, base);
  return url === null ? asset : { ...asset, URI: address({ kind: 'playlist', url, extension: 'm3u8' }) };
}

export interface RewrittenSteering {
  readonly text: string;
  /** Pathways that are not offered any more. */
  readonly dropped: readonly string[];
}

interface Clone {
  readonly id: string;
  /** Of the pathway that it is made of. */
  readonly base: string | null;
}

/**
 * A content steering manifest for proxied addresses: RFC 8216bis, 7. Pathways that players would make by changing the
 * host of an address they know are dropped: a proxied address has another host.
 * @throws MediaError `upstream` for what is no such manifest, `limit`
 */
export function rewriteSteering(json: string, baseUrl: string, address: Address): RewrittenSteering {
  const base = new URL(baseUrl);
  let dropped: readonly string[] = [];
  const text = rewriteJson(json, 'steering manifest', (manifest) => {
    const clones = clonesOf(manifest);
    dropped = clones.map(({ id }) => id);
    const { 'PATHWAY-CLONES': _, ...rest } = manifest;
    return { ...rest, ...reload(manifest, base, address), ...priority(manifest, clones) };
  });
  return { text, dropped };
}

function clonesOf(manifest: JsonObject): readonly Clone[] {
  const clones: readonly unknown[] = Array.isArray(manifest['PATHWAY-CLONES'])
    ? manifest['PATHWAY-CLONES']
    : [];
  return clones.flatMap((clone) => {
    if (!isObject(clone) || typeof clone.ID !== 'string') return [];
    const base = clone['BASE-ID'];
    return { id: clone.ID, base: typeof base === 'string' ? base : null };
  });
}

function reload(manifest: JsonObject, base: URL, address: Address): JsonObject {
  const written = manifest['RELOAD-URI'];
  const url = typeof written === 'string' ? resolveUrl(written, base) : null;
  return url === null ? {} : { 'RELOAD-URI': address({ kind: 'steering', url, extension: 'json' }) };
}

/** At least one pathway must stay: those that the clones were made of, where nothing else was wanted. */
function priority(manifest: JsonObject, clones: readonly Clone[]): JsonObject {
  const wanted: readonly unknown[] | null = Array.isArray(manifest['PATHWAY-PRIORITY'])
    ? manifest['PATHWAY-PRIORITY']
    : null;
  if (wanted === null) return {};
  const made = new Set<unknown>(clones.map(({ id }) => id));
  const kept = wanted.filter((id) => !made.has(id));
  const bases = clones.flatMap(({ base }) => (base === null || made.has(base) ? [] : base));
  return { 'PATHWAY-PRIORITY': kept.length > 0 ? kept : [...new Set(bases)] };
}

/**
 * An object of JSON, changed and written again.
 * @param what for messages: `list of assets`
 * @throws MediaError `upstream` for what is no such object, `limit`
 */
function rewriteJson(json: string, what: string, change: (object: JsonObject) => JsonObject): string {
  checkLimit('text', json.length);
  try {
    const object: unknown = JSON.parse(json.trimStart());
    if (isObject(object)) return JSON.stringify(change(object));
  } catch (error) {
    // SyntaxError; RangeError for what is nested too deeply to be written.
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
  }
  throw new MediaError('upstream', `The upstream answered no ${what}: it is no object of JSON`);
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
