import type { Hono } from 'hono';
import { createApp } from './app.ts';
import { askInTurn } from './browser/ask-pages.ts';
import { openFile } from './browser/file-source.ts';
import { createHeldFiles, type HeldFiles } from './browser/held-files.ts';
import type { ToWorker } from './browser/messages.ts';
import { appRequest } from './browser/route.ts';
import { createSoundDesk } from './browser/sound-desk.ts';
import { SOUND } from './browser/sound-settings.ts';
import type { WorkerScope } from './browser/worker-scope.ts';
import { MediaError } from './core/errors.ts';
import type { AppEnv, Logger } from './http/deps.ts';
import { portableDeps } from './portable-deps.ts';
import { createSparseCache } from './sources/sparse-cache.ts';

/**
 * What is kept in memory: bytes read a moment ago, which picture and sound ask for at the same time (with it both are
 * there a third sooner); sound read beside the picture; encoded segments.
 */
const CACHE_BYTES = 64 * 2 ** 20;
const PACKET_BYTES = 32 * 2 ** 20;
const TRANSCRIPT_BYTES = 16 * 2 ** 20;

const LOG: Logger = {
  info: () => undefined,
  warn: (fields, message) => console.warn(message, fields),
  error: (fields, message) => console.error(message, fields),
};

async function createFileApp(
  { clients, registration }: WorkerScope,
  files: HeldFiles,
): Promise<Hono<AppEnv>> {
  const scope = new URL(registration.scope);
  const cache = createSparseCache({ maxBytes: CACHE_BYTES });
  const deps = await portableDeps({
    // Requests inside a browser have no Host header: the empty name is the one that this server is bound to.
    config: { host: '', publicUrl: scope, apiPassword: null },
    // Addresses outlive the worker, and never leave the browser.
    secret: scope.href,
    async openSource({ url }) {
      const id = /^upload:(.+)$/.exec(url)?.[1];
      if (id === undefined) throw new MediaError('not-offered', 'This page plays files of this device only');
      return openFile(await files.find(id), cache);
    },
    asset: async () => null,
    log: LOG,
    transcoder: createSoundDesk(() => askInTurn<MessagePort>(clients, { kind: 'sound' }), SOUND),
    packetBytes: PACKET_BYTES,
    transcriptBytes: TRANSCRIPT_BYTES,
  });
  return createApp(deps, Date.now);
}

function start(scope: WorkerScope): void {
  const files = createHeldFiles(scope.clients);
  const app = createFileApp(scope, files);
  const hear: { readonly [K in ToWorker['kind']]: Hear<K> } = {
    claim: () => scope.clients.claim(),
    hold: async ({ id, file }) => files.hold(id, file),
    find: async ({ id }, port) => port?.postMessage(await files.find(id).catch(() => null)),
  };
  scope.addEventListener('install', (event) => event.waitUntil(scope.skipWaiting()));
  scope.addEventListener('activate', (event) => event.waitUntil(scope.clients.claim()));
  scope.addEventListener('message', (event) => {
    const message = event.data as ToWorker;
    const answer = hear[message.kind] as Hear<ToWorker['kind']>;
    event.waitUntil(answer(message, event.ports[0]));
  });
  scope.addEventListener('fetch', (event) => {
    const request = appRequest(event.request, new URL(scope.registration.scope));
    if (request) event.respondWith(app.then((ready) => ready.fetch(request)));
  });
}

type Hear<K extends ToWorker['kind']> = (
  message: Extract<ToWorker, { readonly kind: K }>,
  port: MessagePort | undefined,
) => Promise<unknown>;

start(globalThis as unknown as WorkerScope);
