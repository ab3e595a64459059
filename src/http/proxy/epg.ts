import { type Context, Hono } from 'hono';
import { LRUCache } from 'lru-cache';
import { MediaError } from '../../core/errors.ts';
import type { RelayedAnswer } from '../../core/relay.ts';
import { guardSource, reachOf } from '../access.ts';
import { checked } from '../checked.ts';
import type { AppEnv } from '../deps.ts';
import { passedAnswer } from './answer-headers.ts';
import { requireCredentials } from './compat-errors.ts';
import { readDestination } from './destination.ts';
import { createGuideKeeper, type KeptBytes } from './guide-keeper.ts';
import { requireProxy } from './proxy-parts.ts';
import { sendRelayed } from './send-relayed.ts';

/** Seconds that a guide is new unless the request says something else: they change once a day. */
const USUAL_AGE = 3600;
const MAX_AGE = 7 * 24 * 3600;
/** Bytes of guides that are kept. */
const KEPT = 64 * 1024 * 1024;

interface KeptGuide extends KeptBytes {
  readonly type: string;
  readonly access: RelayedAnswer['access'];
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** `/proxy/epg?d=…&cache_ttl=<seconds>`: a guide as it is, fetched again when it is older than that. */
export function epgRoutes(now: () => number): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  const kept = new LRUCache<string, KeptGuide>({
    maxSize: KEPT,
    sizeCalculation: ({ length }) => length + 1,
  });
  const keeper = createGuideKeeper();
  routes.get('/', requireCredentials, checked('passGuide'), async (c) => {
    const destination = readDestination(c);
    const { url, headers, answers, isTrusted } = destination;
    const age = ageOf(destination.fields.get('cache_ttl'));
    const request = { url, headers, ...reachOf(c, isTrusted) };
    const key = JSON.stringify(request);
    const known = kept.get(key);
    const set = { ...answers, 'cache-control': age > 0 ? `public, max-age=${age}` : 'no-store' };
    if (known && now() - known.at < age * 1000) return sendKept(c, known, { set, isTrusted });
    const method = c.req.method === 'HEAD' ? 'head' : 'get';
    const asking = { method, range: null, conditions: {} } as const;
    const answer = await requireProxy(c).relay.relay(request, asking, c.req.raw.signal);
    const type = typeOf(answer);
    const changes = { set: { ...set, 'content-type': type, 'x-epg-cache': 'MISS' }, removed: [] };
    const isKept = age > 0 && method === 'get' && answer.header('content-encoding') === null;
    const keep = (bytes: KeptBytes) =>
      void kept.set(key, { ...bytes, type, access: answer.access, at: now() });
    const passed = passedAnswer(answer, changes);
    const sent = isKept ? keeper.keeping(answer, key, keep) : answer;
    return sendRelayed(c, { answer: sent, ...passed, isTrusted });
  });
  return routes;
}

function ageOf(text: string | undefined): number {
  if (!text) return USUAL_AGE;
  if (/^\d{1,9}$/.test(text)) return Math.min(Number(text), MAX_AGE);
  throw new MediaError('bad-request', 'cache_ttl= must be seconds');
}

/** Guides are sent as anything. */
function typeOf(answer: RelayedAnswer): string {
  const type = answer.header('content-type') ?? '';
  return /xml|text|gzip/i.test(type) ? type : 'application/xml; charset=utf-8';
}

interface Sending {
  readonly set: Readonly<Record<string, string>>;
  readonly isTrusted: boolean;
}

function sendKept(
  c: Context<AppEnv>,
  known: KeptGuide,
  { set, isTrusted }: Sending,
): Response | Promise<Response> {
  guardSource(c, known.access, isTrusted);
  const { type, length, chunks } = known;
  const headers = {
    ...set,
    'content-type': type,
    'content-length': String(length),
    'x-epg-cache': 'HIT',
    'x-content-type-options': 'nosniff',
    'content-security-policy': 'sandbox',
  };
  const { deps, cors } = c.var;
  if (c.req.method === 'HEAD') return c.body(null, 200, headers);
  return deps.sendChunks(c, {
    headers: { ...headers, ...cors },
    chunks: batches(chunks),
    onBroken: () => undefined,
  });
}

async function* batches(chunks: readonly Uint8Array[]): AsyncGenerator<readonly Uint8Array[]> {
  for (const chunk of chunks) yield [chunk];
}
