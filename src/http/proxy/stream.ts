import { type Context, Hono } from 'hono';
import type { RelayAsking } from '../../core/relay.ts';
import { reachOf } from '../access.ts';
import { checked } from '../checked.ts';
import type { AppEnv } from '../deps.ts';
import { disposition } from '../disposition.ts';
import { passedAnswer } from './answer-headers.ts';
import { requireCredentials } from './compat-errors.ts';
import { type Destination, flag, readDestination } from './destination.ts';
import { withoutPicture } from './fake-picture.ts';
import { typeByName } from './media-types.ts';
import { requireProxy } from './proxy-parts.ts';
import { sendRelayed } from './send-relayed.ts';
import { sendTranscoded } from './transcode.ts';

/** `/proxy/stream?d=…` and `/proxy/stream/<filename>?d=…`: the bytes behind an address as they are, any range of them. */
export function streamRoutes(): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.on('GET', ['/', '/:filename{.+}'], requireCredentials, checked('pass'), async (c) => {
    const destination = readDestination(c);
    return flag(destination, 'transcode') ? sendTranscoded(c, destination) : pass(c, destination);
  });
  return routes;
}

async function pass(c: Context<AppEnv>, destination: Destination): Promise<Response> {
  const { relay } = requireProxy(c);
  const { url, headers, answers, mediaAnswers, removed, isTrusted, fields } = destination;
  const answer = await relay.relay({ url, headers, ...reachOf(c, isTrusted) }, askingOf(c), c.req.raw.signal);
  const filename = filenameOf(c);
  const changes = {
    set: {
      ...(filename === null ? {} : { 'content-disposition': disposition('attachment', filename) }),
      ...mediaAnswers,
      ...answers,
    },
    removed,
    usualType: typeByName(filename ?? new URL(answer.url).pathname),
  };
  const passed = passedAnswer(answer, changes);
  const relayed = { answer, ...passed, isTrusted };
  return sendRelayed(c, fields.get('transformer') === 'ts_stream' ? await withoutPicture(relayed) : relayed);
}

const CONDITIONS = ['if-none-match', 'if-modified-since', 'if-range'] as const;

/** What the client wants of it. A condition for a range means nothing without one: RFC 9110, 13.1.5. */
export function askingOf(c: Context<AppEnv>): RelayAsking {
  const range = c.req.header('range') ?? null;
  const conditions = CONDITIONS.flatMap((name) => {
    const value = c.req.header(name);
    return value === undefined || (name === 'if-range' && range === null) ? [] : [[name, value] as const];
  });
  return {
    method: c.req.method === 'HEAD' ? 'head' : 'get',
    range,
    conditions: Object.fromEntries(conditions),
  };
}

/** What the path says that the file is called; null where it says nothing. */
function filenameOf(c: Context<AppEnv>): string | null {
  const written = c.req.param('filename');
  if (!written) return null;
  const name = written.split('/').at(-1) ?? '';
  return name === '' ? null : name;
}
