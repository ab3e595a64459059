import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from '../config.ts';
import { trustList } from '../http/clients.ts';
import type { ApiDocs, AppDeps, Asset, Logger } from '../http/deps.ts';
import { createClientLimits } from '../http/limits-of-clients.ts';
import { clientOnNode } from '../http/node-body.ts';
import { watchRequests } from '../http/watch.ts';
import { createRequestMetrics } from '../observing/metrics.ts';
import { USUAL_CLIENT_UPSTREAMS, USUAL_RATE } from '../settings/usual-limits.ts';
import { guessCharset } from './guess-charset.ts';

const require = createRequire(import.meta.url);

type Front = Required<Pick<AppDeps, 'watch' | 'check' | 'metrics' | 'docs' | 'clientOf' | 'guessCharset'>>;

export interface FrontOptions {
  readonly log: Logger;
  /** Of the package: its version is told, and what was built may lie there. */
  readonly folder: string;
  /** Where scripts of pages lie as compiled. */
  readonly scripts: URL;
}

/** What an app on Node has around its routes: who may ask how often, what is counted, logged, checked and told. */
export function createFront(config: Config, { log, ...places }: FrontOptions): Front {
  const metrics = createRequestMetrics();
  const { rate, clientUpstreams, publicUrl, logLevel } = config;
  const now = () => performance.now();
  const logsRequests = logLevel === 'info' || logLevel === 'debug';
  return {
    watch: watchRequests({
      isTrusted: trustList(config.trustedProxies),
      limits: createClientLimits({
        rate: rate ?? USUAL_RATE,
        upstreams: clientUpstreams ?? USUAL_CLIENT_UPSTREAMS,
        now,
      }),
      sparesLoopback: rate === null && clientUpstreams === null,
      publicPlace: publicUrl ? { host: publicUrl.host, prefix: prefixOf(publicUrl) } : null,
      now,
      newId: randomUUID,
      onBegin: metrics.began,
      onEnd: metrics.ended,
      ...(logsRequests ? { onLine: (facts) => log.info(facts, 'request') } : {}),
    }),
    check: lateCheck(),
    metrics,
    docs: config.hasDocs ? createDocs(places) : null,
    clientOf: (c) => c.var.via?.client ?? clientOnNode(c),
    guessCharset,
  };
}

/** Path of the public URL, without a slash at its end. */
export const prefixOf = (url: URL | null): string => url?.pathname.replace(/\/+$/, '') ?? '';

/** Schemas take a while to load, which no request but the first has to wait for. */
function lateCheck(): Front['check'] {
  const load = async () => {
    const [{ createRequestCheck }, { API_ROUTES }] = await Promise.all([
      import('../http/api/check.ts'),
      import('../http/api/routes.ts'),
    ]);
    return createRequestCheck(API_ROUTES);
  };
  let check: ReturnType<typeof load> | undefined;
  return async (operation, input) => {
    check ??= load();
    (await check)(operation, input);
  };
}

type Places = Omit<FrontOptions, 'log'>;

function createDocs(places: Places): ApiDocs {
  let text: Promise<string> | undefined;
  return {
    document() {
      text ??= writeDocument(places.folder);
      return text;
    },
    asset: (name) => readDocsAsset(name, places),
  };
}

async function writeDocument(folder: string): Promise<string> {
  const [{ openApiDocument }, { API_ROUTES }] = await Promise.all([
    import('../http/openapi.ts'),
    import('../http/api/routes.ts'),
  ]);
  const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  const description = 'Media files go in by their URL, HLS or MP4 comes out on the fly.';
  return JSON.stringify(openApiDocument(API_ROUTES, { title: 'Sluice', version, description }));
}

const SCRIPT = 'text/javascript; charset=utf-8';
const TYPES: ReadonlyMap<string, string> = new Map([
  ['docs.js', SCRIPT],
  ['swagger-ui-bundle.js', SCRIPT],
  ['swagger-ui.css', 'text/css; charset=utf-8'],
]);

async function readDocsAsset(name: string, { folder, scripts }: Places): Promise<Asset | null> {
  const type = TYPES.get(name);
  if (type === undefined) return null;
  const path = name === 'docs.js' ? fileURLToPath(new URL('docs.js', scripts)) : packaged(name, folder);
  const body = await readFile(path).catch(() => null);
  return body ? { body: new Uint8Array(body), type } : null;
}

/** Of swagger-ui-dist, which is there for the build only: the build copies what is needed of it. */
function packaged(name: string, folder: string): string {
  try {
    return require.resolve(`swagger-ui-dist/${name}`);
  } catch {
    return join(folder, 'build/src/web/docs', name);
  }
}
