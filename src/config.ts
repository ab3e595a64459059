import { MediaError } from './core/errors.ts';

/** All settings, validated once; every default stands here with its reason. */
export interface Config {
  /** Null: 8080 or, where that is busy, the next free one up to 8099. */
  readonly port: number | null;
  readonly host: string;
  /** Origin under which others reach this server (`https://media.example.org`); its host is a valid `Host`. */
  readonly publicUrl: URL | null;
  /** Private targets that are named: CIDR, address, or host[:port]. */
  readonly allow: readonly string[];
  readonly allowPrivate: boolean;
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
  readonly logLevel: LogLevel;
}

const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Command line values; those given there win over the environment. */
export interface Flags {
  readonly port?: string | undefined;
  readonly host?: string | undefined;
  readonly 'public-url'?: string | undefined;
  readonly allow?: readonly string[] | undefined;
  readonly 'allow-private'?: boolean | undefined;
  readonly root?: readonly string[] | undefined;
  readonly state?: string | undefined;
  readonly uploads?: string | undefined;
}

/** Every interface: the TV that plays is another machine. Private upstreams stay closed all the same. */
const DEFAULT_HOST = '0.0.0.0';
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
  const publicUrl = flags['public-url'] ?? nonEmpty(env.SLUICE_PUBLIC_URL);
  return {
    port: port === undefined ? null : integer('port', port, { min: 0, max: 65_535 }),
    host: flags.host ?? nonEmpty(env.HOST) ?? DEFAULT_HOST,
    publicUrl: publicUrl === undefined ? null : origin(publicUrl),
    allow: flags.allow ?? list(env.SLUICE_ALLOW),
    allowPrivate: flags['allow-private'] ?? isYes('SLUICE_ALLOW_PRIVATE', env.SLUICE_ALLOW_PRIVATE),
    roots: new Map((flags.root ?? list(env.SLUICE_ROOTS)).map(root)),
    apiPassword: nonEmpty(env.API_PASSWORD) ?? null,
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
    logLevel: logLevel(nonEmpty(env.SLUICE_LOG) ?? 'warn'),
  };
}

const wrong = (message: string) => new MediaError('bad-request', message);

const nonEmpty = (text: string | undefined): string | undefined => (text === '' ? undefined : text);

/** An empty one would be the folder that the server happens to run in. */
function folder(flag: string, path: string | undefined): string | undefined {
  if (path === '') throw wrong(`${flag} wants a folder`);
  return path;
}

const list = (text: string | undefined): string[] =>
  (text ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');

/** A switch that is misspelt must not look like one that is off. */
function isYes(name: string, text: string | undefined): boolean {
  if (/^(1|true|yes|on)$/i.test(text ?? '')) return true;
  if (/^(0|false|no|off|)$/i.test(text ?? '')) return false;
  throw wrong(`${name} must be 1 or 0, not "${text}"`);
}

interface Range {
  readonly min: number;
  readonly max: number;
}

function integer(name: string, text: string, { min, max }: Range): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw wrong(`${name} must be a whole number from ${min} to ${max}, not "${text}"`);
}

function origin(text: string): URL {
  if (URL.canParse(text) && /^https?:/.test(text)) return new URL(text);
  throw wrong(`--public-url must be an http or https URL, not "${text}"`);
}

function root(entry: string): [string, string] {
  const at = entry.indexOf('=');
  const name = entry.slice(0, at);
  if (at > 0 && /^[\w.-]+$/.test(name) && entry.length > at + 1) return [name, entry.slice(at + 1)];
  throw wrong(`--root wants name=folder, not "${entry}"`);
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

/** What it says stays untold: it may hold a password. */
function sharedPlace(text: string | undefined): string | null {
  const scheme = /^([a-z][a-z\d+.-]*):\/\//i.exec(text ?? '')?.[1]?.toLowerCase();
  const isRedis = scheme === 'redis' || scheme === 'rediss';
  if (text !== undefined && scheme !== undefined && !(isRedis && URL.canParse(text)))
    throw wrong('SLUICE_SHARED_CACHE must be a folder or a redis:// or rediss:// URL');
  return text ?? null;
}

function logLevel(text: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === text);
  if (level) return level;
  throw wrong(`SLUICE_LOG must be one of ${LOG_LEVELS.join(', ')}, not "${text}"`);
}
