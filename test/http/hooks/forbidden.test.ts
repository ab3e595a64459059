import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  FORBIDDEN_ADDRESSES,
  forbiddenLookup,
  GATE,
  startTrap,
  type Trap,
  UNREADABLE_ADDRESSES,
} from '../../helpers/forbidden-addresses.ts';
import { type ServedApp, serveApp } from '../serve-app.ts';

let trap: Trap;
let app: ServedApp;
let lookup = forbiddenLookup();

beforeAll(async () => {
  trap = await startTrap();
  app = await serveApp({
    flags: { allow: [GATE] },
    lookup: (host) => lookup(host),
    timeouts: { connect: 500, headers: 500, body: 500, backoff: 10 },
    // The name is where it leads to, and there is no time for which that holds.
    hooks: { resolve: (id) => ({ url: Buffer.from(id, 'hex').toString(), ttl: 0 }) },
  });
});
afterAll(async () => {
  await app.close();
  await trap.close();
});

const ROUTES = [
  '/hls/master.m3u8?d=',
  '/probe?d=',
  '/proxy/stream?d=',
  '/faststart.mp4?d=',
  '/hlsv2/probe?mediaURL=',
];

async function codes(url: string): Promise<ReadonlySet<unknown>> {
  const found = new Set<unknown>();
  for (const route of ROUTES) {
    lookup = forbiddenLookup();
    const { text } = await app.ask(route + Buffer.from(url).toString('hex'));
    const { code, error } = JSON.parse(text) as { code?: string; error?: { code: string } };
    found.add(error?.code ?? code);
  }
  return found;
}

describe('what a hook says is asked no sooner than what clients say', () => {
  it.each(FORBIDDEN_ADDRESSES)('$name', async ({ url }) => {
    const given = url(trap.port);
    // What is no URL at all is the hook's fault.
    const code = /^https?:\/\//i.test(given) ? 'forbidden-address' : 'upstream';
    expect(await codes(given)).toEqual(new Set([code]));
    expect(trap.connections()).toBe(0);
  });

  it.each(UNREADABLE_ADDRESSES)('no URL: $name', async ({ url }) => {
    expect(await codes(url(trap.port))).toEqual(new Set(['upstream']));
    expect(trap.connections()).toBe(0);
  });

  it('the gate itself is asked', async () => {
    const before = trap.gateRequests();
    await codes(`http://${GATE}:${trap.port}/`);
    expect(trap.gateRequests() - before).toBeGreaterThanOrEqual(ROUTES.length);
  });
});
