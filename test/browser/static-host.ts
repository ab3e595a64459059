import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../../dist/src/build-browser.js', import.meta.url));

/** Those of a simple host: no `application/wasm`. */
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
};

/** Where the folder lies on the host: not at its root. */
const PREFIX = '/some/where/';

export interface StaticHost {
  /** Address of the page. */
  readonly url: string;
  /** What the build said. */
  readonly report: string;
  /** `METHOD path bytes of body` of every request so far. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

/** Builds the static page and serves it as a host does that knows nothing of it. */
export async function startStaticHost(): Promise<StaticHost> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-static-'));
  const built = spawnSync(process.execPath, [script, folder], { encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`The page was not built: ${built.stdout}${built.stderr}`);
  const requests: string[] = [];
  const server = createServer(async (request, response) => {
    let sent = 0;
    for await (const chunk of request) sent += (chunk as Buffer).length;
    const path = request.url?.split('?')[0] ?? '';
    requests.push(`${request.method} ${path} ${sent}`);
    const name = path === PREFIX ? 'index.html' : path.slice(PREFIX.length);
    try {
      if (!path.startsWith(PREFIX) || name.includes('/')) throw new Error('elsewhere');
      const body = readFileSync(join(folder, name));
      response.setHeader('Content-Type', TYPES[extname(name)] ?? 'application/octet-stream');
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${PREFIX}`,
    report: built.stdout,
    requests,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
