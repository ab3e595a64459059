import type { Config } from '../config.ts';
import { MediaError } from '../core/errors.ts';
import { isHttpUrl } from '../core/url.ts';
import type { Film } from '../films/film.ts';
import { plainRequest, type TokenBox } from '../proxy/token.ts';
import { networkAddress } from './serving.ts';

/** What an address gives: the bytes as they are, HLS, or a fragmented MP4. */
export const FORMS = ['file', 'hls', 'mp4'] as const;
export type Form = (typeof FORMS)[number];

/** Where `sluice serve` listens unless it is told otherwise. */
const USUAL_PORT = 8080;

/**
 * Where the server is for those who read the library, with a slash at its end.
 * @param given as somebody wrote it; absent: the public URL, else where the server would listen
 */
export function serverAddress(given: string | undefined, config: Config): string {
  if (given !== undefined && !isHttpUrl(given))
    throw new MediaError('bad-request', `--server wants an http or https URL, not "${given}"`);
  const url = given === undefined ? config.publicUrl : new URL(given);
  if (url) return `${url.origin}${url.pathname.replace(/\/?$/, '/')}`;
  const { tls, host } = config;
  const place = { protocol: tls ? 'https' : 'http', host, port: config.port ?? USUAL_PORT } as const;
  const shown = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  return networkAddress(place) ?? `${place.protocol}://${shown}:${place.port}/`;
}

/** An address of a film that never dies, and is the same each time: media servers compare it. */
export async function filmAddress(film: Film, server: string, { tokens, form }: Making): Promise<string> {
  const { url, headers, filename } = film;
  // Who can write the library has the server's secret: no password is asked for, and no page is in the way.
  const token = await tokens.seal(plainRequest({ url, headers, isTrusted: true }));
  if (form === 'hls') return `${server}hls/${token}/master.m3u8`;
  const name = form === 'mp4' ? `${filename.replace(/\.[^.]*$/, '')}.mp4` : filename;
  return `${server}${form === 'mp4' ? 'remux.mp4' : 'file'}/${token}/${encodeURIComponent(name)}`;
}

interface Making {
  readonly tokens: TokenBox;
  readonly form: Form;
}
