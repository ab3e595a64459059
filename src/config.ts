import { isUrl } from './core/url.ts';
import { sharedPlace } from './settings/shared-place.ts';
import { type UpstreamEnvironment, upstreamEnvironment } from './settings/upstream-environment.ts';
import { integer, isYes, list, nonEmpty, type Range, wrong } from './settings/values.ts';

/** All settings, validated once; every default stands here with its reason. */
export interface Config extends UpstreamEnvironment {
  /** Null: 8080 or, where that is busy, the next free one up to 8099. */
  readonly port: number | null;
  readonly host: string;
  /** Whoever reaches this server may use it, without a password. */
  readonly isOpen: boolean;
  /** Where others reach this server (`https://media.example.org/sluice/`); its host is a valid `Host`. */
  readonly publicUrl: URL | null;
  /** Files of the certificate and its key; null: http. */
  readonly tls: { readonly cert: string; readonly key: string } | null;
  /** Addresses and networks of proxies that may say for whom they ask, or `*`. */
  readonly trustedProxies: readonly string[];
  /** Requests a second of one client in the long run; 0: no limit; null: the usual one, not for this machine's programs. */
  readonly rate: number | null;
  /** Requests of one client at a time that read from upstreams; as `rate`. */
  readonly clientUpstreams: number | null;
  /** Tells its HTTP interface at `/docs` and `/openapi.json`. */
  readonly hasDocs: boolean;
  /** The page loads Google's script for Chromecasts. */
  readonly hasCast: boolean;
  /** Private targets that are named: CIDR, address, or host[:port]. */
  readonly allow: readonly string[];
  readonly allowPrivate: boolean;
  /** What is never asked, whoever allows it; entries as in `allow`. */
  readonly deny: readonly string[];
  /** File with routes of upstream requests: proxies, headers, limits. */
  readonly upstreams: string | null;
  /** File with a list of channels, M3U, for media servers; null: none are offered. */
  readonly channels: string | null;
  /** Files and addresses of their programme guides, XMLTV, before those that the list names. */
  readonly guides: readonly string[];
  /** File with a list of films, M3U or lines of URLs, that Stremio's addon offers; null: none. */
  readonly filmList: string | null;
  /** Folders that `root:<name>/…` may read from. */
  readonly roots: ReadonlyMap<string, string>;
  /** Folder that uploads are kept in, which is this server's alone; null: none are. */
  readonly uploads: string | null;
  /** Bytes of all uploads together, and of a single one, also where it is not kept. */
  readonly uploadsBytes: number;
  readonly uploadBytes: number;
  /** Milliseconds that an upload is kept. */
  readonly uploadsTime: number;
  /** Asked for where a title is opened; null: nobody is asked. */
  readonly apiPassword: string | null;
  /** Key of all tokens; null: one is made once and kept in the state folder. */
  readonly secret: string | null;
  readonly stateDir: string | null;
  readonly cacheBytes: number;
  /** Folder or Redis URL that machines with the same secret share; null: they share nothing. */
  readonly sharedCache: string | null;
  /** Bytes that such a folder may hold, about. */
  readonly sharedCacheBytes: number;
  /** Segments that are copies are shared, too, not only those whose sound was encoded. */
  readonly sharesCopies: boolean;
  /** Constant quality of AAC that is made: FFmpeg's lambda. */
  readonly aacQuality: number;
  /** Threads that make it. */
  readonly audioThreads: number;
  /** FFmpeg for what is not decoded in process: a path, or a name that is looked for; null: none is used. */
  readonly ffmpeg: string | null;
  /** Names of video encoders in the order in which they are tried, and no others; null: hardware first, all of them. */
  readonly encoders: readonly string[] | null;
  /** Video encoders that run at the same time. */
  readonly videoRuns: number;
  /** Shorter side of what is encoded, in samples: larger pictures are made smaller. */
  readonly videoHeight: number;
  /** Smaller pictures that are offered of every film. */
  readonly videoLadder: readonly { readonly height: number; readonly maxBitrate: number }[];
  /** Bytes of proxied segments that are kept for those who ask next. */
  readonly proxyBytes: number;
  /** Proxied segments that are fetched ahead of the one that is asked for. */
  readonly proxyAhead: number;
  /** Addresses that mediaflow-proxy encrypts are made and read, where there is a password. */
  readonly compatTokens: boolean;
  /** Services that tell the address they are asked from; null: those that are usual. */
  readonly addressServices: readonly string[] | null;
  readonly logLevel: LogLevel;
}

const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Command line values; those given there win over the environment. */
export interface Flags {
  readonly port?: string | undefined;
  readonly host?: string | undefined;
  readonly open?: boolean | undefined;
  readonly 'public-url'?: string | undefined;
  readonly 'trust-proxy'?: readonly string[] | undefined;
  readonly 'tls-cert'?: string | undefined;
  readonly 'tls-key'?: string | undefined;
  readonly allow?: readonly string[] | undefined;
  readonly 'allow-private'?: boolean | undefined;
  readonly deny?: readonly string[] | undefined;
  readonly upstreams?: string | undefined;
  readonly channels?: string | undefined;
  readonly guide?: readonly string[] | undefined;
  readonly list?: string | undefined;
  readonly 'compat-tokens'?: boolean | undefined;
  readonly root?: readonly string[] | undefined;
  readonly state?: string | undefined;
  readonly uploads?: string | undefined;
}

/** The TV that plays is another machine; but a server that fetches for everybody is opened on purpose only. */
const EVERY_INTERFACE = '0.0.0.0';
const THIS_MACHINE = '127.0.0.1';

const RATE = { min: 0, max: 100_000 };
const CLIENT_UPSTREAMS = { min: 0, max: 10_000 };
/** House.md: 256 MB in all, of which a quarter for packets. */
const DEFAULT_CACHE_MB = 256;

const MEGABYTE = 2 ** 20;
/** In milliseconds. */
const HOUR = 3600 * 1000;

const CACHE_MB = { min: 16, max: 1 << 20 };

/** 70 hours of stereo sound. */
const DEFAULT_SHARED_CACHE_MB = 4096;
const SHARED_CACHE_MB = { min: 16, max: 1 << 30 };

/** 70 to 135 kbit/s a channel, as the sound wants it: 60 takes a third less, 250 half as much again. */
const DEFAULT_AAC_QUALITY = 120;
const AAC_QUALITY = { min: 10, max: 1000 };
/** 32 GB: a few films, and less than what a disk that holds films has left. */
const DEFAULT_UPLOADS_MB = 32 * 1024;
/** 128 GB: the largest film on a disc has 100. */
const DEFAULT_UPLOAD_MB = 128 * 1024;
/** From 1 MB to 1 PB, which is no limit. */
const UPLOAD_MB = { min: 1, max: 1 << 30 };
/** Sent today, seen tonight. */
const DEFAULT_UPLOADS_HOURS = 24;
const UPLOADS_HOURS = { min: 1, max: 24 * 365 };

/** What software makes in time on a few cores, and every player takes. */
const DEFAULT_VIDEO_HEIGHT = 1080;
const VIDEO_HEIGHT = { min: 64, max: 4320 };
const VIDEO_RUNS = { min: 1, max: 64 };
const LADDER_KBITS = { min: 50, max: 200_000 };

/** 8 segments of 6 s at 10 Mbit/s. */
const DEFAULT_PROXY_MB = 64;
const PROXY_MB = { min: 1, max: 1 << 20 };
/** What hides a slow server from a player, and wastes little where that leaves. */
const DEFAULT_AHEAD = 2;
const AHEAD = { min: 0, max: 20 };

const AUDIO_THREADS = { min: 1, max: 64 };

export interface Machine {
  /** Processors that work at the same time. */
  readonly cores?: number;
}

/** @throws MediaError `bad-request` naming the setting that cannot be read */
export function readConfig(
  flags: Flags,
  env: Readonly<Record<string, string | undefined>>,
  { cores = 2 }: Machine = {},
): Config {
  const port = flags.port ?? nonEmpty(env.PORT);
  const number = (name: string, otherwise: number, range: Range) =>
    integer(name, nonEmpty(env[name]) ?? String(otherwise), range);
  const given = (name: string, range: Range) =>
    nonEmpty(env[name]) === undefined ? null : number(name, 0, range);
  const publicUrl = flags['public-url'] ?? nonEmpty(env.SLUICE_PUBLIC_URL);
  const apiPassword = nonEmpty(env.API_PASSWORD) ?? null;
  const isOpen = flags.open ?? isYes('SLUICE_OPEN', env.SLUICE_OPEN);
  return {
    port: port === undefined ? null : integer('port', port, { min: 0, max: 65_535 }),
    host:
      flags.host ?? nonEmpty(env.HOST) ?? (isOpen || apiPassword !== null ? EVERY_INTERFACE : THIS_MACHINE),
    isOpen,
    publicUrl: publicUrl === undefined ? null : origin(publicUrl),
    tls: certificate(
      flags['tls-cert'] ?? nonEmpty(env.SLUICE_TLS_CERT),
      flags['tls-key'] ?? nonEmpty(env.SLUICE_TLS_KEY),
    ),
    // The last one is mediaflow-proxy's name.
    trustedProxies:
      flags['trust-proxy'] ?? list(nonEmpty(env.SLUICE_TRUSTED_PROXIES) ?? env.FORWARDED_ALLOW_IPS),
    rate: given('SLUICE_RATE', RATE),
    clientUpstreams: given('SLUICE_CLIENT_UPSTREAMS', CLIENT_UPSTREAMS),
    hasDocs: !isYes('DISABLE_DOCS', env.DISABLE_DOCS),
    hasCast: isYes('SLUICE_CAST', env.SLUICE_CAST),
    allow: flags.allow ?? list(env.SLUICE_ALLOW),
    allowPrivate: flags['allow-private'] ?? isYes('SLUICE_ALLOW_PRIVATE', env.SLUICE_ALLOW_PRIVATE),
    deny: flags.deny ?? list(env.SLUICE_DENY),
    upstreams: folder('--upstreams', flags.upstreams) ?? nonEmpty(env.SLUICE_UPSTREAMS) ?? null,
    channels: folder('--channels', flags.channels) ?? nonEmpty(env.SLUICE_CHANNELS) ?? null,
    filmList: folder('--list', flags.list) ?? nonEmpty(env.SLUICE_LIST) ?? null,
    guides: flags.guide ?? list(env.SLUICE_GUIDE),
    ...upstreamEnvironment(env),
    roots: new Map((flags.root ?? list(env.SLUICE_ROOTS)).map(root)),
    apiPassword,
    secret: nonEmpty(env.SLUICE_SECRET) ?? null,
    stateDir: flags.state ?? nonEmpty(env.SLUICE_STATE) ?? null,
    uploads: folder('--uploads', flags.uploads) ?? nonEmpty(env.SLUICE_UPLOADS) ?? null,
    uploadsBytes: number('SLUICE_UPLOADS_MB', DEFAULT_UPLOADS_MB, UPLOAD_MB) * MEGABYTE,
    uploadBytes: number('SLUICE_UPLOAD_MB', DEFAULT_UPLOAD_MB, UPLOAD_MB) * MEGABYTE,
    uploadsTime: number('SLUICE_UPLOADS_HOURS', DEFAULT_UPLOADS_HOURS, UPLOADS_HOURS) * HOUR,
    cacheBytes: number('SLUICE_CACHE_MB', DEFAULT_CACHE_MB, CACHE_MB) * MEGABYTE,
    sharedCache: sharedPlace(nonEmpty(env.SLUICE_SHARED_CACHE)),
    sharedCacheBytes: number('SLUICE_SHARED_CACHE_MB', DEFAULT_SHARED_CACHE_MB, SHARED_CACHE_MB) * MEGABYTE,
    sharesCopies: isYes('SLUICE_SHARED_COPIES', env.SLUICE_SHARED_COPIES),
    aacQuality: number('SLUICE_AAC_QUALITY', DEFAULT_AAC_QUALITY, AAC_QUALITY),
    ffmpeg: env.SLUICE_FFMPEG === 'off' ? null : (nonEmpty(env.SLUICE_FFMPEG) ?? 'ffmpeg'),
    // One core is left to what reads and writes.
    audioThreads: number(
      'SLUICE_AUDIO_THREADS',
      Math.min(AUDIO_THREADS.max, Math.max(1, cores - 1)),
      AUDIO_THREADS,
    ),
    encoders: env.SLUICE_ENCODERS ? list(env.SLUICE_ENCODERS) : null,
    // One encoder keeps two cores busy; a second viewer is better served late than not.
    videoRuns: number('SLUICE_VIDEO_RUNS', Math.max(2, Math.floor(cores / 2)), VIDEO_RUNS),
    videoHeight: number('SLUICE_VIDEO_HEIGHT', DEFAULT_VIDEO_HEIGHT, VIDEO_HEIGHT),
    videoLadder: list(env.SLUICE_LADDER).map(rung),
    proxyBytes: number('SLUICE_PROXY_MB', DEFAULT_PROXY_MB, PROXY_MB) * MEGABYTE,
    proxyAhead: aheadOf(env),
    compatTokens:
      flags['compat-tokens'] ?? isYes('SLUICE_COMPAT_TOKENS', nonEmpty(env.SLUICE_COMPAT_TOKENS) ?? '1'),
    addressServices: env.SLUICE_IP_SERVICES ? list(env.SLUICE_IP_SERVICES) : null,
    logLevel: logLevel(env),
  };
}

/** An empty one would be the folder that the server happens to run in. */
function folder(flag: string, path: string | undefined): string | undefined {
  if (path === '') throw wrong(`${flag} wants a path`);
  return path;
}

function origin(text: string): URL {
  if (isUrl(text) && /^https?:/.test(text)) return new URL(text);
  throw wrong(`--public-url must be an http or https URL, not "${text}"`);
}

function root(entry: string): [string, string] {
  const at = entry.indexOf('=');
  const name = entry.slice(0, at);
  if (at > 0 && /^[\w.-]+$/.test(name) && entry.length > at + 1) return [name, entry.slice(at + 1)];
  throw wrong(`--root wants name=folder, not "${entry}"`);
}

/** mediaflow-proxy's names are read where ours are not given. */
function aheadOf(env: Readonly<Record<string, string | undefined>>): number {
  const isOff =
    nonEmpty(env.ENABLE_HLS_PREBUFFER) !== undefined &&
    !isYes('ENABLE_HLS_PREBUFFER', env.ENABLE_HLS_PREBUFFER);
  const given = nonEmpty(env.SLUICE_PROXY_AHEAD) ?? nonEmpty(env.HLS_PREBUFFER_SEGMENTS);
  return integer('SLUICE_PROXY_AHEAD', given ?? String(isOff ? 0 : DEFAULT_AHEAD), AHEAD);
}

/** `720:3000`: lines, and kbit/s at most. */
function rung(entry: string): Config['videoLadder'][number] {
  const [height = '', bitrate = '', ...rest] = entry.split(':');
  if (rest.length > 0 || bitrate === '')
    throw wrong(`SLUICE_LADDER wants height:kbit/s, as in 720:3000,480:1200, not "${entry}"`);
  return {
    height: integer('SLUICE_LADDER', height, VIDEO_HEIGHT),
    maxBitrate: integer('SLUICE_LADDER', bitrate, LADDER_KBITS) * 1000,
  };
}

/** Python's names, which mediaflow-proxy's `LOG_LEVEL` has. */
const OTHER_LEVELS: ReadonlyMap<string, LogLevel> = new Map([
  ['warning', 'warn'],
  ['critical', 'error'],
]);

function logLevel(env: Readonly<Record<string, string | undefined>>): LogLevel {
  const name = nonEmpty(env.SLUICE_LOG) === undefined ? 'LOG_LEVEL' : 'SLUICE_LOG';
  const text = nonEmpty(env[name]) ?? 'warn';
  const lower = name === 'LOG_LEVEL' ? text.toLowerCase() : text;
  const level = LOG_LEVELS.find((known) => known === lower) ?? OTHER_LEVELS.get(lower);
  if (level) return level;
  throw wrong(`${name} must be one of ${LOG_LEVELS.join(', ')}, not "${text}"`);
}

function certificate(cert: string | undefined, key: string | undefined): Config['tls'] {
  if (cert !== undefined && key !== undefined) return { cert, key };
  if (cert === undefined && key === undefined) return null;
  throw wrong('HTTPS takes both --tls-cert and --tls-key');
}
