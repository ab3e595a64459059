import { type ChildProcess, spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TEST_CERTIFICATE, TEST_KEY } from './helpers/certificate.ts';
import { fixturePath } from './helpers/fixtures.ts';
import { OTHER_CERTIFICATE, OTHER_KEY } from './helpers/other-certificate.ts';
import { startUpstream } from './helpers/upstream.ts';

const entry = fileURLToPath(new URL('../dist/src/cli.js', import.meta.url));
/** Measured 0.3 s on two cores; three times that when all tests run at once. */
const READY_SECONDS = 1;
const GONE_SECONDS = 3;

const folder = mkdtempSync(join(tmpdir(), 'sluice-node-'));
const running = new Set<ChildProcess>();
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
  running.clear();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Run {
  readonly child: ChildProcess;
  /** Origin it says it is ready at; rejects when it ends before. */
  readonly ready: Promise<string>;
  readonly ended: Promise<{ readonly code: number | null; readonly out: string; readonly err: string }>;
}

function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Run {
  const child = spawn(process.execPath, [entry, 'serve', ...args], {
    env: { PATH: process.env.PATH, HOME: folder, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let out = '';
  let err = '';
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  const ended = once(child, 'close').then(([code]: (number | null)[]) => ({ code: code ?? null, out, err }));
  const ready = new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      const url = /ready at (https?:\/\/\S+)\/\n/.exec(out)?.[1];
      if (url) resolve(url);
    });
    void ended.then(() => reject(new Error(`Ended before it was ready: ${err}`)));
  });
  ready.catch(() => undefined);
  return { child, ready, ended };
}

const state = (name: string) => ['--state', join(folder, name)];
const here = ['--host', '127.0.0.1'];

describe('command lines that cannot be', () => {
  const WRONG: readonly (readonly [string, readonly string[], Record<string, string>, RegExp])[] = [
    ['unknown flag', ['--verbose'], {}, /--verbose/],
    ['a word too many', ['film.mkv'], {}, /film\.mkv/],
    ['a flag without its value', ['--port'], {}, /port/],
    ['a port that is none', ['--port', 'http'], {}, /port.*"http"/],
    ['an allow that is none', ['--allow', '10.0.0.0/99'], {}, /--allow 10\.0\.0\.0\/99/],
    ['a root without folder', ['--root', 'films'], {}, /--root/],
    ['uploads in no folder', ['--uploads', '/dev/null/up'], {}, /--uploads \/dev\/null\/up/],
    ['an unreadable environment', [], { SLUICE_CACHE_MB: 'much' }, /SLUICE_CACHE_MB/],
    ['an address of no interface', ['--host', '203.0.113.7', '--port', '0', '--open'], {}, /203\.0\.113\.7/],
    [
      'a host name that is not known',
      ['--host', 'nowhere.invalid', '--port', '0'],
      { API_PASSWORD: 'p' },
      /nowhere\.invalid/,
    ],
    ['every interface for everybody', ['--host', '0.0.0.0', '--port', '0'], {}, /API_PASSWORD.*--open/],
    ['the same by the environment', ['--port', '0'], { HOST: '::' }, /API_PASSWORD.*SLUICE_OPEN=1/],
    ['half of a certificate', ['--tls-cert', 'cert.pem'], {}, /--tls-cert and --tls-key/],
    ['a certificate that is not there', ['--tls-cert', 'a', '--tls-key', 'b'], {}, /--tls-cert a .*ENOENT/],
    ['a proxy that is none', ['--trust-proxy', 'nas'], {}, /--trust-proxy .*"nas"/],
  ];
  it.for(WRONG)('%s: one line and exit code 2', async ([, args, env, message]) => {
    const { code, out, err } = await run([...args, ...state('wrong')], env).ended;
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).toMatch(message);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  });

  it('--help explains every flag and ends', async () => {
    const { code, out } = await run(['--help']).ended;
    expect(code).toBe(0);
    const flags = ['port', 'host', 'open', 'browser', 'public-url', 'trust-proxy', 'tls-cert', 'tls-key'];
    for (const flag of [...flags, 'allow', 'allow-private', 'root', 'uploads', 'state'])
      expect(out).toContain(`--${flag} `);
  });
});

describe('ports', () => {
  it('a given one that is busy: one line and exit code 2', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    for (const [args, env] of [
      [['--port', String(port)], {}],
      [[], { PORT: String(port) }],
    ] as const) {
      const { code, err } = await run([...args, ...here, ...state('busy')], env).ended;
      expect(code).toBe(2);
      expect(err).toBe(`Port ${port} is in use; give another one with --port [busy]\n`);
    }
    other.close();
  });

  it('none given: the next one that is free after 8080', async () => {
    const first = run([...here, ...state('a')]);
    const second = run([...here, ...state('b')]);
    const ports = (await Promise.all([first.ready, second.ready])).map((url) => Number(new URL(url).port));
    expect(new Set(ports).size).toBe(2);
    for (const port of ports) {
      expect(port).toBeGreaterThanOrEqual(8080);
      expect(port).toBeLessThanOrEqual(8099);
    }
    expect(Math.max(...ports)).toBeGreaterThan(8080);
  });
});

describe('a server that runs', () => {
  it('is ready soon, and answers', async () => {
    const times: number[] = [];
    for (let i = 0; i < 3; i++) {
      const start = performance.now();
      const { ready, child, ended } = run(['--port', '0', ...here, ...state('soon')]);
      const url = await ready;
      times.push(performance.now() - start);
      expect((await fetch(`${url}/healthz`)).status).toBe(200);
      child.kill('SIGTERM');
      await ended;
    }
    const best = Math.min(...times) / 1000;
    console.log(`ready after ${times.map((ms) => (ms / 1000).toFixed(2)).join(', ')} s`);
    expect(best).toBeLessThan(READY_SECONDS);
  });

  it('says an address that can be clicked', async () => {
    expect(await run(['--port', '0', ...state('all')]).ready).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await run(['--port', '0', '--host', '::1', ...state('all')]).ready).toMatch(
      /^http:\/\/\[::1\]:\d+$/,
    );
  });

  it.for([
    ['by itself', [], {}, '127.0.0.1', true],
    ['opened', ['--open'], {}, '0.0.0.0', false],
    ['opened by the environment', [], { SLUICE_OPEN: '1' }, '0.0.0.0', false],
    ['with a password', [], { API_PASSWORD: 'p' }, '0.0.0.0', false],
    ['with a password, for this machine', ['--host', '127.0.0.1'], { API_PASSWORD: 'p' }, '127.0.0.1', true],
    ['behind a proxy', ['--public-url', 'https://media.example.org'], {}, '127.0.0.1', false],
  ] as const)('%s: who reaches it', async ([, args, env, bound, isTold]) => {
    const { ready, child, ended } = run(['--port', '0', ...args, ...state('bound')], env);
    const { port } = new URL(await ready);
    // 127.0.0.2 is this machine, too, and another address.
    const other = await fetch(`http://127.0.0.2:${port}/healthz`).then(
      ({ status }) => status,
      () => null,
    );
    expect(other).toBe(bound === '0.0.0.0' ? 200 : null);
    child.kill('SIGTERM');
    const { out } = await ended;
    const line =
      'Only this machine can reach it; for phones and TVs set API_PASSWORD, or start with --open\n';
    expect(out.includes(line)).toBe(isTold);
  });

  it('speaks https with a certificate, and takes a new one at SIGHUP', async () => {
    const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
    const write = (cert: string, key: string) => {
      writeFileSync(files.cert, cert);
      writeFileSync(files.key, key);
    };
    write(TEST_CERTIFICATE, TEST_KEY);
    const flags = ['--tls-cert', files.cert, '--tls-key', files.key];
    const { ready, child } = run(['--port', '0', ...here, ...flags, ...state('tls')]);
    const url = await ready;
    expect(url).toMatch(/^https:/);
    const isShown = async (certificate: string) => {
      const socket = connect({
        port: Number(new URL(url).port),
        host: '127.0.0.1',
        rejectUnauthorized: false,
      });
      await once(socket, 'secureConnect');
      const { raw } = socket.getPeerCertificate();
      socket.destroy();
      return raw.equals(new X509Certificate(certificate).raw);
    };
    expect(await isShown(TEST_CERTIFICATE)).toBe(true);
    write(OTHER_CERTIFICATE, OTHER_KEY);
    child.kill('SIGHUP');
    await expect.poll(() => isShown(OTHER_CERTIFICATE)).toBe(true);
  });

  it('plays the demo and serves what its page needs', async () => {
    const url = await run(['--port', '0', ...here, ...state('demo')]).ready;
    const page = await (await fetch(url)).text();
    const scripts = [...page.matchAll(/(?:src|href)="[./]*(web\/[^"]+)"/g)].map(([, path]) => `/${path}`);
    expect(scripts.length).toBeGreaterThan(2);
    for (const path of scripts) {
      const { status, headers } = await fetch(url + path);
      expect([path, status, headers.get('content-type')]).toEqual([
        path,
        200,
        'text/javascript; charset=utf-8',
      ]);
    }
    expect((await fetch(`${url}/hls/master.m3u8?d=root:demo/demo.mkv`)).status).toBe(200);
    for (const name of ['player.ts', '..%2fnode.js', 'page.js', 'toString'])
      expect((await fetch(`${url}/web/${name}`)).status, name).toBe(404);
  });

  it.for(['SIGTERM', 'SIGINT'] as const)('%s ends it in time, also amid a transfer', async (signal) => {
    const upstream = await startUpstream(() => undefined);
    const { ready, child, ended } = run(['--port', '0', ...here, '--allow', '127.0.0.1', ...state('end')]);
    const url = await ready;
    const waiting = fetch(`${url}/hls/master.m3u8?d=${upstream.url}/film.mkv`).catch(() => null);
    await expect.poll(() => upstream.requests.length).toBe(1);
    const start = performance.now();
    child.kill(signal);
    const { code, err } = await ended;
    expect(performance.now() - start).toBeLessThan(GONE_SECONDS * 1000);
    expect(code).toBe(0);
    expect(err).not.toMatch(/\n\s+at /);
    await waiting;
    await upstream.close();
  });
});

describe('the secret', () => {
  const token = async (run: Run) => {
    const master = await fetch(`${await run.ready}/hls/master.m3u8?d=root:demo/no-audio.mkv`);
    return /^([\w-]{20,})\//m.exec(await master.text())?.[1];
  };
  const end = async ({ child, ended }: Run) => {
    child.kill('SIGTERM');
    return ended;
  };

  it('survives a restart: the same addresses and key, in a file for its owner alone', async () => {
    const tokens: (string | undefined)[] = [];
    const keys: (string | undefined)[] = [];
    for (let i = 0; i < 2; i++) {
      const server = run(['--port', '0', ...here, ...state('kept')]);
      tokens.push(await token(server));
      keys.push(/Key .*: (\S+)/.exec((await end(server)).out)?.[1]);
    }
    expect(tokens[0]).toBeTruthy();
    expect(tokens[1]).toBe(tokens[0]);
    expect(keys[0]).toBeTruthy();
    expect(keys[1]).toBe(keys[0]);
    const file = join(folder, 'kept', 'secret');
    expect(statSync(file).mode & 0o077).toBe(0);
    expect(readFileSync(file, 'utf8').trim().length).toBeGreaterThanOrEqual(43);
  });

  it('of two servers that start at once on a new folder is one', async () => {
    const servers = [0, 1, 2].map(() => run(['--port', '0', ...here, ...state('raced')]));
    const tokens = await Promise.all(servers.map(token));
    expect(new Set(tokens).size).toBe(1);
  });

  it('is that of SLUICE_SECRET where it is given, and of no folder then', async () => {
    const env = { SLUICE_SECRET: 'shared by replicas' };
    const servers = ['x', 'y'].map((name) => run(['--port', '0', ...here, ...state(name)], env));
    const [one, other] = await Promise.all(servers.map(token));
    expect(one).toBe(other);
    expect(() => statSync(join(folder, 'x'))).toThrow();
  });

  it('lies in the state folder of the user when none is given', async () => {
    const server = run(['--port', '0', ...here], { XDG_STATE_HOME: join(folder, 'xdg') });
    await server.ready;
    expect(statSync(join(folder, 'xdg', 'sluice', 'secret')).isFile()).toBe(true);
  });

  it('that cannot be kept is no reason not to start', async () => {
    const blocked = join(folder, 'blocked');
    writeFileSync(blocked, 'a file where the folder should be');
    const server = run(['--port', '0', ...here, '--state', join(blocked, 'state')]);
    expect(await token(server)).toBeTruthy();
    const { err, code } = await end(server);
    expect([err, code]).toEqual(['The state folder cannot be written: addresses end with this process\n', 0]);
  });
});

describe('uploads', () => {
  it('--uploads keeps what is posted, and plays it', async () => {
    const uploads = join(folder, 'uploads');
    const url = await run(['--port', '0', ...here, ...state('up-state'), '--uploads', uploads]).ready;
    const form = new FormData();
    form.set('file', new Blob([readFileSync(fixturePath('no-audio'))]), 'no-audio.mkv');
    const stored = await fetch(`${url}/uploads`, { method: 'POST', body: form });
    expect(stored.status).toBe(201);
    const { id, url: master } = await stored.json();
    expect(statSync(join(uploads, id)).mode & 0o077).toBe(0);
    expect(await (await fetch(url + master)).text()).toContain('#EXTM3U');
    expect((await fetch(`${url}/uploads/${id}`, { method: 'DELETE' })).status).toBe(204);
    expect(readdirSync(uploads)).toEqual([]);
  });
});

describe('flags', () => {
  let url: string;
  let server: Run;
  beforeAll(async () => {
    writeFileSync(join(folder, 'film.txt'), 'no film');
    server = run([
      ...['--port', '0', ...here, ...state('flags'), '--root', `mine=${folder}`],
      ...['--public-url', 'https://media.example.org'],
    ]);
    url = await server.ready;
  });
  afterAll(() => {
    server.child.kill('SIGKILL');
  });

  it('--root opens a folder and nothing else', async () => {
    const codeOf = async (media: string) =>
      (await (await fetch(`${url}/probe?d=${encodeURIComponent(media)}`)).json()).error.code;
    expect(await codeOf('root:mine/film.txt')).toBe('unsupported');
    expect(await codeOf('root:mine/none.txt')).toBe('not-found');
    expect(await codeOf('root:other/film.txt')).toBe('not-found');
    expect(await codeOf('http://127.0.0.1:9/film.mkv')).toBe('forbidden-address');
  });
});
