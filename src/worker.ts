import { LRUCache } from 'lru-cache';
import { modules } from '../dist/wasm/modules.js';
import { createApp } from './app.ts';
import { MediaError } from './core/errors.ts';
import { withAnswerCache } from './edge/answer-cache.ts';
import { createEdgeLibrary } from './edge/library.ts';
import { logger } from './edge/log.ts';
import { openEdgeSource } from './edge/open-source.ts';
import { type Bindings, defaultCache, type ExecutionContext, isAssets } from './edge/platform.ts';
import { RequestScope, RequestScopes } from './edge/request-scope.ts';
import { type EdgeSettings, readSettings } from './edge/settings.ts';
import { createEdgeTranscoder } from './edge/sound.ts';
import { Subrequests } from './edge/subrequests.ts';
import type { AppDeps } from './http/deps.ts';
import { portableDeps } from './portable-deps.ts';
import { addressPolicy } from './sources/address-policy.ts';

const MEGABYTE = 2 ** 20;
/** Of the 128 MB of an isolate: blocks, packets and encoded sound that its requests share. */
const BLOCK_BYTES = 8 * MEGABYTE;
const PACKET_BYTES = 8 * MEGABYTE;
const TRANSCRIPT_BYTES = 4 * MEGABYTE;
/** Names that one worker answers for. */
const MAX_HOSTS = 8;

/** All that the requests of one isolate share: plain data, and what makes it. */
interface Isolate {
  readonly settings: EdgeSettings;
  readonly scopes: RequestScopes;
  readonly deps: AppDeps;
  appFor(host: string): ReturnType<typeof createApp>;
}

async function openIsolate(bindings: Bindings): Promise<Isolate> {
  const settings = readSettings(bindings);
  const { config, secret, encodesSound } = settings;
  const scopes = new RequestScopes();
  const assets = isAssets(bindings.ASSETS) ? bindings.ASSETS : null;
  const places = {
    scopes,
    settings,
    assets,
    secret,
    policy: addressPolicy(config),
    memory: new LRUCache<string, Uint8Array>({
      maxSize: BLOCK_BYTES,
      sizeCalculation: ({ length }) => length || 1,
    }),
    cache: defaultCache(),
  };
  const sizes = { packetBytes: PACKET_BYTES, transcriptBytes: TRANSCRIPT_BYTES };
  const transcoder = encodesSound ? createEdgeTranscoder(modules, config.aacQuality) : null;
  const portable = await portableDeps({
    config,
    secret,
    openSource: (request) => openEdgeSource(request, places),
    asset: async (name) => {
      const answer = await assets?.fetch(`https://assets.invalid/web/${name}`);
      if (!answer?.ok) return null;
      return { body: new Uint8Array(await answer.arrayBuffer()), type: 'text/javascript; charset=utf-8' };
    },
    log: logger(config.logLevel),
    transcoder: null,
    ...sizes,
  });
  const deps = {
    ...portable,
    library: createEdgeLibrary({ transcoder, ...sizes, now: Date.now }),
  };
  const apps = new LRUCache<string, ReturnType<typeof createApp>>({ max: MAX_HOSTS });
  return {
    settings,
    scopes,
    deps,
    appFor(host) {
      const known = apps.get(host);
      if (known) return known;
      // Requests reach a worker only by names that were given to it; `SLUICE_PUBLIC_URL` narrows them down to one.
      const own = config.publicUrl ? config : { ...config, host };
      const app = createApp({ ...deps, config: own }, Date.now);
      apps.set(host, app);
      return app;
    },
  };
}

function createWorker() {
  let opened: Isolate | null = null;
  return {
    async fetch(request: Request, bindings: Bindings, context: ExecutionContext): Promise<Response> {
      try {
        // Requests that come at the same time each open it: none may wait for another's work.
        const isolate = opened ?? (await openIsolate(bindings));
        opened ??= isolate;
        return await answer(request, opened, context);
      } catch (error) {
        if (error instanceof MediaError) return refusal(error);
        throw error;
      }
    },
  };
}

async function answer(incoming: Request, isolate: Isolate, context: ExecutionContext): Promise<Response> {
  const { deps, settings, scopes } = isolate;
  const request = asSent(incoming);
  const { signal } = request;
  const subrequests = new Subrequests(settings.subrequests);
  const scope = new RequestScope(context, { subrequests, signal, log: deps.log });
  scopes.enter(scope);
  const make = async () => asEncoded(await isolate.appFor(new URL(request.url).hostname).fetch(request));
  const cache = defaultCache();
  if (!cache) return make();
  const isValid = async (token: string) =>
    deps.tokens.open(token).then(
      () => true,
      () => false,
    );
  return withAnswerCache(request, { cache, scope, isValid }, make);
}

/** With the client's own Accept-Encoding, which the platform keeps elsewhere when it puts its own in place of it. */
function asSent(request: Request): Request {
  const { cf } = request as Request & { readonly cf?: { readonly clientAcceptEncoding?: string } };
  if (!cf) return request;
  const headers = new Headers(request.headers);
  headers.set('accept-encoding', cf.clientAcceptEncoding ?? '');
  return new Request(request, { headers });
}

/** Bodies that were compressed here: the runtime would take their header for a wish, and do it once more. */
function asEncoded(response: Response): Response {
  const { body, status, headers } = response;
  if (!body || !headers.has('content-encoding')) return response;
  const init: ResponseInit & { readonly encodeBody: 'manual' } = { status, headers, encodeBody: 'manual' };
  return new Response(body, init);
}

/** A worker that is not set up says what it wants. */
function refusal({ code, message }: MediaError): Response {
  const headers = { 'Cache-Control': 'no-store' };
  return Response.json({ error: { code, message } }, { status: code === 'not-offered' ? 503 : 500, headers });
}

/** What the platform calls for every request. */
export default createWorker();
