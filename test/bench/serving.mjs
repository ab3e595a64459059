import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeFilms, median } from './tools.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** A child that prints where it answers. */
async function start(...args) {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  while (!/http:\S+/.test(text)) await once(child.stdout, 'data');
  const stop = async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  };
  return { url: /http:\S+/.exec(text)[0], stop, pid: child.pid };
}

/** Megabytes a second of one whole answer. */
async function rateOf(url) {
  const began = performance.now();
  const request = get(url);
  const [response] = await once(request, 'response');
  if (response.statusCode !== 200) throw new Error(`${url} answers ${response.statusCode}`);
  let bytes = 0;
  response.on('data', (chunk) => {
    bytes += chunk.length;
  });
  await once(response, 'end');
  return bytes / 1000 / (performance.now() - began);
}

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** nginx that passes everything on to `upstream`; null where there is no nginx. */
async function startNginx(folder, upstream) {
  if (spawnSync('nginx', ['-v']).error) return null;
  const port = await freePort();
  mkdirSync(join(folder, 'nginx'), { recursive: true });
  const conf = join(folder, 'nginx/nginx.conf');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/nginx/${name};`,
  );
  writeFileSync(
    conf,
    `daemon off; worker_processes 1; pid ${folder}/nginx/pid; error_log ${folder}/nginx/log; events {}
http { access_log off; ${temporary.join(' ')}
  server { listen 127.0.0.1:${port};
    location / { proxy_pass ${new URL(upstream).origin}; proxy_http_version 1.1; proxy_max_temp_file_size 0; proxy_buffers 16 64k; } } }`,
  );
  const child = spawn('nginx', ['-p', join(folder, 'nginx'), '-c', conf], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const url = `http://127.0.0.1:${port}${new URL(upstream).pathname}`;
  for (let i = 0; i < 100; i++) {
    const isThere = await fetch(url, { method: 'HEAD' }).then(
      () => true,
      () => false,
    );
    if (isThere) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const stop = async () => {
    child.kill('SIGTERM');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  };
  return { url, stop };
}

/** Megabytes that a process held at most; null where the system does not tell. */
function peakOf(pid) {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
  } catch {
    return null;
  }
}

/** `/remux.mp4` and `/proxy/stream` against a pipe that passes the same bytes on; upstream, server and client are processes of their own. */
export async function serving(folder, runs) {
  const [film] = makeFilms(folder, { name: 'served', container: 'mkv', megabits: 8, tracks: 1 });
  const upstream = await start(here('upstream.mjs'), film.path);
  const pipe = await start(here('pipe.mjs'), upstream.url);
  const startSluice = () => {
    const options = [
      '--port',
      '0',
      '--host',
      '127.0.0.1',
      '--allow',
      '127.0.0.1',
      '--state',
      join(folder, 'state'),
    ];
    return start('--max-semi-space-size=4', here('../../build/src/cli.js'), 'serve', ...options);
  };
  // Each in a process of its own, so that its memory is its own.
  const passing = await startSluice();
  const remuxing = await startSluice();
  const nginx = await startNginx(folder, upstream.url);
  const given = encodeURIComponent(upstream.url);
  try {
    const ways = {
      'undici to node:http': pipe.url,
      'Sluice /proxy/stream': `${passing.url}proxy/stream?d=${given}`,
      'Sluice /remux.mp4': `${remuxing.url}remux.mp4?d=${given}`,
      ...(nginx ? { 'nginx proxy_pass': nginx.url } : {}),
    };
    const rates = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
    for (const url of Object.values(ways)) await rateOf(url);
    for (let run = 0; run < runs; run++)
      for (const [name, url] of Object.entries(ways)) rates[name].push(await rateOf(url));
    const bare = median(rates['undici to node:http']);
    return Object.entries(rates).map(([name, list]) => ({
      name,
      rate: median(list),
      ratio: median(list) / bare,
      peak:
        { 'Sluice /proxy/stream': peakOf(passing.pid), 'Sluice /remux.mp4': peakOf(remuxing.pid) }[name] ??
        null,
    }));
  } finally {
    await nginx?.stop();
    await passing.stop();
    await remuxing.stop();
    await pipe.stop();
    await upstream.stop();
  }
}
