import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { type Flags, readConfig } from '../../src/config.ts';
import { type NodeServer, openNode, serveOnNode } from '../../src/node.ts';
import { sealCompatToken } from '../../src/proxy/compat-token.ts';
import { TEST_CERTIFICATE, TEST_KEY } from '../helpers/certificate.ts';
import { OTHER_CERTIFICATE, OTHER_KEY } from '../helpers/other-certificate.ts';
import { file, startUpstream } from '../helpers/upstream.ts';
import { ask } from '../http/serve-app.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-listening-'));
const running = new Set<NodeServer>();
afterEach(async () => {
  await Promise.all([...running].map((server) => server.close()));
  running.clear();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fixtures = new URL('../../fixtures', import.meta.url).pathname;

async function serve(flags: Flags, env: Readonly<Record<string, string>> = {}): Promise<NodeServer> {
  const config = readConfig(
    { port: '0', root: [`films=${fixtures}`], ...flags },
    { SLUICE_SECRET: 's', SLUICE_FFMPEG: 'off', ...env },
  );
  const parts = await openNode(config, { env: {}, listed: ['films'] });
  try {
    const server = await serveOnNode(parts);
    running.add(server);
    return server;
  } catch (error) {
    await parts.close();
    throw error;
  }
}

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('a server below a path', () => {
  const FILM = 'd=root:films/no-audio.mkv';

  it('plays there and at its root, with lists that lead on', async () => {
    const { url } = await serve({ 'public-url': 'https://media.example.org/sluice/' });
    for (const prefix of ['', '/sluice']) {
      const master = new URL(`${url}${prefix}/hls/master.m3u8?${FILM}`);
      const list = new URL(/^(?!#).+$/m.exec((await ask(master)).text)?.[0] ?? '', master);
      expect(list.pathname.startsWith(`${prefix}/hls/`)).toBe(true);
      const segment = new URL(/^(?!#).+$/m.exec((await ask(list)).text)?.[0] ?? '', list);
      expect((await ask(segment)).status, prefix).toBe(200);
    }
  });

  it('has pages whose links stay below it', async () => {
    const { url } = await serve({ 'public-url': 'https://media.example.org/sluice/' });
    for (const path of ['/sluice/', '/sluice/?d=', '/sluice/browse/films/', '/sluice/docs']) {
      const page = new URL(`${url}${path}`);
      const { status, text } = await ask(page);
      expect(status, path).toBe(200);
      const links = [...text.matchAll(/(?:href|src|action)="([^"]+)"/g)].map(
        ([, link = '']) => new URL(link.replaceAll('&amp;', '&'), page),
      );
      expect(links.length, path).toBeGreaterThan(2);
      const astray = links.filter(
        ({ protocol, pathname }) => protocol !== 'data:' && !pathname.startsWith('/sluice/'),
      );
      expect(astray, path).toEqual([]);
    }
  });

  it('sends on who left the slash out, with the query', async () => {
    const { url } = await serve({ 'public-url': 'https://media.example.org/a/sluice' });
    for (const [path, to] of [
      ['/a/sluice', '/a/sluice/'],
      ['/a/sluice?d=x&y=%20', '/a/sluice/?d=x&y=%20'],
    ] as const) {
      const { status, headers } = await ask(new URL(url + path));
      expect([status, headers.location]).toEqual([308, to]);
    }
    expect((await ask(new URL(`${url}/a/sluicehealthz`))).status).toBe(404);
    expect((await ask(new URL(`${url}/a/sluice/healthz`))).status).toBe(200);
    expect((await ask(new URL(`${url}/healthz`))).status).toBe(200);
  });

  it.for([
    ['media.example.org', {}, '/sluice/uploads'],
    ['127.0.0.1', {}, '/uploads'],
    ['127.0.0.1', { 'x-forwarded-for': '203.0.113.7', 'x-forwarded-prefix': '/other' }, '/other/uploads'],
    [
      '127.0.0.1',
      { 'x-forwarded-for': '203.0.113.7', 'x-forwarded-host': 'media.example.org' },
      '/sluice/uploads',
    ],
  ] as const)('asked at %s with %j tells of uploads at %s', async ([host, headers, place]) => {
    const { url } = await serve({
      'public-url': 'https://media.example.org/sluice/',
      'trust-proxy': ['127.0.0.1'],
      uploads: join(folder, 'uploads'),
    });
    for (const prefix of ['', '/sluice']) {
      const location = await locationOf(`${url}${prefix}/uploads`, { ...headers, host });
      expect(location).toMatch(new RegExp(`^${place}/[\\w-]+$`));
    }
  });
});

describe('an encrypted address', () => {
  it('is one request with what it stands for, below a path as well; wrong ones are counted, too', async () => {
    const upstream = await startUpstream(file(Buffer.from('a film')));
    try {
      const { url } = await serve(
        { 'public-url': 'https://media.example.org/sluice/', allow: ['127.0.0.1'], 'trust-proxy': ['*'] },
        { API_PASSWORD: 'sesame', SLUICE_RATE: '1' },
      );
      const parameters = new Map([
        ['d', `${upstream.url}/film.mkv`],
        ['api_password', 'sesame'],
      ]);
      const token = await sealCompatToken({ parameters, expires: null, client: '203.0.113.7' }, 'sesame');
      const from = (client: string) => ({ headers: { 'x-forwarded-for': client } });
      const get = (path: string, client: string) => ask(new URL(url + path), from(client));
      for (const prefix of ['', '/sluice']) {
        const { status, text } = await get(`/_token_${token}${prefix}/proxy/stream`, '203.0.113.7');
        expect([status, text], prefix).toEqual([200, 'a film']);
      }
      expect((await get(`/sluice/proxy/stream?token=${token}`, '203.0.113.7')).text).toBe('a film');
      expect((await get(`/_token_${token}/proxy/stream`, '203.0.113.8')).status).toBe(401);
      const { text } = await ask(new URL(`${url}/metrics?api_password=sesame`), from('203.0.113.9'));
      const counted = [
        ...text.matchAll(/^sluice_requests_total\{route="([^"]+)",.*status="(\d+)"\} (\d+)$/gm),
      ];
      expect(counted.map(([, route, status, count]) => [route, status, count])).toEqual([
        ['/proxy/stream', '200', '3'],
        [expect.any(String), '401', '1'],
      ]);
      expect(text).toContain('sluice_refused_total{code="unauthorized"} 1\n');
      const tries = Array.from({ length: 12 }, () => get('/_token_AAAA/proxy/stream', '203.0.113.10'));
      const answers = (await Promise.all(tries)).map(({ status }) => status);
      expect(answers.filter((status) => status === 401)).toHaveLength(10);
      expect(answers.filter((status) => status === 429)).toHaveLength(2);
    } finally {
      await upstream.close();
    }
  });
});

/** Where a file is that was posted. */
function locationOf(url: string, headers: Readonly<Record<string, string>>): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const posted = request(url, { method: 'POST', headers, agent: false }, (response) => {
      response.resume().on('end', () => resolve(response.headers.location));
    });
    posted.on('error', reject).end('a film');
  });
}

/** What the server shows, and what it answers. */
function askSecurely(url: string): Promise<{ readonly status: number | undefined; readonly serial: string }> {
  return new Promise((resolve, reject) => {
    const asked = get(url, { ca: [TEST_CERTIFICATE, OTHER_CERTIFICATE], agent: false }, (response) => {
      const { socket } = response;
      const serial = socket instanceof TLSSocket ? socket.getPeerCertificate().serialNumber : '';
      response.resume().on('end', () => resolve({ status: response.statusCode, serial }));
    });
    asked.on('error', reject);
  });
}

describe('https', () => {
  it('is served with a certificate, and with another one once it is read again', async () => {
    const cert = write('cert.pem', TEST_CERTIFICATE);
    const key = write('key.pem', TEST_KEY);
    const server = await serve({ 'tls-cert': cert, 'tls-key': key });
    expect(server.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const first = await askSecurely(`${server.url}/healthz`);
    expect(first.status).toBe(200);
    write('cert.pem', OTHER_CERTIFICATE);
    await expect(server.renewCertificate()).rejects.toMatchObject({
      message: expect.stringMatching(/belong/),
    });
    expect((await askSecurely(`${server.url}/healthz`)).serial).toBe(first.serial);
    write('key.pem', OTHER_KEY);
    await server.renewCertificate();
    const second = await askSecurely(`${server.url}/healthz`);
    expect(second.status).toBe(200);
    expect(second.serial).not.toBe(first.serial);
  });

  it('plays films', async () => {
    const flags = { 'tls-cert': write('cert.pem', TEST_CERTIFICATE), 'tls-key': write('key.pem', TEST_KEY) };
    const { url } = await serve(flags);
    expect(await askSecurely(`${url}/hls/master.m3u8?d=root:films/no-audio.mkv`)).toMatchObject({
      status: 200,
    });
  });

  const cert = () => write('cert.pem', TEST_CERTIFICATE);
  it.for([
    [
      'a file that is not there',
      cert,
      () => join(folder, 'none.pem'),
      /--tls-key .*none\.pem cannot be read \(ENOENT\)/,
    ],
    ['a folder', () => folder, () => write('key.pem', TEST_KEY), /--tls-cert .* cannot be read \(EISDIR\)/],
    ['a key of another certificate', cert, () => write('other.pem', OTHER_KEY), /do not belong together/],
    [
      'no certificate',
      () => write('no.pem', 'nothing'),
      () => write('key.pem', TEST_KEY),
      /no certificate and key in PEM/,
    ],
    ['no key', cert, () => write('no.pem', TEST_CERTIFICATE), /no certificate and key in PEM/],
  ] as const)('of %s: one line', async ([, cert, key, message]) => {
    await expect(serve({ 'tls-cert': cert(), 'tls-key': key() })).rejects.toMatchObject({
      code: 'bad-request',
      message: expect.stringMatching(message),
    });
  });
});

describe('what a server starts with', () => {
  it('is refused where it lets others in without leave', async () => {
    await expect(serve({ host: '0.0.0.0' })).rejects.toMatchObject({ code: 'bad-request' });
    expect((await serve({ host: '0.0.0.0', open: true })).port).toBeGreaterThan(0);
  });

  it('is refused where a trusted proxy is none', async () => {
    await expect(serve({ 'trust-proxy': ['nas'] })).rejects.toMatchObject({
      message: expect.stringMatching(/--trust-proxy .*"nas"/),
    });
  });
});
