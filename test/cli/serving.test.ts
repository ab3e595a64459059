import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SKIPPED } from '../helpers/chromium.ts';
import { fixturePath } from '../helpers/fixtures.ts';
import { startUpstream } from '../helpers/upstream.ts';
import { projectFolder, type Running, runCli, startCli } from './run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-serving-'));
const opened = join(folder, 'opened');
const browser = join(folder, 'browser');
const running = new Set<Running>();
const POLLING = { timeout: 15_000 };

beforeAll(() => {
  for (const name of ['a/Films', 'b/Films', 'demo']) mkdirSync(join(folder, name), { recursive: true });
  copyFileSync(fixturePath('no-audio'), join(folder, 'a/Films/My film #1.mkv'));
  copyFileSync(fixturePath('ac3'), join(folder, 'b/Films/other.mkv'));
  writeFileSync(browser, `#!/bin/sh\nprintf '%s' "$1" > '${opened}'\n`);
  chmodSync(browser, 0o755);
});
afterEach(() => {
  for (const { child } of running) child.kill('SIGKILL');
  running.clear();
  rmSync(opened, { force: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const started = startCli(args, { BROWSER: browser, ...env });
  running.add(started);
  return started;
}

const serve = (...args: readonly string[]) =>
  start(['serve', ...args, '--port', '0', '--host', '127.0.0.1', '--state', join(folder, 'state')]);
const readyAt = async (server: Running) => (await server.seen(/ready at (http:\/\/\S+)\/\n/))[1] ?? '';
const status = async (url: string) => (await fetch(url)).status;

describe('play', () => {
  it('opens the page on a file, for this machine alone, and ends with a signal', async () => {
    const { child, seen, ended } = start(['play', join(folder, 'a/Films/My film #1.mkv')]);
    const [, address = ''] = await seen(/Playing at (\S+)\nCtrl-C ends it\.\n/);
    expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?d=root%3Aplayed%2FMy%20film%20%231\.mkv$/);
    await expect.poll(() => existsSync(opened) && readFileSync(opened, 'utf8'), POLLING).toBe(address);
    expect(await (await fetch(address)).text()).toContain('<video');
    expect(await status(address.replace('/?', '/probe?'))).toBe(200);
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ code: 0, err: '' });
  });

  it('of a URL asks a private server too, with the headers that are given', async () => {
    const upstream = await startUpstream((_, response) =>
      response.end(readFileSync(fixturePath('no-audio'))),
    );
    const { seen } = start(['play', `${upstream.url}/film.mkv`, '--header', 'X-Key=a b', '--no-open']);
    const [, address = ''] = await seen(/Playing at (\S+)\n/);
    expect(await status(address.replace('/?', '/probe?'))).toBe(200);
    expect(upstream.requests[0]?.headers['x-key']).toBe('a b');
    expect(existsSync(opened)).toBe(false);
    await upstream.close();
  });

  it('says so where there is no browser', async () => {
    const { seen } = start(['play', join(folder, 'b/Films/other.mkv')], { BROWSER: '/bin/false' });
    await seen(/No browser could be opened: open http:\/\/127\.0\.0\.1:\d+\/\?d=\S+ by hand\n/);
  });

  it('for others than this machine only where everybody is let in', async () => {
    const line = ['play', join(folder, 'b/Films/other.mkv'), '--no-open', '--host', '0.0.0.0'];
    const { code, err } = await runCli(line);
    expect([code, err]).toEqual([2, expect.stringMatching(/^Listening at 0\.0\.0\.0 .*SLUICE_OPEN=1/)]);
    await start(line, { SLUICE_OPEN: '1' }).seen(/Playing at http:\/\/127\.0\.0\.1:\d+\//);
  });

  it('of a file that is not there: one line', async () => {
    const { code, out, err } = await runCli(['play', 'none.mkv']);
    expect([code, out.toString(), err]).toEqual([3, '', 'There is no file none.mkv [not-found]\n']);
  });
});

describe('serve', () => {
  it('lists folders under names of their own, and plays what is in them', async () => {
    const url = await readyAt(serve(join(folder, 'a/Films'), join(folder, 'b/Films'), join(folder, 'demo')));
    const listed = await (await fetch(`${url}/`)).text();
    const links = [...listed.matchAll(/href="[./]*browse\/([^"]+)\/"/g)].map(([, name]) => name);
    expect(links).toEqual(['Films', 'Films-2', 'demo-2']);
    const films = await (await fetch(`${url}/browse/Films/`)).text();
    const [, query = ''] = /href="[./]*\?(d=[^"]+)"/.exec(films.slice(films.indexOf('class="files"'))) ?? [];
    expect(await status(`${url}/probe?${query}`)).toBe(200);
    expect(await status(`${url}/probe?d=root:Films-2/other.mkv`)).toBe(200);
    expect(await status(`${url}/probe?d=root:demo/demo.mkv`)).toBe(200);
  });

  it('lists nothing of what --root gives, and shows the player then', async () => {
    const url = await readyAt(serve('--root', `mine=${join(folder, 'a/Films')}`));
    expect(await (await fetch(`${url}/`)).text()).toContain('<video');
    expect(await status(`${url}/browse/mine/`)).toBe(404);
    expect(await status(`${url}/probe?d=root:mine/${encodeURIComponent('My film #1.mkv')}`)).toBe(200);
  });

  it('tells where Stremio finds its films, by https in its own scheme', async () => {
    const server = serve(join(folder, 'a/Films'));
    const [, address = ''] = await server.seen(
      /Addon for Stremio: (http:\/\/\S+\/addon\/[\w-]+\/manifest\.json)\n/,
    );
    expect(await (await fetch(address)).json()).toMatchObject({ name: 'Sluice', types: ['movie'] });
    const open = serve(join(folder, 'a/Films'), '--public-url', 'https://tv.example.org/s');
    await open.seen(/Addon for Stremio: stremio:\/\/tv\.example\.org\/s\/addon\/[\w-]+\/manifest\.json\n/);
  });

  it('--browser opens the page', async () => {
    const url = await readyAt(serve('--browser'));
    await expect.poll(() => existsSync(opened) && readFileSync(opened, 'utf8'), POLLING).toBe(`${url}/`);
  });

  it('of no folder: one line', async () => {
    const { code, err } = await runCli(['serve', join(folder, 'none')]);
    expect([code, err]).toEqual([2, `There is no folder ${join(folder, 'none')} [bad-request]\n`]);
  });

  it('shows a code for phone and TV on a terminal, and only there', async (context) => {
    if (spawnSync('script', ['--version']).status !== 0) context.skip(SKIPPED);
    const line = [
      'serve',
      '--port',
      '0',
      '--public-url',
      'https://tv.example.org/',
      '--state',
      join(folder, 'state'),
    ];
    const command = [process.execPath, join(projectFolder, 'dist/src/cli.js'), ...line].join(' ');
    const terminal = spawn('script', ['-qec', command, '/dev/null'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let shown = '';
    terminal.stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString();
    });
    await expect
      .poll(() => shown, POLLING)
      .toMatch(/(█[ ▀▄█]+█\r\n){8,}[\s\S]*https:\/\/tv\.example\.org\/\r\n/);
    terminal.kill();
    const plain = start(line);
    await readyAt(plain);
    plain.child.kill('SIGTERM');
    expect((await plain.ended).out.toString()).not.toContain('█');
  });
});

describe('within another program', () => {
  it('importing does nothing; serving prints nothing, keeps no signal, and ends when it is closed', async () => {
    const module = pathToFileURL(join(projectFolder, 'dist/src/node.js')).href;
    const config = pathToFileURL(join(projectFolder, 'dist/src/config.js')).href;
    const program = `
      const { openNode, serveOnNode } = await import(${JSON.stringify(module)});
      const { readConfig } = await import(${JSON.stringify(config)});
      const before = process.listenerCount('SIGINT') + process.listenerCount('SIGTERM');
      const parts = await openNode(readConfig({ port: '0', host: '127.0.0.1' }, { SLUICE_SECRET: 'x' }));
      const { url, port, close } = await serveOnNode(parts);
      const master = await (await fetch(url + '/hls/master.m3u8?d=root:demo/demo.mkv')).text();
      await close();
      await close();
      const after = process.listenerCount('SIGINT') + process.listenerCount('SIGTERM');
      process.stdout.write(JSON.stringify([master.slice(0, 7), port > 0, after - before]));`;
    const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      timeout: 20_000,
    });
    expect([status, stdout.toString(), stderr.toString()]).toEqual([0, '["#EXTM3U",true,0]', '']);
  });
});
