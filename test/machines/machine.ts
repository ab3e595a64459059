import { setMaxListeners } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { createApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import type { AudioTranscoder } from '../../src/core/transcoding.ts';
import { sendChunksOnNode } from '../../src/http/node-body.ts';
import { openSource } from '../../src/open-source.ts';
import { createLibrary } from '../../src/pipeline/library.ts';
import { createTokenBox, deriveAccessKey } from '../../src/proxy/token.ts';
import type { SharedCache } from '../../src/shared-cache/shared-cache.ts';
import { addressPolicy } from '../../src/sources/address-policy.ts';
import { createHttpClient } from '../../src/sources/http.ts';
import { createParallelRanges } from '../../src/sources/parallel-ranges.ts';
import { createSparseCache } from '../../src/sources/sparse-cache.ts';
import { createUploadDesk } from '../../src/uploads/reception.ts';
import { ask, type ServedApp } from '../http/serve-app.ts';
import { createTranscoder } from '../pipeline/transcoded-film.ts';

setMaxListeners(64);

export const SECRET = 'of all machines';

export interface Machine
  extends Pick<ServedApp, 'url' | 'ask' | 'config' | 'accessKey' | 'log' | 'openings'> {
  /** Jobs of sound that were run. */
  jobs(): number;
  close(): Promise<void>;
}

export interface MachineOptions {
  readonly shared?: SharedCache | null;
  /** Private targets that requests may go to. */
  readonly allow?: readonly string[];
  readonly allowPrivate?: boolean;
  /** May be that of other machines. */
  readonly transcoder?: AudioTranscoder;
}

const MEGABYTE = 2 ** 20;

/** One of several servers with one secret, in this process; it makes AAC in the thread of the test. */
export async function startMachine(options: MachineOptions = {}): Promise<Machine> {
  const {
    shared = null,
    allow = ['127.0.0.1'],
    allowPrivate = false,
    transcoder = createTranscoder(),
  } = options;
  const config = readConfig({ allow, 'allow-private': allowPrivate }, {});
  const client = createHttpClient({ policy: addressPolicy(config) });
  const cache = createSparseCache({ maxBytes: 64 * MEGABYTE });
  let jobs = 0;
  let openings = 0;
  const places = {
    client: async () => client,
    cache,
    ranges: createParallelRanges(),
    plans: shared?.plans ?? null,
    roots: new Map(),
    upload: async () => '',
  };
  const desk = createUploadDesk({ maxBytes: MEGABYTE });
  const accessKey = await deriveAccessKey(SECRET);
  const log: { level: 'info' | 'warn' | 'error'; message: string; fields: object }[] = [];
  const library = createLibrary({
    packetBytes: 16 * MEGABYTE,
    transcriptBytes: MEGABYTE,
    transcoder: {
      ...transcoder,
      transcode(...job) {
        jobs++;
        return transcoder.transcode(...job);
      },
    },
  });
  const app = createApp(
    {
      config,
      library,
      tokens: await createTokenBox(SECRET, Date.now),
      accessKey,
      openSource(request) {
        openings++;
        return openSource(request, places);
      },
      segments: shared?.segments ?? null,
      sendChunks: sendChunksOnNode,
      desk,
      uploads: null,
      asset: async () => null,
      log: {
        info: (fields, message) => log.push({ level: 'info', fields, message }),
        warn: (fields, message) => log.push({ level: 'warn', fields, message }),
        error: (fields, message) => log.push({ level: 'error', fields, message }),
      },
    },
    Date.now,
  );
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    config,
    accessKey,
    log,
    jobs: () => jobs,
    openings: () => openings,
    ask: (path, question) => ask(new URL(path, url), question),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      library.close();
      await client.close();
    },
  };
}
