import { once, setMaxListeners } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createAdaptorServer } from '@hono/node-server';
import type { Logger as PinoLogger, pino } from 'pino';
import { createApp } from './app.ts';
import { type Config, type LogLevel, readConfig } from './config.ts';
import { MediaError } from './core/errors.ts';
import type { AudioTranscoder } from './core/transcoding.ts';
import { findProgram } from './ffmpeg/find.ts';
import { withFfmpeg } from './ffmpeg/with-ffmpeg.ts';
import type { AppDeps, Logger } from './http/deps.ts';
import { sendChunksOnNode } from './http/node-body.ts';
import { openSource } from './open-source.ts';
import { createLibrary, type Library } from './pipeline/library.ts';
import { createTokenBox, deriveAccessKey } from './proxy/token.ts';
import { type AddressPolicy, addressPolicy } from './sources/address-policy.ts';
import type { HttpClient } from './sources/http.ts';
import { createParallelRanges } from './sources/parallel-ranges.ts';
import { createSparseCache } from './sources/sparse-cache.ts';
import { defaultStateDir, loadSecret } from './state.ts';
import { type AudioPool, createAudioPool } from './threads/audio-pool.ts';
import { createUploadDesk, type UploadDesk } from './uploads/reception.ts';
import { openUploadStore, type UploadStore } from './uploads/store.ts';
import { PLAYER_FILES } from './web/page.ts';

const FIRST_PORT = 8080;
const LAST_PORT = 8099;
/** Share of the cache that packets of small tracks may take. */
const PACKET_SHARE = 0.25;
/** Share that sound encoded to AAC may take: 256 MB hold 20 minutes of it. */
const TRANSCRIPT_SHARE = 0.125;

/** One title's probes all listen to the signal of its opening: more than Node takes for a leak. */
const MAX_LISTENERS = 64;

/** Milliseconds that transfers under way get to end at a first signal: supervisors wait longer. */
const STOP_AFTER = 1500;

const HELP = `sluice [--port N] [--host ADDRESS] [--public-url URL] [--allow CIDR|HOST[:PORT]]… [--allow-private]
       [--root NAME=FOLDER]… [--uploads FOLDER] [--state FOLDER]
Serves the player page at / and HLS at /hls/master.m3u8?d=<URL of a media file>; sends what is posted to /remux back
as MP4.
  --port N           listen there (default: 8080, or the next free one up to 8099)
  --host ADDRESS     interface to listen on (default: all)
  --public-url URL   address under which others reach this server; its name is answered for
  --allow TARGET     let requests go to a private address, network or host; repeatable
  --allow-private    let requests go to any private address
  --root NAME=FOLDER serve files of a folder as d=root:NAME/path; repeatable
  --uploads FOLDER   keep what is posted to /uploads there for a day, to be played as d=upload:ID
  --state FOLDER     where the secret of this installation is kept
Environment: PORT, HOST, API_PASSWORD, SLUICE_SECRET, SLUICE_STATE, SLUICE_ALLOW, SLUICE_ALLOW_PRIVATE,
  SLUICE_ROOTS, SLUICE_PUBLIC_URL, SLUICE_CACHE_MB, SLUICE_AAC_QUALITY, SLUICE_AUDIO_THREADS, SLUICE_FFMPEG,
  SLUICE_UPLOADS, SLUICE_UPLOADS_MB, SLUICE_UPLOADS_HOURS, SLUICE_UPLOAD_MB, SLUICE_LOG
`;

const OPTIONS = {
  port: { type: 'string' },
  host: { type: 'string' },
  'public-url': { type: 'string' },
  allow: { type: 'string', multiple: true },
  'allow-private': { type: 'boolean' },
  root: { type: 'string', multiple: true },
  state: { type: 'string' },
  uploads: { type: 'string' },
  help: { type: 'boolean' },
} as const;

const require = createRequire(import.meta.url);

/** Folder of the project: this file runs from dist/src. */
const projectFolder = fileURLToPath(new URL('../../', import.meta.url));

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  setMaxListeners(MAX_LISTENERS);
  const config = readConfig(values, process.env, { cores: availableParallelism() });
  const kept = config.secret
    ? { secret: config.secret, isKept: true }
    : await loadSecret(config.stateDir ?? defaultStateDir(process.env));
  const client = lateClient(addressPolicy(config));
  const sound = createAudioPool({
    size: config.audioThreads,
    lambda: config.aacQuality,
    entry: new URL('./threads/audio-worker.js', import.meta.url),
  });
  const desk = createUploadDesk({ maxBytes: config.uploadBytes });
  const deps = await createDeps({ config, client, sound, desk, secret: kept.secret });
  const app = createApp(deps, Date.now);
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  desk.prepare(server);
  await listen(server, config);
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`Sluice is ready at http://${shownHost(config.host)}:${port}/\n`);
  process.stdout.write(`Key for other sites' pages to local files: ${await deriveAccessKey(kept.secret)}\n`);
  if (!kept.isKept)
    process.stderr.write('The state folder cannot be written: addresses end with this process\n');
  stopOnSignals(server, { client, library: deps.library, sound });
  await client();
}

/** Gives the one HTTP client. */
type LateClient = () => Promise<HttpClient>;

/** Its library takes longer to load than all else together: it is loaded once the server listens. */
function lateClient(policy: AddressPolicy): LateClient {
  let client: Promise<HttpClient> | undefined;
  const load = async () => (await import('./sources/http.ts')).createHttpClient({ policy });
  return () => {
    client ??= load();
    return client;
  };
}

interface Parts {
  readonly config: Config;
  readonly client: LateClient;
  readonly sound: AudioPool;
  readonly desk: UploadDesk;
  readonly secret: string;
}

async function createDeps({ config, client, sound, desk, secret }: Parts): Promise<AppDeps> {
  const share = (part: number) => Math.round(config.cacheBytes * part);
  const cache = createSparseCache({ maxBytes: share(1 - PACKET_SHARE - TRANSCRIPT_SHARE) });
  const ranges = createParallelRanges();
  const roots = new Map([['demo', join(projectFolder, 'fixtures')], ...config.roots]);
  const uploads = await openUploads(config);
  const upload = async (id: string) => {
    if (uploads) return uploads.pathOf(id);
    throw new MediaError('not-offered', 'This server stores no uploads. Start it with --uploads FOLDER');
  };
  return {
    config,
    library: createLibrary({
      packetBytes: share(PACKET_SHARE),
      transcriptBytes: share(TRANSCRIPT_SHARE),
      transcoder: await withLocalFfmpeg(sound, config),
    }),
    tokens: await createTokenBox(secret, Date.now),
    accessKey: await deriveAccessKey(secret),
    openSource: (request) => openSource(request, { client, cache, ranges, roots, upload }),
    sendChunks: sendChunksOnNode,
    desk,
    uploads,
    asset: readAsset,
    log: lateLogger(config.logLevel),
  };
}

/** Null where none are kept. */
async function openUploads(config: Config): Promise<UploadStore | null> {
  const { uploads: folder, uploadsBytes: quota, uploadsTime: lifetime } = config;
  return folder === null ? null : openUploadStore({ folder, quota, lifetime, now: Date.now });
}

/** FFmpeg, where there is one, decodes what nothing else can. */
async function withLocalFfmpeg(pool: AudioPool, { ffmpeg }: Config): Promise<AudioTranscoder> {
  const ending = process.platform === 'win32' ? '.exe' : '';
  const program = ffmpeg && (await findProgram(ffmpeg, { path: process.env.PATH ?? '', ending }));
  return program ? withFfmpeg(pool, program) : pool;
}

/** Loads pino when there is something to log. */
function lateLogger(level: LogLevel): Logger {
  let log: PinoLogger | undefined;
  const get = () => {
    const load = require('pino') as typeof pino;
    log ??= load({ level }, load.destination({ dest: 2, sync: true }));
    return log;
  };
  return {
    info: (fields, message) => get().info(fields, message),
    warn: (fields, message) => get().warn(fields, message),
    error: (fields, message) => get().error(fields, message),
  };
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

/** Given and busy is an error; not given, the next free port is taken. */
async function listen(server: Server, config: Config): Promise<void> {
  if (config.port !== null) return listenOn(server, config.port, config.host);
  for (let port = FIRST_PORT; ; port++) {
    try {
      return await listenOn(server, port, config.host);
    } catch (error) {
      if (!(error instanceof MediaError) || error.code !== 'busy' || port >= LAST_PORT) throw error;
    }
  }
}

async function listenOn(server: Server, port: number, host: string): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'EADDRINUSE')
      throw new MediaError('busy', `Port ${port} is in use; give another one with --port`);
    if (code === 'EACCES') throw new MediaError('busy', `Port ${port} may not be used by this user`);
    throw code === null ? error : new MediaError('bad-request', `Cannot listen at ${host} (${code})`);
  }
}

/** An address that can be clicked: every interface is shown as this machine. */
const shownHost = (host: string): string =>
  host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;

interface Running {
  readonly client: LateClient;
  readonly library: Library;
  readonly sound: AudioPool;
}

/** A first signal lets transfers end for a moment; a second one does not wait. */
function stopOnSignals(server: Server, { client, library, sound }: Running): void {
  const stop = () => {
    library.close();
    server.close();
    server.closeIdleConnections();
    setTimeout(() => {
      server.closeAllConnections();
      sound.close().catch(report);
    }, STOP_AFTER).unref();
    client()
      .then((opened) => opened.close())
      .catch(report);
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}

const report = (error: unknown) => process.stderr.write(`${String(error)}\n`);

/** What a person did wrong is told in one line; a bug with its stack. */
function tell(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isPlain = error instanceof MediaError || (error instanceof TypeError && 'code' in error);
  return isPlain ? (error.message.split('\n', 1)[0] ?? '') : (error.stack ?? error.message);
}

main().catch((error: unknown) => {
  process.stderr.write(`${tell(error)}\n`);
  process.exitCode = 1;
});
