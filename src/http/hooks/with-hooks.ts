import type { MiddlewareHandler } from 'hono';
import { MediaError } from '../../core/errors.ts';
import type { AppDeps, AppEnv, Logger } from '../deps.ts';
import { readAsked } from './asked-request.ts';
import { askedRoute } from './asked-route.ts';
import type { AskedRequest, Hooks, RequestKind } from './hooks.ts';
import { withTrackNames } from './named-tracks.ts';
import { isAddress } from './names.ts';
import { createTeller, tellPlayback } from './playback.ts';
import { withResolvedNames } from './resolved-relay.ts';
import { openResolved } from './resolved-source.ts';
import { createResolver, type Resolver } from './resolver.ts';

/** Those of which playing is told. */
const PLAYED: ReadonlySet<RequestKind> = new Set(['master', 'playlist', 'init', 'segment', 'film']);

/** The same parts with what an app's hooks do to them; themselves where it has none. */
export function withHooks(deps: AppDeps, now: () => number): AppDeps {
  const { hooks, log } = deps;
  if (!hooks) return deps;
  const { resolve, nameTrack } = hooks;
  return {
    ...deps,
    ...(resolve ? resolving(deps, createResolver({ resolve, log, now })) : {}),
    ...(nameTrack ? { library: withTrackNames(deps.library, { nameTrack, log, now }) } : {}),
    guard: guardOf(hooks, log),
  };
}

function resolving(deps: AppDeps, resolver: Resolver): Partial<AppDeps> {
  const { check, openSource, proxy } = deps;
  return {
    openSource: async (request, limits = {}) =>
      isAddress(request.url)
        ? openSource(request, limits)
        : openResolved(request, { resolver, openSource, reach: limits.reach }),
    ...(proxy ? { proxy: { ...proxy, relay: withResolvedNames(proxy.relay, resolver) } } : {}),
    ...(check
      ? {
          // Schemas know addresses; what else a name may be its hook says.
          check: (operation, { query, ...input }) =>
            check(operation, { ...input, query: withAddress(query) }),
        }
      : {}),
  };
}

function withAddress(query: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const given = query.get('d');
  return given && !isAddress(given) ? new Map([...query, ['d', 'root:name']]) : query;
}

function guardOf(hooks: Hooks, log: Logger): MiddlewareHandler<AppEnv> {
  const { authorize, onPlayback } = hooks;
  const tell = onPlayback ? createTeller(onPlayback, log) : null;
  return async (c, next) => {
    // Preflights carry nothing to tell anybody by, and get nothing.
    if ((!authorize && !tell) || c.req.method === 'OPTIONS') return next();
    const route = askedRoute(c);
    const asked = await readAsked(c, route);
    const who = authorize ? await admitted(asked, authorize, c.var.deps.log) : null;
    if (!tell || c.req.method !== 'GET' || !PLAYED.has(asked.kind)) return next();
    await tellPlayback(c, { asked, route, who, tell }, next);
  };
}

/** Who asks, where the hook tells. @throws MediaError `unauthorized`, or `busy` where the hook cannot say */
async function admitted(
  asked: AskedRequest,
  authorize: NonNullable<Hooks['authorize']>,
  log: Logger,
): Promise<string | null> {
  const answer = await verdict(asked, authorize, log);
  // Nothing is begun for a client who has left meanwhile: nobody would end it.
  asked.signal.throwIfAborted();
  if (answer === true) return null;
  if (isWho(answer)) return answer.who;
  if (answer !== false)
    log.error({}, 'the hook authorize gives neither true, false nor { who }: the request is refused');
  throw new MediaError('unauthorized', 'This request is not allowed');
}

/** What a hook says is not ours: an error or an answer that it gives for a refusal is no leave. */
const isWho = (answer: unknown): answer is { readonly who: string } =>
  typeof answer === 'object' && answer !== null && 'who' in answer && typeof answer.who === 'string';

async function verdict(
  asked: AskedRequest,
  authorize: NonNullable<Hooks['authorize']>,
  log: Logger,
): Promise<unknown> {
  try {
    return await authorize(asked);
  } catch (err) {
    if (err instanceof MediaError) throw err;
    if (!asked.signal.aborted) log.error({ err }, 'the hook authorize failed');
    throw new MediaError('busy', 'Whether this request is allowed cannot be found out now. Try again later');
  }
}
