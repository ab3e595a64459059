import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { type ErrorCode, MediaError } from '../core/errors.ts';
import type { AppEnv } from './deps.ts';

/** What a caller is answered for each code. */
const STATUS = {
  'bad-request': 400,
  unauthorized: 403,
  'forbidden-address': 403,
  'not-found': 404,
  changed: 410,
  limit: 413,
  corrupt: 422,
  truncated: 422,
  unsupported: 422,
  encrypted: 422,
  rate: 429,
  'not-offered': 501,
  upstream: 502,
  busy: 503,
  'upstream-timeout': 504,
} as const satisfies Record<ErrorCode, ContentfulStatusCode>;

/** What an upstream's own refusal is passed on as. */
const PASSED_ON: ReadonlySet<number> = new Set([401, 403, 404, 410, 429]);

export function statusOf(error: MediaError): ContentfulStatusCode {
  const { upstreamStatus } = error;
  if (upstreamStatus !== undefined && PASSED_ON.has(upstreamStatus))
    return upstreamStatus as ContentfulStatusCode;
  return STATUS[error.code];
}

/** Seconds after which a busy server may be asked again. */
const RETRY_AFTER = 2;

/** One shape for every failure: `{error: {code, message, offset?, path?}}`; details of bugs stay in the log. */
export function answerError(error: unknown, c: Context<AppEnv>): Response {
  if (!(error instanceof MediaError)) {
    // A client that left makes reads fail with its reason: nothing unexpected, and nobody reads the answer.
    if (!c.req.raw.signal.aborted) c.var.deps.log.error({ err: error }, 'unexpected');
    return c.json(
      { error: { code: 'internal', message: 'Something unexpected went wrong in this server' } },
      500,
    );
  }
  const { code, message, offset, path } = error;
  const retryAfter = error.retryAfter ?? (code === 'busy' ? RETRY_AFTER : undefined);
  if (retryAfter !== undefined) c.header('Retry-After', String(Math.ceil(retryAfter)));
  c.header('Cache-Control', 'no-store');
  const body = {
    code,
    message,
    ...(offset === undefined ? {} : { offset }),
    ...(path.length > 0 ? { path: path.join(' > ') } : {}),
  };
  return c.json({ error: body }, statusOf(error));
}
