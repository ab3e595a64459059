import { availableParallelism } from 'node:os';
import { type Config, type Flags, readConfig } from '../config.ts';
import { openNode, serveOnNode } from '../node.ts';
import { isThisMachine } from '../serving/binding.ts';
import { note, print } from './output.ts';
import { servedFolders } from './served-folders.ts';
import { codeOf, networkAddress, openBrowser, renewOnSignal, stopOnSignals } from './serving.ts';

/** Flags as commander names them. */
export interface ServeFlags {
  readonly port?: string;
  readonly host?: string;
  readonly publicUrl?: string;
  readonly allow?: readonly string[];
  readonly allowPrivate?: boolean;
  readonly deny?: readonly string[];
  readonly upstreams?: string;
  readonly channels?: string;
  readonly guide?: readonly string[];
  readonly list?: string;
  readonly root?: readonly string[];
  readonly uploads?: string;
  readonly state?: string;
  readonly open?: boolean;
  readonly trustProxy?: readonly string[];
  /** False: switched off; true says nothing. */
  readonly compatTokens?: boolean;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  /** Opens the page in the browser. */
  readonly browser?: boolean;
}

/** `sluice serve`: listens until a signal ends it. The folders' files are listed to choose from. */
export async function serve(folders: readonly string[], flags: ServeFlags): Promise<void> {
  const settings = readConfig(settingsOf(flags), process.env, { cores: availableParallelism() });
  const listed = await servedFolders(folders, settings.roots.keys());
  const config = { ...settings, roots: new Map([...settings.roots, ...listed]) };
  const parts = await openNode(config, { listed: [...listed.keys()] });
  const running = await serveOnNode(parts);
  stopOnSignals(running);
  if (config.tls) renewOnSignal(running);
  await print(`Sluice is ready at ${running.url}/\n`);
  await print(`Key for other sites' pages to local files: ${parts.deps.accessKey}\n`);
  if (parts.deps.films)
    await print(addonLine(config.publicUrl?.href ?? `${running.url}/`, parts.deps.accessKey));
  if (isThisMachine(config.host) && config.publicUrl === null) await print(CLOSED);
  if (!parts.isSecretKept) note('The state folder cannot be written: addresses end with this process');
  await parts.warm();
  if (process.stdout.isTTY) await showCode(config, running.port);
  if (flags.browser) await openBrowser(`${running.url}/`);
}

const CLOSED = 'Only this machine can reach it; for phones and TVs set API_PASSWORD, or start with --open\n';

/** Stremio takes addons by https, and by http from this machine; its own scheme stands for https. */
function addonLine(root: string, key: string): string {
  const place = `${root.replace(/\/?$/, '/')}addon/${key}/manifest.json`;
  return `Addon for Stremio: ${place.replace(/^https:/, 'stremio:')}\n`;
}

function settingsOf(flags: ServeFlags): Flags {
  const { publicUrl, allowPrivate, trustProxy, tlsCert, tlsKey, compatTokens, browser: _, ...others } = flags;
  return {
    ...others,
    'public-url': publicUrl,
    'allow-private': allowPrivate,
    'trust-proxy': trustProxy,
    'tls-cert': tlsCert,
    'tls-key': tlsKey,
    ...(compatTokens === false ? { 'compat-tokens': false } : {}),
  };
}

async function showCode({ host, publicUrl, tls }: Config, port: number): Promise<void> {
  const place = { protocol: tls ? 'https' : 'http', host, port } as const;
  const address = publicUrl?.href ?? networkAddress(place);
  if (address !== null) await print(await codeOf(address));
}
