import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { createApp } from '../../src/app.ts';
import { createInlineTranscoder } from '../../src/audio/inline-transcoder.ts';
import { readConfig } from '../../src/config.ts';
import type { Source } from '../../src/core/contracts.ts';
import { sendChunksOnNode } from '../../src/http/node-body.ts';
import { openSource } from '../../src/open-source.ts';
import { portableDeps } from '../../src/portable-deps.ts';
import { addressPolicy } from '../../src/sources/address-policy.ts';
import { createHttpClient } from '../../src/sources/http.ts';
import { createSparseCache } from '../../src/sources/sparse-cache.ts';
import { compileWasmFile } from '../../src/threads/wasm-files.ts';

const MEGABYTE = 2 ** 20;

export interface NodeApp {
  readonly url: string;
  close(): Promise<void>;
}

/** What Node answers, to compare with: addresses are equal where the secret is. */
export async function startNode(secret: string, { encodesSound = false } = {}): Promise<NodeApp> {
  const config = readConfig({ allow: ['127.0.0.1'] }, {});
  const client = createHttpClient({ policy: addressPolicy(config) });
  const places = {
    client: async () => client,
    cache: createSparseCache({ maxBytes: 64 * MEGABYTE }),
    ranges: { wrap: (source: Source) => source },
    roots: new Map<string, string>(),
    upload: async () => '',
  };
  const portable = await portableDeps({
    config,
    secret,
    openSource: (request) => openSource(request, places),
    asset: async () => null,
    log: { info: () => undefined, warn: () => undefined, error: console.error },
    transcoder: encodesSound ? createInlineTranscoder(compileWasmFile, { lambda: config.aacQuality }) : null,
    packetBytes: 16 * MEGABYTE,
    transcriptBytes: MEGABYTE,
  });
  const app = createApp({ ...portable, sendChunks: sendChunksOnNode }, Date.now);
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await client.close();
    },
  };
}
