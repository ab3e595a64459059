import { setMaxListeners } from 'node:events';
import type { Config } from './config.ts';
import type { AudioTranscoder } from './core/transcoding.ts';
import { findProgram } from './ffmpeg/find.ts';
import { withFfmpeg } from './ffmpeg/with-ffmpeg.ts';
import type { Places } from './open-source.ts';
import { createLibrary, type Library } from './pipeline/library.ts';
import { type AddressPolicy, addressPolicy } from './sources/address-policy.ts';
import type { HttpClient } from './sources/http.ts';
import { createParallelRanges } from './sources/parallel-ranges.ts';
import { createSparseCache } from './sources/sparse-cache.ts';
import { type AudioPool, createAudioPool } from './threads/audio-pool.ts';

/** Share of the cache that packets of small tracks may take. */
const PACKET_SHARE = 0.25;
/** Share that sound encoded to AAC may take: 256 MB hold 20 minutes of it. */
const TRANSCRIPT_SHARE = 0.125;

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

/** @param env where FFmpeg is looked for */
export async function openNodeMedia(config: Config, env: Environment): Promise<NodeMedia> {
  setMaxListeners(MAX_LISTENERS);
  const share = (part: number) => Math.round(config.cacheBytes * part);
  const client = lateClient(addressPolicy(config));
  const sound = createAudioPool({
    size: config.audioThreads,
    lambda: config.aacQuality,
    entry: new URL('./threads/audio-worker.js', import.meta.url),
  });
  const library = createLibrary({
    packetBytes: share(PACKET_SHARE),
    transcriptBytes: share(TRANSCRIPT_SHARE),
    transcoder: await withLocalFfmpeg(sound, config, env),
  });
  const cache = createSparseCache({ maxBytes: share(1 - PACKET_SHARE - TRANSCRIPT_SHARE) });
  return {
    library,
    places: { client: client.get, cache, ranges: createParallelRanges() },
    async close() {
      library.close();
      await Promise.all([client.close(), sound.close()]);
    },
  };
}

interface LateClient {
  readonly get: () => Promise<HttpClient>;
  close(): Promise<void>;
}

/** Its library takes longer to load than all else together: it is loaded when it is asked for. */
function lateClient(policy: AddressPolicy): LateClient {
  let client: Promise<HttpClient> | undefined;
  const load = async () => (await import('./sources/http.ts')).createHttpClient({ policy });
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

/** FFmpeg, where there is one, decodes what nothing else can. */
async function withLocalFfmpeg(
  pool: AudioPool,
  { ffmpeg }: Config,
  env: Environment,
): Promise<AudioTranscoder> {
  const ending = process.platform === 'win32' ? '.exe' : '';
  const program = ffmpeg && (await findProgram(ffmpeg, { path: env.PATH ?? '', ending }));
  return program ? withFfmpeg(pool, program) : pool;
}
