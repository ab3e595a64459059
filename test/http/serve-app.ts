import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { type IncomingHttpHeaders, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createAdaptorServer } from '@hono/node-server';
import { createApp } from '../../src/app.ts';
import { type Config, type Flags, readConfig } from '../../src/config.ts';
import type { Source } from '../../src/core/contracts.ts';
import type { Reach } from '../../src/core/relay.ts';
import type { AudioTranscoder } from '../../src/core/transcoding.ts';
import type { ChannelGuide, ChannelLister, Logger } from '../../src/http/deps.ts';
import type { Hooks } from '../../src/http/hooks/hooks.ts';
import { sendChunksOnNode } from '../../src/http/node-body.ts';
import { openFilms } from '../../src/open-films.ts';
import { openProxy } from '../../src/open-proxy.ts';
import { openSource as openSourceOf } from '../../src/open-source.ts';
import { createLibrary, type OpenedSource } from '../../src/pipeline/library.ts';
import { createTokenBox, deriveAccessKey, type MediaRequest } from '../../src/proxy/token.ts';
import { createFront } from '../../src/serving/front.ts';
import { addressPolicy } from '../../src/sources/address-policy.ts';
import { createHttpClient, type HttpClientOptions } from '../../src/sources/http.ts';
import { createSparseCache } from '../../src/sources/sparse-cache.ts';
import { createUploadDesk, type DeskOptions } from '../../src/uploads/reception.ts';
import { openUploadStore, type UploadStore } from '../../src/uploads/store.ts';

const fixtures = fileURLToPath(new URL('../../fixtures/', import.meta.url));
const projectFolder = fileURLToPath(new URL('../../', import.meta.url));
const MEGABYTE = 2 ** 20;
// As src/node.ts: the probes of one title all listen to one signal.
setMaxListeners(64);

export interface ServeOptions {
  readonly flags?: Flags;
  readonly env?: Readonly<Record<string, string>>;
  readonly secret?: string;
  readonly timeouts?: HttpClientOptions['timeouts'];
  readonly channels?: ChannelLister;
  readonly guide?: ChannelGuide;
  /** What makes AAC; absent: sound is only copied. */
  readonly transcoder?: AudioTranscoder;
  readonly lookup?: NonNullable<HttpClientOptions['lookup']>;
  /** Other rules for uploads than those of the configuration. */
  readonly desk?: Partial<DeskOptions>;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** What an app around this one does to requests. */
  readonly hooks?: Hooks;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
}

export interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface LogEntry {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: object;
}

export interface ServedApp {
  readonly url: string;
  readonly config: Config;
  readonly accessKey: string;
  readonly log: readonly LogEntry[];
  /** How often a source was opened: once for each planning. */
  openings(): number;
  /** Asks for a path of this server, or a whole URL. */
  ask(path: string, question?: Question): Promise<Answer>;
  close(): Promise<void>;
}

/** The app on a port of its own with the sources of `src/node.ts`, in this process; 127.0.0.1 is allowed by name. */
export async function serveApp(options: ServeOptions = {}): Promise<ServedApp> {
  const { flags = { allow: ['127.0.0.1'] }, env = {}, secret = randomUUID(), now = Date.now } = options;
  const config = readConfig(flags, env);
  const client = createHttpClient({
    policy: addressPolicy(config),
    ...(options.timeouts ? { timeouts: options.timeouts } : {}),
    ...(options.lookup ? { lookup: options.lookup } : {}),
  });
  const cache = createSparseCache({ maxBytes: 64 * MEGABYTE });
  const log: LogEntry[] = [];
  const logger = loggerInto(log);
  const accessKey = await deriveAccessKey(secret);
  const uploads = await storeOf(config, now);
  const desk = createUploadDesk({ maxBytes: config.uploadBytes, ...options.desk });
  const places = {
    client: async () => client,
    cache,
    // One request for each read: tests count them.
    ranges: { wrap: (source: Source) => source },
    roots: new Map([['demo', fixtures], ...config.roots]),
    upload: async (id: string) => uploads?.pathOf(id) ?? '',
  };
  let openings = 0;
  const openSource = async (
    media: MediaRequest,
    limits?: { readonly reach?: Reach },
  ): Promise<OpenedSource> => {
    openings++;
    return openSourceOf(media, places, limits);
  };
  const app = createApp(
    {
      config,
      library: createLibrary({
        packetBytes: 16 * MEGABYTE,
        transcriptBytes: MEGABYTE,
        transcoder: options.transcoder ?? null,
      }),
      tokens: await createTokenBox(secret, now),
      accessKey,
      openSource,
      sendChunks: sendChunksOnNode,
      desk,
      uploads,
      asset: async () => null,
      log: logger,
      channels: options.channels ?? null,
      guide: options.guide ?? null,
      films: openFilms(config),
      ...(options.hooks ? { hooks: options.hooks } : {}),
      proxy: await openProxy({ config, relay: async () => client, secret, now }),
      ...createFront(config, {
        log: logger,
        folder: projectFolder,
        scripts: new URL('../../dist/src/web/', import.meta.url),
      }),
    },
    now,
  );
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  desk.prepare(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    config,
    accessKey,
    log,
    openings: () => openings,
    ask: (path, question) => ask(new URL(path, url), question),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await client.close();
      uploads?.close();
    },
  };
}

async function storeOf(config: Config, now: () => number): Promise<UploadStore | null> {
  const { uploads: folder, uploadsBytes: quota, uploadsTime: lifetime } = config;
  return folder === null ? null : openUploadStore({ folder, quota, lifetime, now });
}

const loggerInto = (log: LogEntry[]): Logger => ({
  info: (fields, message) => log.push({ level: 'info', fields, message }),
  warn: (fields, message) => log.push({ level: 'warn', fields, message }),
  error: (fields, message) => log.push({ level: 'error', fields, message }),
});

/** One request exactly as given: nothing added, nothing unzipped. */
export function ask(url: URL, { method = 'GET', headers = {}, body }: Question = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const body = Buffer.concat(parts);
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body,
          text: body.toString(),
        });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

export const masterPath = (media: string, more = ''): string =>
  `/hls/master.m3u8?d=${encodeURIComponent(media)}${more}`;

/** The addresses of a title, resolved, as a player finds them. */
export interface Playlists {
  readonly master: Answer;
  /** By the rendition's name: `v0`, `a1-copy`. */
  readonly media: ReadonlyMap<string, MediaAddresses>;
}

export interface MediaAddresses {
  readonly playlist: string;
  readonly init: string;
  readonly segments: readonly string[];
}

/** Follows a master playlist as a player does. */
export async function openTitle(app: ServedApp, path: string, question?: Question): Promise<Playlists> {
  const master = await app.ask(path, question);
  if (master.status !== 200) throw new Error(`The master playlist: ${master.status} ${master.text}`);
  const base = new URL(path, app.url);
  const uris = [...master.text.matchAll(/^(?!#).+$|URI="([^"]+)"/gm)].map((match) => match[1] ?? match[0]);
  const media = new Map<string, MediaAddresses>();
  for (const uri of new Set(uris)) {
    const playlist = new URL(uri, base);
    const { text } = await app.ask(playlist.href, question);
    const address = (name: string) => new URL(name, playlist).href;
    media.set(playlist.pathname.split('/').at(-2) ?? '', {
      playlist: playlist.href,
      init: address(/MAP:URI="([^"]+)"/.exec(text)?.[1] ?? ''),
      segments: [...text.matchAll(/^(?!#).+$/gm)].map(([name]) => address(name)),
    });
  }
  return { master, media };
}

/** The addresses of one rendition. */
export function rendition({ media }: Playlists, name: string): MediaAddresses {
  const found = media.get(name);
  if (!found) throw new Error(`No rendition ${name} among ${[...media.keys()].join(', ')}`);
  return found;
}

export const nth = (list: readonly string[], n: number): string => {
  const found = list.at(n);
  if (found === undefined) throw new Error(`There is no ${n}th of ${list.length}`);
  return found;
};
