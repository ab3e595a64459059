import type { Context } from 'hono';
import { equalSecrets } from '../proxy/token.ts';
import type { AppEnv } from './deps.ts';

/**
 * Whether a request carries the password: `api_password=`, `X-Api-Password` (or `api_password` as a header, which others
 * send), `Authorization: Bearer`, or `Basic` with any user.
 */
export function carriesPassword(c: Context<AppEnv>, password: string): boolean {
  const authorization = c.req.header('authorization') ?? '';
  const given = [
    c.req.query('api_password'),
    c.req.header('x-api-password'),
    c.req.header('api_password'),
    /^Bearer (.+)$/i.exec(authorization)?.[1],
    basicPassword(/^Basic (.+)$/i.exec(authorization)?.[1] ?? ''),
  ];
  // Each is compared: which of them was right is not told by the time either.
  return given.filter((text) => text !== undefined && equalSecrets(text, password)).length > 0;
}

/** RFC 7617: `user:password` in base64, as UTF-8. */
function basicPassword(credentials: string): string | undefined {
  try {
    const bytes = Uint8Array.from(atob(credentials), (char) => char.charCodeAt(0));
    return /^[^:]*:([\s\S]*)$/.exec(new TextDecoder().decode(bytes))?.[1];
  } catch {
    return undefined;
  }
}
