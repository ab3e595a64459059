import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { Miniflare, type MiniflareOptions } from 'miniflare';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What `wrangler deploy` would upload, made without it: it asks a registry whether there is a newer one. */
export interface Bundle {
  readonly script: string;
  readonly wasm: readonly { readonly name: string; readonly bytes: Buffer }[];
  readonly settings: WorkerSettings;
}

export interface WorkerSettings {
  readonly main: string;
  readonly date: string;
  readonly flags: readonly string[];
  readonly alias: Readonly<Record<string, string>>;
  readonly vars: Readonly<Record<string, string>>;
}

/** Of wrangler.toml, as far as the file uses its format. */
export function workerSettings(): WorkerSettings {
  const text = readFileSync(`${root}wrangler.toml`, 'utf8').replaceAll(/^#.*$/gm, '');
  const value = (name: string) => new RegExp(`^${name} = (.*)$`, 'm').exec(text)?.[1] ?? '""';
  const table = (name: string) => {
    const lines = new RegExp(`^\\[${name}\\]\\n((?:[^[].*\\n|\\n)*)`, 'm').exec(text)?.[1] ?? '';
    return Object.fromEntries(
      [...lines.matchAll(/^"?([^"\n]+?)"? = "(.*)"$/gm)].map(([, key, entry]) => [key, entry]),
    );
  };
  return {
    main: JSON.parse(value('main')),
    date: JSON.parse(value('compatibility_date')),
    flags: JSON.parse(value('compatibility_flags')),
    alias: table('alias'),
    vars: table('vars'),
  };
}

export async function bundleWorker(): Promise<Bundle> {
  execFileSync(process.execPath, [`${root}dist/src/build-worker.js`]);
  const settings = workerSettings();
  const { outputFiles, metafile } = await build({
    entryPoints: [root + settings.main],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['*.wasm'],
    alias: Object.fromEntries(Object.entries(settings.alias).map(([name, path]) => [name, root + path])),
  });
  const imports = Object.values(metafile.outputs).flatMap(({ imports: all }) => all.map(({ path }) => path));
  const wasm = imports.map((path) => {
    if (!/^\.\/[\w-]+\.wasm$/.test(path)) throw new Error(`The bundle imports ${path}`);
    return { name: path.slice(2), bytes: readFileSync(`${root}dist/wasm/${path}`) };
  });
  return { script: outputFiles[0]?.text ?? '', wasm, settings };
}

export interface EdgeOptions {
  readonly bundle: Bundle;
  readonly bindings: Readonly<Record<string, string>>;
  readonly more?: Partial<MiniflareOptions>;
}

export interface Edge {
  readonly url: string;
  readonly miniflare: Miniflare;
  readonly log: readonly string[];
  close(): Promise<void>;
}

/** The worker in workerd, on a port of its own with nothing between. */
export async function startEdge({ bundle, bindings, more = {} }: EdgeOptions): Promise<Edge> {
  const { settings, script, wasm } = bundle;
  const log: string[] = [];
  const miniflare = new Miniflare({
    modules: [
      { type: 'ESModule', path: 'worker.js', contents: script },
      ...wasm.map(({ name, bytes }) => ({
        type: 'CompiledWasm' as const,
        path: name,
        contents: new Uint8Array(bytes),
      })),
    ],
    compatibilityDate: settings.date,
    compatibilityFlags: [...settings.flags],
    bindings: { ...settings.vars, ...bindings },
    // Else it is fetched.
    cf: false,
    telemetry: { enabled: false },
    unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
    handleRuntimeStdio: (...streams: readonly Readable[]) => {
      for (const stream of streams) stream.on('data', (text: unknown) => log.push(String(text)));
    },
    ...more,
  } as MiniflareOptions);
  await miniflare.ready;
  const url = (await miniflare.unsafeGetDirectURL()).href;
  let closing: Promise<void> | null = null;
  const close = () => {
    closing ??= miniflare.dispose();
    return closing;
  };
  return { url, miniflare, log, close };
}
