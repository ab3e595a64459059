import { availableParallelism } from 'node:os';
import { type Config, readConfig } from '../config.ts';
import { openNode, serveOnNode } from '../node.ts';
import { note, print } from './output.ts';
import { servedFolders } from './served-folders.ts';
import { codeOf, networkAddress, openBrowser, stopOnSignals } from './serving.ts';

/** Flags as commander names them. */
export interface ServeFlags {
  readonly port?: string;
  readonly host?: string;
  readonly publicUrl?: string;
  readonly allow?: readonly string[];
  readonly allowPrivate?: boolean;
  readonly root?: readonly string[];
  readonly uploads?: string;
  readonly state?: string;
  readonly open?: boolean;
}

/** `sluice serve`: listens until a signal ends it. The folders' files are listed to choose from. */
export async function serve(folders: readonly string[], flags: ServeFlags): Promise<void> {
  const { publicUrl, allowPrivate, ...others } = flags;
  const settings = readConfig(
    { ...others, 'public-url': publicUrl, 'allow-private': allowPrivate },
    process.env,
    { cores: availableParallelism() },
  );
  const listed = await servedFolders(folders, settings.roots.keys());
  const config = { ...settings, roots: new Map([...settings.roots, ...listed]) };
  const parts = await openNode(config, { listed: [...listed.keys()] });
  const running = await serveOnNode(parts);
  stopOnSignals(running);
  await print(`Sluice is ready at ${running.url}/\n`);
  await print(`Key for other sites' pages to local files: ${parts.deps.accessKey}\n`);
  if (!parts.isSecretKept) note('The state folder cannot be written: addresses end with this process');
  await parts.warm();
  if (process.stdout.isTTY) await showCode(config, running.port);
  if (flags.open) await openBrowser(`${running.url}/`);
}

async function showCode({ host, publicUrl }: Config, port: number): Promise<void> {
  const address = publicUrl?.href ?? networkAddress(host, port);
  if (address !== null) await print(await codeOf(address));
}
