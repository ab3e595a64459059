// The server under test and one HTTP server beside it: upstream of the films, controls, the page of the browsers, and
// a way to the server under test by the page's own origin.
import { spawn } from 'node:child_process';
import { createReadStream, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { request as ask, createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const project = fileURLToPath(new URL('../..', import.meta.url));

const PAGE = {
  '/page.html': 'test/players/page.html',
  '/page.mjs': 'test/players/page.mjs',
  '/hls.js': 'node_modules/hls.js/dist/hls.js',
  '/shaka.js': 'node_modules/shaka-player/dist/shaka-player.compiled.js',
};

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.m3u8': 'application/vnd.apple.mpegurl',
  '.mkv': 'video/x-matroska',
  '.mp4': 'video/mp4',
  '.m4s': 'video/iso.segment',
};

function answerFile(path, request, response) {
  if (!existsSync(path)) return response.writeHead(404).end();
  const { size } = statSync(path);
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  const start = Number(first ?? 0);
  const end = last ? Math.min(Number(last), size - 1) : size - 1;
  if (start > end) return response.writeHead(416, { 'content-range': `bytes */${size}` }).end();
  response.writeHead(first ? 206 : 200, {
    'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
    'content-length': end - start + 1,
    'accept-ranges': 'bytes',
    etag: `"${size}"`,
    ...(first && { 'content-range': `bytes ${start}-${end}/${size}` }),
  });
  return createReadStream(path, { start, end }).pipe(response);
}

/** Hands a request on to the server under test; `refusals` gets a line for each answer that is an error. */
function forward(sluice, refusals, request, response) {
  const { host } = new URL(sluice);
  const headers = { ...request.headers, host };
  const onward = ask(`${sluice}${request.url}`, { method: request.method, headers }, (answer) => {
    if (answer.statusCode >= 400) refusals.push(`${answer.statusCode} ${request.url}`);
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
    answer.on('error', () => response.destroy());
  });
  onward.on('error', () => response.destroy());
  response.on('close', () => onward.destroy());
  onward.end();
}

/** The built server in a process of its own; SLUICE_DIST names another build than dist. */
export async function startSluice() {
  const state = mkdtempSync(join(tmpdir(), 'sluice-players-state-'));
  const entry = join(process.env.SLUICE_DIST ?? join(project, 'dist'), 'src/cli.js');
  const args = ['serve', '--port', '0', '--host', '127.0.0.1', '--state', state, '--allow', '127.0.0.1'];
  const child = spawn(process.execPath, [entry, ...args], {
    cwd: project,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (chunk) => {
    log += chunk;
  });
  const url = await new Promise((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      const match = /http:\/\/[^\s/]+:(\d+)\//.exec(String(chunk));
      if (match) resolve(`http://127.0.0.1:${match[1]}`);
    });
    child.once('exit', (code) => reject(new Error(`Sluice ended with ${code}: ${log}`)));
  });
  return {
    url,
    stop: () => {
      child.kill();
      rmSync(state, { recursive: true, force: true });
    },
  };
}

export async function startServers(films) {
  const sluice = await startSluice();
  const refusals = [];
  const asked = [];
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    if (pathname.startsWith('/films/')) {
      asked.push({ range: request.headers.range ?? '', agent: request.headers['user-agent'] ?? '' });
      return answerFile(join(films, pathname.slice(7)), request, response);
    }
    if (PAGE[pathname]) return answerFile(join(project, PAGE[pathname]), request, response);
    return forward(sluice.url, refusals, request, response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  return {
    /** Origin of films, controls and page; anything else there is answered by the server under test. */
    url,
    sluice: sluice.url,
    /** Takes the errors that the page's requests met so far. */
    refusals: () => refusals.splice(0),
    /** Takes the ranges of films that were asked for so far, and by whom. */
    asked: () => asked.splice(0),
    stop: () => {
      sluice.stop();
      server.closeAllConnections();
      server.close();
    },
  };
}
