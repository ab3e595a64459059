import { describe, expect, it } from 'vitest';
import { type Config, type Flags, readConfig } from '../src/config.ts';

const DEFAULTS: Config = {
  port: null,
  host: '127.0.0.1',
  isOpen: false,
  publicUrl: null,
  tls: null,
  trustedProxies: [],
  rate: null,
  clientUpstreams: null,
  hasDocs: true,
  hasCast: false,
  allow: [],
  allowPrivate: false,
  deny: [],
  allowOnly: null,
  upstreams: null,
  channels: null,
  filmList: null,
  guides: [],
  userAgent: null,
  transport: { proxyUrl: null, proxiesAll: false, routes: null, verifiesTls: true },
  roots: new Map(),
  apiPassword: null,
  secret: null,
  stateDir: null,
  uploads: null,
  uploadsBytes: 32 * 2 ** 30,
  uploadBytes: 128 * 2 ** 30,
  uploadsTime: 24 * 3600 * 1000,
  aacQuality: 120,
  ffmpeg: 'ffmpeg',
  audioThreads: 1,
  cacheBytes: 256 * 2 ** 20,
  sharedCache: null,
  sharedCacheBytes: 4 * 2 ** 30,
  sharesCopies: false,
  encoders: null,
  videoRuns: 2,
  videoHeight: 1080,
  videoLadder: [],
  proxyBytes: 64 * 2 ** 20,
  proxyAhead: 2,
  compatTokens: true,
  addressServices: null,
  logLevel: 'warn',
};

interface Row {
  readonly flags?: Flags;
  readonly env?: Readonly<Record<string, string>>;
  readonly gives: Partial<Config>;
}

const ROWS: readonly Row[] = [
  { gives: {} },
  {
    env: {
      PORT: '',
      HOST: '',
      API_PASSWORD: '',
      SLUICE_SECRET: '',
      SLUICE_ALLOW: '',
      SLUICE_CACHE_MB: '',
      SLUICE_LOG: '',
    },
    gives: {},
  },
  { env: { PORT: '9000' }, gives: { port: 9000 } },
  { env: { PORT: '9000' }, flags: { port: '0' }, gives: { port: 0 } },
  { flags: { port: '65535' }, gives: { port: 65_535 } },
  { env: { HOST: '::' }, gives: { host: '::' } },
  { env: { HOST: '::' }, flags: { host: '127.0.0.1' }, gives: { host: '127.0.0.1' } },
  { env: { API_PASSWORD: ' p w ' }, gives: { apiPassword: ' p w ', host: '0.0.0.0' } },
  { env: { API_PASSWORD: 'p', HOST: '127.0.0.1' }, gives: { apiPassword: 'p' } },
  { env: { SLUICE_OPEN: '1' }, gives: { isOpen: true, host: '0.0.0.0' } },
  { env: { SLUICE_OPEN: '0' }, gives: {} },
  { flags: { open: true }, env: { SLUICE_OPEN: '0' }, gives: { isOpen: true, host: '0.0.0.0' } },
  { flags: { open: true, host: '::1' }, gives: { isOpen: true, host: '::1' } },
  {
    env: { SLUICE_TRUSTED_PROXIES: '10.0.0.0/8, ::1', FORWARDED_ALLOW_IPS: '*' },
    gives: { trustedProxies: ['10.0.0.0/8', '::1'] },
  },
  {
    env: { SLUICE_TRUSTED_PROXIES: '', FORWARDED_ALLOW_IPS: '127.0.0.1,*' },
    gives: { trustedProxies: ['127.0.0.1', '*'] },
  },
  {
    env: { SLUICE_TRUSTED_PROXIES: '10.0.0.1' },
    flags: { 'trust-proxy': ['10.0.0.2'] },
    gives: { trustedProxies: ['10.0.0.2'] },
  },
  { env: { SLUICE_RATE: '0', SLUICE_CLIENT_UPSTREAMS: '' }, gives: { rate: 0 } },
  { env: { SLUICE_RATE: '250', SLUICE_CLIENT_UPSTREAMS: '8' }, gives: { rate: 250, clientUpstreams: 8 } },
  {
    env: { SLUICE_TLS_CERT: 'a.pem', SLUICE_TLS_KEY: 'b.pem' },
    gives: { tls: { cert: 'a.pem', key: 'b.pem' } },
  },
  {
    env: { SLUICE_TLS_CERT: 'a.pem', SLUICE_TLS_KEY: 'b.pem' },
    flags: { 'tls-cert': 'c.pem', 'tls-key': 'd.pem' },
    gives: { tls: { cert: 'c.pem', key: 'd.pem' } },
  },
  { env: { DISABLE_DOCS: 'true' }, gives: { hasDocs: false } },
  { env: { LOG_LEVEL: 'INFO' }, gives: { logLevel: 'info' } },
  { env: { LOG_LEVEL: 'Warning' }, gives: { logLevel: 'warn' } },
  { env: { LOG_LEVEL: 'CRITICAL' }, gives: { logLevel: 'error' } },
  { env: { LOG_LEVEL: 'DEBUG', SLUICE_LOG: 'error' }, gives: { logLevel: 'error' } },
  { env: { SLUICE_SECRET: 's' }, gives: { secret: 's' } },
  { env: { SLUICE_STATE: '/var/s' }, gives: { stateDir: '/var/s' } },
  { env: { SLUICE_STATE: '/var/s' }, flags: { state: 'here' }, gives: { stateDir: 'here' } },
  { env: { SLUICE_ALLOW: '10.0.0.0/8, nas:8096,,' }, gives: { allow: ['10.0.0.0/8', 'nas:8096'] } },
  { env: { SLUICE_ALLOW: 'nas' }, flags: { allow: ['10.0.0.5'] }, gives: { allow: ['10.0.0.5'] } },
  { env: { SLUICE_DENY: '*.example.org, :25' }, gives: { deny: ['*.example.org', ':25'] } },
  { env: { SLUICE_DENY: 'nas' }, flags: { deny: ['10.0.0.5'] }, gives: { deny: ['10.0.0.5'] } },
  { env: { SLUICE_ALLOW_ONLY: 'a.example,10.0.0.0/8' }, gives: { allowOnly: ['a.example', '10.0.0.0/8'] } },
  { env: { SLUICE_ALLOW_ONLY: '' }, gives: {} },
  { env: { SLUICE_ALLOW_ONLY: ',' }, gives: { allowOnly: [] } },
  { env: { SLUICE_LIST: 'l.txt' }, gives: { filmList: 'l.txt' } },
  { env: { SLUICE_LIST: 'l.txt' }, flags: { list: 'm.m3u' }, gives: { filmList: 'm.m3u' } },
  { env: { SLUICE_UPSTREAMS: 'u.json' }, gives: { upstreams: 'u.json' } },
  { env: { SLUICE_UPSTREAMS: 'u.json' }, flags: { upstreams: 'v.json' }, gives: { upstreams: 'v.json' } },
  { env: { USER_AGENT: 'Mozilla/5.0' }, gives: { userAgent: 'Mozilla/5.0' } },
  { env: { USER_AGENT: 'Mozilla/5.0', SLUICE_USER_AGENT: 'Own/1' }, gives: { userAgent: 'Own/1' } },
  {
    env: {
      PROXY_URL: 'http://p:3128',
      ALL_PROXY: 'true',
      TRANSPORT_ROUTES: '{"all://": {}}',
      DISABLE_SSL_VERIFICATION_GLOBALLY: 'true',
    },
    gives: {
      transport: {
        proxyUrl: 'http://p:3128',
        proxiesAll: true,
        routes: '{"all://": {}}',
        verifiesTls: false,
      },
    },
  },
  { env: { ALL_PROXY: 'socks5://other.example:1080' }, gives: {} },
  { env: { SLUICE_ALLOW_PRIVATE: '1' }, gives: { allowPrivate: true } },
  { env: { SLUICE_ALLOW_PRIVATE: 'Yes' }, gives: { allowPrivate: true } },
  { env: { SLUICE_ALLOW_PRIVATE: '0' }, gives: {} },
  { env: { SLUICE_ALLOW_PRIVATE: 'false' }, gives: {} },
  { flags: { 'allow-private': true }, env: { SLUICE_ALLOW_PRIVATE: 'no' }, gives: { allowPrivate: true } },
  {
    flags: { root: ['films=/srv/films', 'a.b-c=x=y'] },
    gives: {
      roots: new Map([
        ['films', '/srv/films'],
        ['a.b-c', 'x=y'],
      ]),
    },
  },
  {
    env: { SLUICE_ROOTS: 'films=/srv/films,tv=/srv/tv' },
    gives: {
      roots: new Map([
        ['films', '/srv/films'],
        ['tv', '/srv/tv'],
      ]),
    },
  },
  {
    flags: { 'public-url': 'https://media.example.org' },
    gives: { publicUrl: new URL('https://media.example.org/') },
  },
  { env: { SLUICE_PUBLIC_URL: 'http://nas:8080/x' }, gives: { publicUrl: new URL('http://nas:8080/x') } },
  { env: { SLUICE_CACHE_MB: '16' }, gives: { cacheBytes: 16 * 2 ** 20 } },
  {
    env: { SLUICE_UPLOADS: '/srv/up', SLUICE_UPLOADS_MB: '1' },
    gives: { uploads: '/srv/up', uploadsBytes: 2 ** 20 },
  },
  { env: { SLUICE_UPLOADS: '/srv/up' }, flags: { uploads: 'here' }, gives: { uploads: 'here' } },
  { env: { SLUICE_UPLOAD_MB: '2', SLUICE_UPLOADS: '' }, gives: { uploadBytes: 2 * 2 ** 20 } },
  { env: { SLUICE_UPLOADS_HOURS: '1' }, gives: { uploadsTime: 3600 * 1000 } },
  { env: { SLUICE_SHARED_CACHE: '/srv/shared' }, gives: { sharedCache: '/srv/shared' } },
  {
    env: { SLUICE_SHARED_CACHE: 'rediss://:p@cache:6380/1', SLUICE_SHARED_COPIES: 'yes' },
    gives: { sharedCache: 'rediss://:p@cache:6380/1', sharesCopies: true },
  },
  {
    env: { SLUICE_SHARED_CACHE: '', SLUICE_SHARED_CACHE_MB: '16' },
    gives: { sharedCacheBytes: 16 * 2 ** 20 },
  },
  { env: { SLUICE_LOG: 'debug' }, gives: { logLevel: 'debug' } },
  { env: { SLUICE_NOTHING: 'x', PATH: '/bin' }, gives: {} },
];

/** What is wrong and what the message must name. */
const WRONG: readonly (readonly [Flags, Readonly<Record<string, string>>, RegExp])[] = [
  [{ port: 'http' }, {}, /port .*0 to 65535.*"http"/],
  [{ port: '-1' }, {}, /port/],
  [{ port: '65536' }, {}, /port/],
  [{ port: '80.5' }, {}, /port/],
  [{ port: '' }, {}, /port/],
  [{ port: ' ' }, {}, /port/],
  [{ port: '0x50' }, {}, /port/],
  [{}, { PORT: 'x' }, /port/],
  [{ root: ['films'] }, {}, /--root.*name=folder.*"films"/],
  [{ root: ['=x'] }, {}, /--root/],
  [{ root: ['films='] }, {}, /--root/],
  [{ root: ['a/b=c'] }, {}, /--root/],
  [{}, { SLUICE_ROOTS: 'films' }, /--root/],
  [{ 'public-url': 'media.example.org' }, {}, /--public-url.*http/],
  [{ 'public-url': 'ftp://media.example.org' }, {}, /--public-url/],
  [{}, { SLUICE_PUBLIC_URL: 'https://' }, /--public-url/],
  [{}, { SLUICE_CACHE_MB: '8' }, /SLUICE_CACHE_MB .*16/],
  [{}, { SLUICE_CACHE_MB: 'much' }, /SLUICE_CACHE_MB/],
  [
    {},
    { SLUICE_SHARED_CACHE: 'http://:hidden@cache/' },
    /^SLUICE_SHARED_CACHE must be a folder or a redis:[^"]*URL$/,
  ],
  [{}, { SLUICE_SHARED_CACHE: 'redis://cache:port' }, /SLUICE_SHARED_CACHE/],
  [{}, { SLUICE_SHARED_CACHE_MB: '1' }, /SLUICE_SHARED_CACHE_MB .*from 16 to/],
  [{}, { SLUICE_SHARED_COPIES: 'all' }, /SLUICE_SHARED_COPIES .*"all"/],
  [{}, { SLUICE_UPLOADS_MB: '0' }, /SLUICE_UPLOADS_MB .*from 1 to/],
  [{}, { SLUICE_UPLOAD_MB: '2GB' }, /SLUICE_UPLOAD_MB .*"2GB"/],
  [{}, { SLUICE_UPLOADS_HOURS: '0.5' }, /SLUICE_UPLOADS_HOURS .*from 1 to/],
  [{ uploads: '' }, {}, /--uploads/],
  [{}, { SLUICE_LOG: 'loud' }, /SLUICE_LOG.*warn.*"loud"/],
  [{}, { LOG_LEVEL: 'loud' }, /LOG_LEVEL.*warn.*"loud"/],
  [{}, { SLUICE_OPEN: 'wide' }, /SLUICE_OPEN .*"wide"/],
  [{}, { SLUICE_RATE: '-1' }, /SLUICE_RATE .*from 0 to/],
  [{}, { SLUICE_RATE: 'fast' }, /SLUICE_RATE .*"fast"/],
  [{}, { SLUICE_CLIENT_UPSTREAMS: '1.5' }, /SLUICE_CLIENT_UPSTREAMS .*"1\.5"/],
  [{ 'tls-cert': 'a.pem' }, {}, /--tls-cert and --tls-key/],
  [{}, { SLUICE_TLS_KEY: 'a.pem' }, /--tls-cert and --tls-key/],
  [{}, { DISABLE_DOCS: 'perhaps' }, /DISABLE_DOCS .*"perhaps"/],
  [{}, { ALL_PROXY: 'maybe' }, /ALL_PROXY.*"maybe"/],
  [{}, { DISABLE_SSL_VERIFICATION_GLOBALLY: 'maybe' }, /DISABLE_SSL_VERIFICATION_GLOBALLY.*"maybe"/],
  [{}, { USER_AGENT: 'a\nb' }, /USER_AGENT/],
  [{ upstreams: '' }, {}, /--upstreams/],
  [{}, { SLUICE_ALLOW_PRIVATE: 'maybe' }, /SLUICE_ALLOW_PRIVATE.*"maybe"/],
];

describe('readConfig', () => {
  it.for(ROWS.map((row) => [JSON.stringify({ ...row.flags, ...row.env }), row] as const))('%s', ([
    ,
    { flags = {}, env = {}, gives },
  ]) => {
    expect(readConfig(flags, env)).toEqual({ ...DEFAULTS, ...gives });
  });

  it.for(WRONG)('%j %j is refused', ([flags, env, message]) => {
    expect(() => readConfig(flags, env)).toThrow(
      expect.objectContaining({ code: 'bad-request', message: expect.stringMatching(message) }),
    );
  });

  it('reads whether encrypted addresses of another proxy are known', () => {
    expect(readConfig({}, {}).compatTokens).toBe(true);
    expect(readConfig({}, { SLUICE_COMPAT_TOKENS: '0' }).compatTokens).toBe(false);
    expect(readConfig({ 'compat-tokens': false }, { SLUICE_COMPAT_TOKENS: '1' }).compatTokens).toBe(false);
    expect(() => readConfig({}, { SLUICE_COMPAT_TOKENS: 'perhaps' })).toThrow('SLUICE_COMPAT_TOKENS');
  });

  it.each([
    [{}, 2],
    [{ SLUICE_PROXY_AHEAD: '0' }, 0],
    [{ HLS_PREBUFFER_SEGMENTS: '5' }, 5],
    [{ ENABLE_HLS_PREBUFFER: 'false' }, 0],
    [{ ENABLE_HLS_PREBUFFER: 'false', SLUICE_PROXY_AHEAD: '3' }, 3],
  ])('segments ahead by %j: %i', (env, ahead) => {
    expect(readConfig({}, env as Record<string, string>).proxyAhead).toBe(ahead);
  });
});
