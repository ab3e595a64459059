import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addressPolicy } from '../../src/sources/address-policy.ts';
import type { HttpClient } from '../../src/sources/http.ts';
import {
  FORBIDDEN_ADDRESSES,
  forbiddenLookup,
  GATE,
  startTrap,
  type Trap,
  UNREADABLE_ADDRESSES,
} from '../helpers/forbidden-addresses.ts';
import { failure, httpClient, NEVER, QUICK, read } from './http-fixture.ts';

let trap: Trap;
beforeAll(async () => {
  trap = await startTrap();
});
afterAll(() => trap.close());

const client = (): HttpClient =>
  httpClient({
    policy: addressPolicy({ allow: [GATE], allowPrivate: false }),
    lookup: forbiddenLookup(),
    timeouts: QUICK,
  });

describe('no connection is made', () => {
  test.each(FORBIDDEN_ADDRESSES)('$name', async ({ url, needs }) => {
    const before = trap.gateRequests();
    const source = async () => client().source({ url: url(trap.port), headers: {} });
    const error = await failure(source().then((opened) => read(opened, 0, 10)));
    expect({ code: error.code, connections: trap.connections() }).toEqual({
      code: 'forbidden-address',
      connections: 0,
    });
    const passed = needs === 'redirect' || needs === 'rebinding';
    expect(trap.gateRequests() > before).toBe(passed);
  });

  test.each(FORBIDDEN_ADDRESSES)('relayed: $name', async ({ url }) => {
    const asking = { method: 'get', range: null, conditions: {} } as const;
    const error = await failure(client().relay({ url: url(trap.port), headers: {} }, asking, NEVER));
    expect({ code: error.code, connections: trap.connections() }).toEqual({
      code: 'forbidden-address',
      connections: 0,
    });
  });

  test.each(UNREADABLE_ADDRESSES)('no URL: $name', async ({ url }) => {
    const source = async () => client().source({ url: url(trap.port), headers: {} });
    expect(await failure(source())).toMatchObject({ code: 'bad-request' });
  });

  test('the table is long enough, and the trap works', async () => {
    expect(FORBIDDEN_ADDRESSES.length).toBeGreaterThanOrEqual(60);
    const before = trap.connections();
    const open = httpClient({ policy: addressPolicy({ allow: ['127.0.0.1', '::1'], allowPrivate: false }) });
    for (const host of ['127.0.0.1', '[::1]'])
      await failure(read(open.source({ url: `http://${host}:${trap.port}/`, headers: {} }), 0, 10));
    expect(trap.connections()).toBeGreaterThanOrEqual(before + 2);
  });
});
