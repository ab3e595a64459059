import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from './config.ts';
import { MediaError } from './core/errors.ts';
import type { AppDeps, FolderLister, Logger } from './http/deps.ts';
import { sendChunksOnNode } from './http/node-body.ts';
import { type Environment, type NodeMedia, openNodeMedia } from './node-media.ts';
import { createLog } from './observing/log.ts';
import { type OpenChannels, openChannels } from './open-channels.ts';
import { openFilms } from './open-films.ts';
import { type OpenProxy, openProxy } from './open-proxy.ts';
import { openSource } from './open-source.ts';
import { ownPlace } from './own-place.ts';
import { PROJECT_FOLDER } from './project.ts';
import { createTokenBox, deriveAccessKey } from './proxy/token.ts';
import { requireGuard } from './serving/binding.ts';
import { createFront, prefixOf } from './serving/front.ts';
import type { SharedCache } from './shared-cache/shared-cache.ts';
import { listFolder } from './sources/folder-list.ts';
import { defaultStateDir, loadSecret } from './state.ts';
import { createUploadDesk, type UploadDesk } from './uploads/reception.ts';
import { openUploadStore, type UploadStore } from './uploads/store.ts';
import { PLAYER_FILES } from './web/page.ts';

/** Milliseconds that transfers under way get to end: supervisors wait longer. */
const STOP_AFTER = 1500;

const require = createRequire(import.meta.url);

/** What an app on Node is made of. */
export interface NodeParts {
  readonly config: Config;
  /** For `createApp`, the library of titles among them. */
  readonly deps: AppDeps;
  /** False: addresses that were given out end with this process. */
  readonly isSecretKept: boolean;
  /** Sets up a server of Node's for uploads; before it listens. */
  prepare(server: Server): void;
  /** Redirects to that port of this machine are not followed. */
  listensAt(port: number): void;
  /** Loads what the first request to an upstream needs: most of what there is to load. */
  warm(): Promise<void>;
  /** Ends all work; may be called again. */
  close(): Promise<void>;
}

export interface NodeOptions {
  /** Where the state folder of the user and FFmpeg are looked for; that of the process unless given. */
  readonly env?: Environment;
  /** Names of roots whose files are listed on a page to choose from; none unless given. */
  readonly listed?: readonly string[];
}

/** All that `createApp` needs on Node, by the settings of `readConfig`; nothing is read from an upstream yet. */
export async function openNode(config: Config, options: NodeOptions = {}): Promise<NodeParts> {
  const { env = process.env, listed = [] } = options;
  const kept = config.secret
    ? { secret: config.secret, isKept: true }
    : await loadSecret(config.stateDir ?? defaultStateDir(env));
  const uploads = await openUploads(config);
  const own = ownPlace(config);
  const media = await openNodeMedia(config, { env, video: 'encoded', isOwn: own.isOwn });
  const desk = createUploadDesk({ maxBytes: config.uploadBytes });
  const log = createLog(config.logLevel);
  const shared = await openShared(config, kept.secret, log);
  const { secret } = kept;
  const relay = media.places.client;
  const proxy = await openProxy({ config, relay, secret, now: Date.now });
  const tv = openChannels(config, { relay: proxy.relay, log });
  const deps = await createDeps({ config, media, uploads, shared, desk, listed, log, proxy, tv, secret });
  return {
    config,
    deps,
    isSecretKept: kept.isKept,
    prepare: (server) => desk.prepare(server),
    listensAt: own.listensAt,
    async warm() {
      await media.places.client();
    },
    async close() {
      uploads?.close();
      await tv.close();
      proxy.close();
      await media.close();
      await shared?.close();
    },
  };
}

/** A server that listens. */
export interface NodeServer {
  readonly server: Server;
  readonly port: number;
  /** As it can be clicked: every interface is shown as this machine. No slash at the end. */
  readonly url: string;
  /** Reads the certificate again, where there is one; connections that are there keep theirs. @throws MediaError */
  renewCertificate(): Promise<void>;
  /** Lets transfers under way end for a moment, then ends them; its parts are closed too. May be called again. */
  close(): Promise<void>;
}

/**
 * Serves the whole app at the host and port of its settings.
 * @throws MediaError `busy` for a port that is taken, `bad-request` for a host that is not this machine's or that lets
 * others in without leave, and for a certificate that cannot be
 */
export async function serveOnNode(parts: NodeParts): Promise<NodeServer> {
  const { config } = parts;
  requireGuard(config);
  const [{ createApp }, { listen, openServer, renewCertificate, shownHost }] = await Promise.all([
    import('./app.ts'),
    import('./serving/listening.ts'),
  ]);
  const { tls, publicUrl, host } = config;
  const { fetch } = createApp(parts.deps, Date.now);
  const server = await openServer(fetch, { tls, prefix: prefixOf(publicUrl) });
  parts.prepare(server);
  await listen(server, config);
  const { port } = server.address() as AddressInfo;
  parts.listensAt(port);
  let closing: Promise<void> | null = null;
  return {
    server,
    port,
    url: `${tls ? 'https' : 'http'}://${shownHost(host)}:${port}`,
    async renewCertificate() {
      if (tls) await renewCertificate(server, tls);
    },
    close() {
      closing ??= stop(server, parts);
      return closing;
    },
  };
}

async function stop(server: Server, parts: NodeParts): Promise<void> {
  const ended = once(server, 'close');
  parts.deps.library.close();
  server.close();
  server.closeIdleConnections();
  const impatience = setTimeout(() => server.closeAllConnections(), STOP_AFTER);
  await ended;
  clearTimeout(impatience);
  await parts.close();
}

interface Parts {
  readonly config: Config;
  readonly media: NodeMedia;
  readonly uploads: UploadStore | null;
  readonly shared: SharedCache | null;
  readonly desk: UploadDesk;
  readonly proxy: OpenProxy;
  readonly tv: OpenChannels;
  readonly listed: readonly string[];
  readonly log: Logger;
  readonly secret: string;
}

async function createDeps(parts: Parts): Promise<AppDeps> {
  const { config, media, uploads, shared, desk, listed, log, proxy, tv, secret } = parts;
  const plans = shared?.plans ?? null;
  const roots = new Map([['demo', join(PROJECT_FOLDER, 'fixtures')], ...config.roots]);
  const upload = async (id: string) => {
    if (uploads) return uploads.pathOf(id);
    throw new MediaError('not-offered', 'This server stores no uploads. Start it with --uploads FOLDER');
  };
  return {
    config,
    library: media.library,
    tokens: await createTokenBox(secret, Date.now),
    accessKey: await deriveAccessKey(secret),
    openSource: (request, limits) => openSource(request, { ...media.places, plans, roots, upload }, limits),
    sendChunks: sendChunksOnNode,
    desk,
    uploads,
    hasCast: config.hasCast,
    segments: shared?.segments ?? null,
    folders: foldersOf(config, listed),
    asset: readAsset,
    log,
    proxy,
    channels: tv.channels,
    guide: tv.guide,
    films: openFilms(config),
    ...createFront(config, { log, folder: PROJECT_FOLDER, scripts: new URL('./web/', import.meta.url) }),
  };
}

function foldersOf({ roots }: Config, names: readonly string[]): FolderLister {
  const listed = new Map([...roots].filter(([name]) => names.includes(name)));
  return { names, list: (name, path) => listFolder(listed, name, path) };
}

/** Null where none are kept. */
async function openUploads(config: Config): Promise<UploadStore | null> {
  const { uploads: folder, uploadsBytes: quota, uploadsTime: lifetime } = config;
  return folder === null ? null : openUploadStore({ folder, quota, lifetime, now: Date.now });
}

/** Null where nothing is shared with other machines. */
async function openShared(config: Config, secret: string, log: Logger): Promise<SharedCache | null> {
  const { sharedCache: place, sharedCacheBytes: maxBytes, sharesCopies: keepsCopies } = config;
  if (place === null) return null;
  const { openSharedCache } = await import('./shared-cache/shared-cache.ts');
  return openSharedCache({ place, maxBytes, keepsCopies, secret, log });
}

/** Where a file that the page loads lies: hls.js in its package, the others as compiled. */
function assetPath(name: string): string | null {
  if (name === 'hls.js') return require.resolve('hls.js/dist/hls.min.mjs');
  const isPlayer = (PLAYER_FILES as readonly string[]).includes(name);
  return isPlayer ? fileURLToPath(new URL(`./web/${name}`, import.meta.url)) : null;
}

const readAsset: AppDeps['asset'] = async (name) => {
  const path = assetPath(name);
  return path ? { body: new Uint8Array(await readFile(path)), type: 'text/javascript; charset=utf-8' } : null;
};
