import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { corpus, project, tools } from './files.mjs';

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** Starts a child and waits for the first line it prints. */
function start(args) {
  const child = spawn(process.execPath, args, { cwd: project, stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.stdout.once('data', () => resolve(child));
    child.once('exit', (code) => reject(new Error(`${args[0]} ended with ${code}`)));
  });
}

/** The server under test and an upstream that serves the corpus to it. */
export async function startServers() {
  const [appPort, upstreamPort] = [await freePort(), await freePort()];
  const upstream = await start([
    join(tools, 'faulty-upstream'),
    '--root',
    join(corpus, 'files'),
    '--port',
    String(upstreamPort),
  ]);
  const dist = process.env.SLUICE_DIST ?? 'dist';
  const app = await start([`${dist}/src/cli.js`, 'serve', '--port', String(appPort), '--allow', '127.0.0.1']);
  return {
    app: `http://127.0.0.1:${appPort}`,
    upstream: `http://127.0.0.1:${upstreamPort}`,
    stop: async () => {
      app.kill();
      upstream.kill();
    },
  };
}
