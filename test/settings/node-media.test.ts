import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Flags, readConfig } from '../../src/config.ts';
import { readRange } from '../../src/core/bytes.ts';
import { openNodeMedia } from '../../src/node-media.ts';
import { startHttpProxy, type TestProxy } from '../helpers/proxies.ts';
import { file, patternBytes, startUpstream, type Upstream } from '../helpers/upstream.ts';

const bytes = patternBytes(1000);
const NEVER = new AbortController().signal;

let folder: string;
let server: Upstream;
let proxy: TestProxy;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-upstreams-'));
  server = await startUpstream(file(bytes));
  proxy = await startHttpProxy();
});
afterAll(async () => {
  await Promise.all([rm(folder, { recursive: true }), server.close(), proxy.close()]);
});

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** Reads a URL of a public name as the server with these settings does. */
async function readAs(flags: Flags, env: Readonly<Record<string, string>>): Promise<Uint8Array> {
  const config = readConfig(flags, { SLUICE_FFMPEG: 'off', ...env });
  const media = await openNodeMedia(config, { env: {}, video: 'copied' });
  cleanups.push(() => media.close());
  const client = await media.places.client();
  const source = client.source({ url: `http://film.example:${server.port}/a`, headers: {} });
  return readRange(source, { start: 0, end: 10 }, NEVER);
}

describe('settings of upstreams reach the client', () => {
  test('the file', async () => {
    const path = join(folder, 'upstreams.json');
    const entry = { match: 'film.example', proxy: `http://127.0.0.1:${proxy.port}`, userAgent: 'File/1' };
    await writeFile(path, JSON.stringify([entry]));
    const settings: [Flags, Readonly<Record<string, string>>][] = [
      [{ upstreams: path }, {}],
      [{}, { SLUICE_UPSTREAMS: path, USER_AGENT: 'Other/1' }],
    ];
    for (const [flags, env] of settings) {
      expect(await readAs(flags, env)).toEqual(bytes.subarray(0, 10));
      expect(server.requests.at(-1)?.headers['user-agent']).toBe('File/1');
      expect(proxy.asked.at(-1)).toBe(`GET http://film.example:${server.port}/a`);
    }
  });

  test('the environment of mediaflow-proxy', async () => {
    const env = { PROXY_URL: `http://127.0.0.1:${proxy.port}`, ALL_PROXY: 'true', USER_AGENT: 'Browser/1' };
    expect(await readAs({}, env)).toEqual(bytes.subarray(0, 10));
    expect(server.requests.at(-1)?.headers['user-agent']).toBe('Browser/1');
    expect(proxy.heads.at(-1)).toContain('Browser/1');
  });

  test('what is denied', async () => {
    const through = { PROXY_URL: `http://127.0.0.1:${proxy.port}`, ALL_PROXY: 'true' };
    const asked = proxy.asked.length;
    for (const [flags, env] of [
      [{ deny: ['*.example'] }, {}],
      [{}, { SLUICE_DENY: `:${server.port}` }],
      [{}, { SLUICE_ALLOW_ONLY: 'other.example' }],
    ] as const)
      await expect(readAs(flags, { ...through, ...env })).rejects.toMatchObject({
        code: 'forbidden-address',
      });
    expect(proxy.asked.length).toBe(asked);
  });

  test('a file that is not there, or says nothing that can be read', async () => {
    const path = join(folder, 'broken.json');
    await writeFile(path, '[{"match": 1}]');
    await expect(readAs({ upstreams: path }, {})).rejects.toThrow(`--upstreams ${path}: /0/match: `);
    const missing = join(folder, 'missing.json');
    await expect(readAs({ upstreams: missing }, {})).rejects.toMatchObject({
      code: 'bad-request',
      message: `--upstreams ${missing}: the file cannot be read (ENOENT)`,
    });
    await expect(readAs({}, { TRANSPORT_ROUTES: '{' })).rejects.toThrow('TRANSPORT_ROUTES: it is no JSON');
    await expect(readAs({ deny: ['a b'] }, {})).rejects.toThrow('--deny a b: expected');
  });
});
