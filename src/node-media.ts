import { setMaxListeners } from 'node:events';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Config } from './config.ts';
import { MediaError } from './core/errors.ts';
import type { UpstreamRoute } from './core/upstreams.ts';
import { findProgram } from './ffmpeg/find.ts';
import { openForeignReader } from './ffmpeg/foreign/open-foreign.ts';
import { type OpenEncoders, openVideoEncoders } from './ffmpeg/video/open-encoders.ts';
import { withFfmpeg } from './ffmpeg/with-ffmpeg.ts';
import type { Places } from './open-source.ts';
import { createLibrary, type Library, type VideoOffer } from './pipeline/library.ts';
import { addressPolicy } from './sources/address-policy.ts';
import type { HttpClient, HttpClientOptions } from './sources/http.ts';
import type { IsOwn } from './sources/no-way-back.ts';
import { createParallelRanges } from './sources/parallel-ranges.ts';
import { createSparseCache } from './sources/sparse-cache.ts';
import { createAudioPool } from './threads/audio-pool.ts';

/** Share of the cache that packets of small tracks may take. */
const PACKET_SHARE = 0.25;
/** Share that sound encoded to AAC may take: 256 MB hold 20 minutes of it. */
const TRANSCRIPT_SHARE = 0.125;

/** Share that encoded video may take: half a minute of it, at 8 Mbit/s, for each of two viewers. */
const VIDEO_SHARE = 0.25;

/** One title's probes all listen to the signal of its opening: more than Node takes for a leak. */
const MAX_LISTENERS = 64;

export type Environment = Readonly<Record<string, string | undefined>>;

/** What opens, plans and transcodes media on Node: what server and command line have in common. */
export interface NodeMedia {
  readonly library: Library;
  /** For `openSource`; served folders and uploads are the caller's. */
  readonly places: Pick<Places, 'client' | 'cache' | 'ranges'>;
  /** Ends all work; may be called again. */
  close(): Promise<void>;
}

export interface MediaOptions {
  /** Where FFmpeg is looked for. */
  readonly env: Environment;
  /** Whether video is encoded where players may need that. */
  readonly video: 'encoded' | 'copied';
  /** Addresses of the server that reads them; absent: there is none. */
  readonly isOwn?: IsOwn;
}

export async function openNodeMedia(config: Config, options: MediaOptions): Promise<NodeMedia> {
  const { env, video, isOwn } = options;
  setMaxListeners(MAX_LISTENERS);
  const share = (part: number) => Math.round(config.cacheBytes * part);
  const client = lateClient({
    policy: addressPolicy(config),
    routes: await readRoutes(config),
    ...(config.userAgent === null ? {} : { userAgent: config.userAgent }),
    ...(isOwn ? { isOwn } : {}),
  });
  const sound = createAudioPool({
    size: config.audioThreads,
    lambda: config.aacQuality,
    entry: new URL('./threads/audio-worker.js', import.meta.url),
  });
  const ffmpeg = await findFfmpeg(config, env);
  const encoders = ffmpeg && video === 'encoded' ? openEncoders(config, ffmpeg) : null;
  const offer = ffmpeg && encoders ? await videoOffer(config, { encoders, program: ffmpeg, env }) : null;
  const library = createLibrary({
    packetBytes: share(PACKET_SHARE),
    transcriptBytes: share(TRANSCRIPT_SHARE),
    transcoder: ffmpeg ? withFfmpeg(sound, ffmpeg) : sound,
    video: offer,
  });
  const cache = createSparseCache({
    maxBytes: share(1 - PACKET_SHARE - TRANSCRIPT_SHARE - (offer ? VIDEO_SHARE : 0)),
  });
  return {
    library,
    places: { client: client.get, cache, ranges: createParallelRanges() },
    async close() {
      library.close();
      encoders?.close();
      await library.encodedVideo?.close();
      await Promise.all([client.close(), sound.close()]);
    },
  };
}

interface LateClient {
  readonly get: () => Promise<HttpClient>;
  close(): Promise<void>;
}

/** Its library takes longer to load than all else together: it is loaded when it is asked for. */
function lateClient(options: HttpClientOptions): LateClient {
  let client: Promise<HttpClient> | undefined;
  const load = async () => (await import('./sources/http.ts')).createHttpClient(options);
  return {
    get() {
      client ??= load();
      return client;
    },
    async close() {
      await (await client)?.close();
    },
  };
}

/** How upstreams are reached; what reads it takes its time to load, and most servers have nothing to be read. */
async function readRoutes({ upstreams, transport }: Config): Promise<readonly UpstreamRoute[]> {
  const { proxyUrl, proxiesAll, routes, verifiesTls } = transport;
  const isSilent = proxyUrl === null && !proxiesAll && routes === null && verifiesTls;
  if (upstreams === null && isSilent) return [];
  const { readUpstreams } = await import('./settings/upstreams.ts');
  return readUpstreams({ file: upstreams === null ? null : await readUpstreamsFile(upstreams), transport });
}

async function readUpstreamsFile(name: string): Promise<{ readonly name: string; readonly text: string }> {
  try {
    return { name, text: await readFile(name, 'utf8') };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : 'unknown error';
    throw new MediaError('bad-request', `--upstreams ${name}: the file cannot be read (${code})`);
  }
}

/** Its path; null where there is none, or none is to be used. */
async function findFfmpeg({ ffmpeg }: Config, env: Environment): Promise<string | null> {
  const ending = process.platform === 'win32' ? '.exe' : '';
  return ffmpeg && findProgram(ffmpeg, { path: env.PATH ?? '', ending });
}

const openEncoders = ({ encoders }: Config, program: string): OpenEncoders =>
  openVideoEncoders({
    program,
    order: encoders ?? [],
    platform: process.platform,
    now: () => performance.now(),
  });

interface Programs extends Pick<VideoOffer, 'encoders'> {
  /** Path of FFmpeg. */
  readonly program: string;
  readonly env: Environment;
}

async function videoOffer(config: Config, { encoders, program, env }: Programs): Promise<VideoOffer> {
  const { cacheBytes, videoRuns, videoHeight, videoLadder } = config;
  const prober = await findProber(program, env);
  return {
    encoders,
    foreign: prober ? openForeignReader({ program, prober }) : null,
    maxBytes: Math.round(cacheBytes * VIDEO_SHARE),
    maxRuns: videoRuns,
    settings: { maxHeight: videoHeight, ladder: videoLadder },
  };
}

/** Beside FFmpeg, or where it would be looked for. */
async function findProber(program: string, env: Environment): Promise<string | null> {
  const ending = process.platform === 'win32' ? '.exe' : '';
  const beside = await findProgram(join(dirname(program), `ffprobe${ending}`), { path: '', ending: '' });
  return beside ?? findProgram('ffprobe', { path: env.PATH ?? '', ending });
}
