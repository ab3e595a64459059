import { type Context, Hono } from 'hono';
import { MediaError } from '../../core/errors.ts';
import { readText } from '../../proxy/read-text.ts';
import type { AppEnv } from '../deps.ts';
import { requireCredentials } from './compat-errors.ts';
import { requireProxy } from './proxy-parts.ts';

/** Milliseconds for which an address is believed: providers that bind links to it ask at every search. */
const KEPT = 60_000;
/** Milliseconds for each of the services. */
const PATIENCE = 4000;

interface Known {
  readonly ip: string;
  readonly until: number;
}

/** `/proxy/ip`: the address that upstreams see this server's requests come from, as services on the net tell it. */
export function ownAddressRoutes(now: () => number): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  let known: Known | null = null;
  routes.get('/', requireCredentials, async (c) => {
    if (!known || known.until < now()) known = { ip: await askServices(c), until: now() + KEPT };
    return c.json({ ip: known.ip });
  });
  return routes;
}

/** @throws MediaError `busy` when none of them tells it */
async function askServices(c: Context<AppEnv>): Promise<string> {
  const { relay, addressServices } = requireProxy(c);
  for (const url of addressServices) {
    const signal = AbortSignal.any([c.req.raw.signal, AbortSignal.timeout(PATIENCE)]);
    try {
      const asking = { method: 'get', range: null, conditions: {} } as const;
      const answer = await relay.relay({ url, headers: { accept: 'application/json' } }, asking, signal);
      const ip = addressIn(await readText(answer, await answer.next()));
      if (ip !== null) return ip;
    } catch (err) {
      c.req.raw.signal.throwIfAborted();
      c.var.deps.log.info({ err }, 'a service did not tell the own address');
    }
  }
  throw new MediaError('busy', 'No service could be asked for the address of this server');
}

/** `{"ip": …}`, `{"origin": …}`, or the address alone. */
function addressIn(text: string): string | null {
  const found = /"(?:ip|origin)"\s*:\s*"([^"]+)"/.exec(text)?.[1] ?? text.trim();
  const address = found.split(',')[0]?.trim() ?? '';
  return /^(\d{1,3}(\.\d{1,3}){3}|[\da-f:]*:[\da-f:.]+)$/i.test(address) ? address : null;
}
