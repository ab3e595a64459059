import { realpath } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, dirname } from 'node:path';
import { readConfig } from '../config.ts';
import { isHttpUrl } from '../core/url.ts';
import { openNode, serveOnNode } from '../node.ts';
import { existingFile, readHeaders } from './input.ts';
import { print } from './output.ts';
import { openBrowser, stopOnSignals } from './serving.ts';

export interface PlayFlags {
  readonly host?: string;
  readonly port?: string;
  readonly header?: readonly string[];
  /** False: only says the address. */
  readonly open?: boolean;
}

/** Name of the folder that a file is played from. */
const ROOT = 'played';

/** `sluice play`: serves for this machine alone and opens the page on that title. Ends with a signal. */
export async function play(target: string, flags: PlayFlags): Promise<void> {
  const { host = '127.0.0.1', port = '0' } = flags;
  const path = isHttpUrl(target) ? null : await realpath(await existingFile(target));
  const media = path === null ? target : `root:${ROOT}/${basename(path)}`;
  const settings = readConfig({ host, port, 'allow-private': true }, process.env, {
    cores: availableParallelism(),
  });
  const roots = new Map(path === null ? [] : [[ROOT, dirname(path)]]);
  const parts = await openNode({ ...settings, roots, apiPassword: null, tls: null });
  const running = await serveOnNode(parts);
  stopOnSignals(running);
  const address = `${running.url}/?${query(media, readHeaders(flags.header ?? []))}`;
  await print(`Playing at ${address}\nCtrl-C ends it.\n`);
  if (flags.open !== false) await openBrowser(address);
  await parts.warm();
}

const query = (media: string, headers: Readonly<Record<string, string>>): string =>
  [['d', media], ...Object.entries(headers).map(([name, value]) => [`h_${name}`, value])]
    .map(([name = '', value = '']) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&');
