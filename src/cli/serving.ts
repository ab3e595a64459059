import { networkInterfaces } from 'node:os';
import type { NodeServer } from '../node.ts';
import { note } from './output.ts';

/** A first signal lets transfers end for a moment; a second one does not wait. */
export function stopOnSignals(running: NodeServer): void {
  const stop = () => {
    running.close().catch((error: unknown) => note(String(error)));
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}

/** SIGHUP, which programs that renew certificates send, makes a new one known. */
export function renewOnSignal(running: NodeServer): void {
  process.on('SIGHUP', () => {
    running.renewCertificate().catch((error: unknown) => note(`The old certificate stays: ${String(error)}`));
  });
}

/** Opens an address in the user's browser; says so where there is none. */
export async function openBrowser(address: string): Promise<void> {
  const failed = () => note(`No browser could be opened: open ${address} by hand`);
  try {
    const { default: open } = await import('open');
    const child = await open(address);
    child.once('error', failed);
    child.once('exit', (code) => {
      if (code !== 0) failed();
    });
  } catch {
    failed();
  }
}

const EVERY_INTERFACE: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

export interface ServedPlace {
  readonly protocol: 'http' | 'https';
  readonly host: string;
  readonly port: number;
}

/** Address for a phone or a TV in the same network; null where nobody else reaches the server. */
export function networkAddress(
  { protocol, host, port }: ServedPlace,
  interfaces: ReturnType<typeof networkInterfaces> = networkInterfaces(),
): string | null {
  if (!EVERY_INTERFACE.has(host)) return null;
  const found = Object.values(interfaces)
    .flatMap((list) => list ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal);
  return found ? `${protocol}://${found.address}:${port}/` : null;
}

/** An address with its QR code, for a terminal with light text on dark. */
export async function codeOf(address: string): Promise<string> {
  const { renderUnicodeCompact } = await import('uqr');
  return `${renderUnicodeCompact(address)}\nPhone or TV in this network: ${address}\n`;
}
