import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
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
  return { url: /http:\S+/.exec(text)[0], stop };
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

/** `/remux.mp4` against a pipe that passes the same bytes on; upstream, server and client are processes of their own. */
export async function serving(folder, runs) {
  const [film] = makeFilms(folder, { name: 'served', container: 'mkv', megabits: 8, tracks: 1 });
  const upstream = await start(here('upstream.mjs'), film.path);
  const pipe = await start(here('pipe.mjs'), upstream.url);
  const state = join(folder, 'state');
  const options = ['--port', '0', '--host', '127.0.0.1', '--allow', '127.0.0.1', '--state', state];
  const sluice = await start('--max-semi-space-size=4', here('../../build/src/cli.js'), 'serve', ...options);
  try {
    const ways = {
      'undici to node:http': pipe.url,
      'Sluice /remux.mp4': `${sluice.url}remux.mp4?d=${encodeURIComponent(upstream.url)}`,
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
    }));
  } finally {
    await sluice.stop();
    await pipe.stop();
    await upstream.stop();
  }
}
