import { MediaError } from '../core/errors.ts';
import { isUrl } from '../core/url.ts';
import type { HttpTransport } from './http-transport.ts';

/** Whether a URL is one of this server's own. */
export type IsOwn = (url: URL) => boolean;

/**
 * No redirect leads back to this server: an upstream that sends every request to the address that asked for it would
 * have this machine ask itself as long as its clients wait. Its own addresses that a request names are another matter.
 */
export function withoutWayBack(transport: HttpTransport, isOwn: IsOwn): HttpTransport {
  return {
    async get(address, headers, signal) {
      const answer = await transport.get(address, headers, signal);
      const location = answer.status >= 300 && answer.status < 400 ? answer.header('location') : null;
      const base = address.url.href;
      if (location === null || isOwn(address.url) || !isUrl(location, base)) return answer;
      if (!isOwn(new URL(location, base))) return answer;
      answer.close();
      throw new MediaError(
        'forbidden-address',
        `${address.url.host} redirects to this server itself. Ask for what is behind it by its own address`,
      );
    },
    close: () => transport.close(),
  };
}
