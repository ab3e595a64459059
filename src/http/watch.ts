import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context, MiddlewareHandler } from 'hono';
import { MediaError } from '../core/errors.ts';
import { countedAs, type IsTrusted, isLoopbackAddress, readVia, type Via } from './clients.ts';
import type { AppEnv } from './deps.ts';
import type { ClientLimits } from './limits-of-clients.ts';
import { labelOf, type RequestFacts, saneId, shownPath, withId } from './request-log.ts';

/** One request that is over, for those who count. */
export interface Sample {
  /** Pattern of its route. */
  readonly route: string;
  readonly method: string;
  readonly status: number;
  readonly seconds: number;
  /** Null where nobody counted. */
  readonly bytes: number | null;
  /** Code of the error that was answered. */
  readonly refusal: string | null;
}

export interface WatchRules {
  readonly isTrusted: IsTrusted;
  readonly limits: ClientLimits;
  /** Programs on this machine may ask as often as they like. */
  readonly sparesLoopback: boolean;
  /** Path below which this server lies for the host of its public URL. */
  readonly publicPlace: { readonly host: string; readonly prefix: string } | null;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  readonly newId: () => string;
  readonly onBegin: () => void;
  readonly onEnd: (sample: Sample) => void;
  /** Absent: no line for each request. */
  readonly onLine?: (facts: RequestFacts) => void;
}

/** What the client of an answer that nobody waited for is told of, as nginx has it. */
const LEFT = 499;
/** Routes that read from upstreams. */
const READS = new RegExp(
  `/(${[
    'hls|probe|file|remux\\.mp4|faststart\\.mp4|proxy|subtitles\\.(vtt|srt)|subtitlesTracks|tracks',
    // what players of IPTV ask for; `:password` stands in all paths of their streams
    'tuner/stream|playlist/playlist|(player_api|panel_api|get|xmltv|timeshift)\\.php|:user[^/]*/:password',
  ].join('|')})(/|$)`,
);
const RETRY_BUSY = 1;

/** What `@hono/node-server` puts beside a request. */
interface Exchange {
  readonly incoming?: IncomingMessage | undefined;
  readonly outgoing?: ServerResponse | undefined;
}

/** A request that is under way. */
interface Watched {
  readonly id: string;
  readonly via: Via;
  /** Where it is answered now, and the pattern of the route there. */
  context: Context<AppEnv>;
  pattern: string | null;
  /** Ends what is counted while it reads from upstreams; null where it does not. */
  leave: (() => void) | null;
  /** Called once, when it is over. */
  readonly finish: () => void;
}

/**
 * What every request passes first: says who asks and gives it an id, refuses who asks too much, and tells what came of
 * it once the last byte is out or the client is gone. An address that stands for another one, which is asked for within
 * the app, is one request with it.
 */
export function watchRequests(rules: WatchRules): MiddlewareHandler<AppEnv> {
  const underWay = new WeakMap<ServerResponse, Watched>();
  return async (c, next) => {
    const { incoming, outgoing } = (c.env ?? {}) as Exchange;
    const known = outgoing ? underWay.get(outgoing) : undefined;
    const watched = known ?? begin(c, { incoming, outgoing }, rules);
    if (outgoing) underWay.set(outgoing, watched);
    watched.context = c;
    watched.pattern = patternOf(c);
    c.set('via', watched.via);
    c.set('deps', { ...c.var.deps, log: withId(c.var.deps.log, watched.id) });
    try {
      admit(watched, known ? 'again' : 'first', rules);
      await next();
      if (!outgoing) c.header('X-Request-Id', watched.id);
    } finally {
      if (!outgoing) watched.finish();
    }
  };
}

function viaOf(c: Context<AppEnv>, { incoming }: Exchange, rules: WatchRules): Via {
  const peer = incoming?.socket.remoteAddress ?? '';
  const via = readVia({ peer, header: (name) => c.req.header(name) }, rules.isTrusted);
  if (via.prefix !== '' || rules.publicPlace === null) return via;
  const { host, prefix } = rules.publicPlace;
  return (via.host ?? c.req.header('host')) === host ? { ...via, prefix } : via;
}

/** Of the route that will answer: the last that is for one method alone. */
const patternOf = (c: Context<AppEnv>): string | null =>
  c.req.matchedRoutes.findLast(({ method }) => method !== 'ALL')?.path ?? null;

/** @throws MediaError `rate` */
function admit(watched: Watched, pass: 'first' | 'again', { limits, sparesLoopback }: WatchRules): void {
  const { via, pattern } = watched;
  if (via.client === '' || (sparesLoopback && isLoopbackAddress(via.client))) return;
  const key = countedAs(via.client);
  const wait = pass === 'first' ? limits.ask(key) : 0;
  if (wait > 0) throw tooMany('More requests than this server takes from one client. Ask again later', wait);
  if (watched.leave || pattern === null || !READS.test(pattern)) return;
  watched.leave = limits.enter(key);
  if (watched.leave) return;
  throw tooMany(
    'More requests at a time than this server takes from one client. Let some end first',
    RETRY_BUSY,
  );
}

const tooMany = (message: string, retryAfter: number) => new MediaError('rate', message, { retryAfter });

/** On Node a request is over when its response closes. */
function begin(c: Context<AppEnv>, { incoming, outgoing }: Exchange, rules: WatchRules): Watched {
  const start = rules.now();
  const socket = incoming?.socket;
  const before = socket?.bytesWritten ?? 0;
  const { method } = c.req;
  const via = viaOf(c, { incoming }, rules);
  const id = (via.isTrusted ? saneId(c.req.header('x-request-id')) : null) ?? rules.newId();
  const finish = () => {
    const { context, pattern } = watched;
    const status = outgoing ? statusOf(outgoing) : context.res.status;
    const ms = rules.now() - start;
    const bytes = socket ? socket.bytesWritten - before : null;
    const route = pattern === null ? 'none' : labelOf(pattern);
    watched.leave?.();
    rules.onEnd({ route, method, status, seconds: ms / 1000, bytes, refusal: refusalOf(context, status) });
    const shown = shownPath(context.req.path, pattern);
    rules.onLine?.({ id, method, path: shown, status, bytes, ms: Math.round(ms), client: via.client });
  };
  const watched: Watched = { id, via, context: c, pattern: null, leave: null, finish };
  rules.onBegin();
  outgoing?.setHeader('X-Request-Id', id);
  outgoing?.once('close', finish);
  return watched;
}

const statusOf = ({ headersSent, statusCode }: ServerResponse): number => (headersSent ? statusCode : LEFT);

/** Codes of answers that no error of ours was thrown for. */
const BY_STATUS: ReadonlyMap<number, string> = new Map([
  [401, 'unauthorized'],
  [403, 'unauthorized'],
  [404, 'not-found'],
]);

function refusalOf({ error }: Context<AppEnv>, status: number): string | null {
  if (status < 400 || status === LEFT) return null;
  if (error instanceof MediaError) return error.code;
  return BY_STATUS.get(status) ?? (status < 500 ? 'bad-request' : 'internal');
}
