import type { Context, MiddlewareHandler } from 'hono';
import { MediaError } from '../../core/errors.ts';
import type { AppEnv } from '../deps.ts';
import { answerError, statusOf } from '../errors.ts';
import { carriesPassword } from '../password.ts';

/** Statuses of upstreams that are answered as they are: players know what to make of them. */
const PASSED_ON: ReadonlySet<number> = new Set([401, 403, 404, 410, 416, 429, 502, 503, 504, 509]);

/** As other routes, in the form that clients of mediaflow-proxy know: `{"detail": …}`, and the code beside it. */
export function answerDetail(error: unknown, c: Context<AppEnv>): Response {
  const plain = answerError(error, c);
  if (!(error instanceof MediaError))
    return c.json({ detail: 'Internal server error', code: 'internal' }, 500);
  const { upstreamStatus } = error;
  const isPassed = upstreamStatus !== undefined && PASSED_ON.has(upstreamStatus);
  const status = error.code === 'bad-request' ? 422 : isPassed ? upstreamStatus : statusOf(error);
  return new Response(JSON.stringify({ detail: error.message, code: error.code }), {
    status,
    headers: { ...Object.fromEntries(plain.headers), 'content-type': 'application/json' },
  });
}

/** The password that mediaflow-proxy asks for, with its words. */
export const requireCredentials: MiddlewareHandler<AppEnv> = async (c, next) => {
  const { apiPassword } = c.var.deps.config;
  if (apiPassword !== null && !carriesPassword(c, apiPassword))
    return c.json({ detail: 'Could not validate credentials', code: 'unauthorized' }, 403);
  return next();
};

/** What is passed on must not become a worker of this origin, which would see all its requests. */
export const refuseWorkers: MiddlewareHandler<AppEnv> = async (c, next) => {
  const isScript =
    c.req.header('service-worker') !== undefined || /worker/.test(c.req.header('sec-fetch-dest') ?? '');
  if (isScript) throw new MediaError('unauthorized', 'What is passed on runs nowhere as this server');
  return next();
};
