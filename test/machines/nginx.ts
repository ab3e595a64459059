import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort, type Service, startService } from './services.ts';

const documented = readFileSync(new URL('../../deploy/nginx.conf', import.meta.url), 'utf8');

/** What is changed in the documented file: each must be there. */
type Change = readonly [found: string | RegExp, put: string];

function changed(text: string, changes: readonly Change[]): string {
  return changes.reduce((before, [found, put]) => {
    const after = before.replace(found, () => put);
    if (after === before) throw new Error(`deploy/nginx.conf has no ${found}`);
    return after;
  }, text);
}

export interface NginxOptions {
  /** Addresses of the machines, as host:port; two. */
  readonly machines: readonly [string, string];
  /** Folder in the addresses, with slashes; the root by default. */
  readonly prefix?: string;
  readonly isCaching: boolean;
}

const HASH = /^ *hash .*;\n/m;

/** The documented file for these machines, which take turns; inside what a distribution has around it. */
function configOf({ machines, prefix = '/', isCaching }: NginxOptions, folder: string, port: number): string {
  const [one, other] = machines;
  const site = changed(documented, [
    ['/var/cache/nginx/sluice', join(folder, 'cache')],
    ['sluice-1:8080', one],
    ['sluice-2:8080', other],
    [HASH, ''],
    ['listen 80;', `listen 127.0.0.1:${port}; add_header X-Machine $upstream_addr always;`],
    [/location \/ \{\s+proxy_pass http:\/\/sluice;/, `location ${prefix} {\nproxy_pass http://sluice/;`],
    [
      /location \/hls\/ \{\s+proxy_pass http:\/\/sluice;/,
      `location ${prefix}hls/ {\nproxy_pass http://sluice/hls/;`,
    ],
    ['add_header X-Cache', 'add_header X-Machine $upstream_addr always; add_header X-Cache'],
    ...(isCaching ? [] : [['proxy_cache sluice;', ''] as const]),
  ]);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `user ${userInfo().username}; daemon off; master_process off;
pid ${join(folder, 'pid')}; error_log stderr warn;
events {}
http {
  access_log off;
  ${temporary.map((name) => `${name}_temp_path ${join(folder, name)};`).join('\n  ')}
${site}}
`;
}

export async function startNginx(options: NginxOptions): Promise<Service & { readonly url: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-nginx-'));
  const port = await freePort();
  const path = join(folder, 'nginx.conf');
  writeFileSync(path, configOf(options, folder, port));
  const service = await startService('nginx', port, ['-p', folder, '-e', 'stderr', '-c', path]);
  return {
    ...service,
    url: `http://127.0.0.1:${port}`,
    async close() {
      await service.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What nginx says of the documented file as it is, but for names that only a network of containers knows. */
export function testDocumented(): { readonly status: number | null; readonly said: string } {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-nginx-'));
  try {
    const path = join(folder, 'nginx.conf');
    const site = changed(documented, [
      ['/var/cache/nginx/sluice', join(folder, 'cache')],
      ['sluice-1:', '127.0.0.1:'],
      ['sluice-2:', '127.0.0.2:'],
    ]);
    writeFileSync(path, `pid ${join(folder, 'pid')}; events {}\nhttp {\n${site}}\n`);
    const { status, stderr } = spawnSync('nginx', ['-t', '-p', folder, '-e', 'stderr', '-c', path]);
    return { status, said: stderr.toString() };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
