import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Body, formOf, formType, type SendOptions, sendBody } from './send-body.ts';
import { type ServedApp, type ServeOptions, serveApp } from './serve-app.ts';

export interface Told {
  readonly id: string;
  readonly url: string;
  readonly bytes: number;
  readonly expires: string;
  readonly error: { readonly code: string; readonly message: string };
}

export interface Posted {
  readonly status: number;
  readonly head: string;
  /** What is told of an upload, or of an error. */
  readonly json: Told;
  /** Bytes of the body that left. */
  readonly sent: number;
}

/** Apps that keep uploads in a folder of their own, all of which `clear` takes away. */
export class UploadBench {
  readonly folder = mkdtempSync(join(tmpdir(), 'sluice-uploads-'));
  readonly #apps: ServedApp[] = [];

  async serve(options: ServeOptions = {}): Promise<ServedApp> {
    const app = await serveApp({ flags: { uploads: this.folder }, ...options });
    this.#apps.push(app);
    return app;
  }

  files(): string[] {
    return readdirSync(this.folder);
  }

  async clear(): Promise<void> {
    for (const app of this.#apps) await app.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Sends a body until it is answered. */
export async function post(app: ServedApp, path: string, options: SendOptions): Promise<Posted> {
  const exchange = await sendBody(app.url, path, options);
  const { status, head, body } = await exchange.answer();
  exchange.socket.destroy();
  await exchange.done;
  return { status, head, json: JSON.parse(body.toString() || '{}') as Told, sent: exchange.sent() };
}

export const asForm = (body: Body): SendOptions => ({ headers: formType, body });
export const formWith = (file: Uint8Array): SendOptions => asForm(formOf([file]));
