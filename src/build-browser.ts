import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';
import type { WasmName } from './audio/wasm/instance.ts';
import { unpackModule } from './audio/wasm/unpack.ts';
import { documentHtml } from './browser/document.ts';
import { loadWasmFile } from './threads/wasm-files.ts';

/** Bytes with gzip of all but hls.js and what is loaded only when sound has to be transcoded. */
const BUDGET = 150_000;

/** Compiled modules that the worker does without; `browser/left-out.js` has what takes their place, and why. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  'src/http/page.js',
  'src/http/listing.js',
  'src/http/metrics.js',
  'src/http/docs.js',
  'src/http/checked.js',
  'src/http/query.js',
  'src/http/password.js',
  'src/http/playlist-body.js',
  'src/http/faststart.js',
  'src/http/file.js',
  'src/http/own-media.js',
  'src/http/hooks/with-hooks.js',
  'src/http/receiver.js',
  'src/http/remux.js',
  'src/http/upload.js',
  'src/http/movie.js',
  'src/http/proxy/compat-tokens.js',
  'src/http/proxy/proxy-routes.js',
  'src/http/stremio/stremio-routes.js',
  'src/http/addon/addon-routes.js',
  'src/http/tuner/tuner-routes.js',
  'src/http/xtream/xtream-routes.js',
  'src/pipeline/live/budget.js',
  'src/pipeline/live/live-stream.js',
  'src/pipeline/foreign/plan-foreign.js',
  'src/pipeline/reencoded/encoded-video.js',
  'src/pipeline/reencoded/forms.js',
  'src/pipeline/describe-video.js',
  'src/codecs/decode-only-video.js',
  'src/http/hls-live.js',
  'src/http/hls-subtitles.js',
  'src/pipeline/subtitles/decide-text.js',
  'src/pipeline/subtitles/gather-texts.js',
  'src/pipeline/subtitles/plan-subtitles.js',
  'src/pipeline/subtitles/subtitle-playlist.js',
  'muxers/hls-subtitles.js',
  'parsers/matroska/codecs/subtitles.js',
  'parsers/matroska/text-index.js',
  'parsers/mp4/text-index.js',
  'parsers/mp4/text-samples.js',
  'parsers/matroska/attachments.js',
  'parsers/matroska/container-info.js',
  'parsers/matroska/codecs/decode-only-video.js',
  'parsers/mp4/chapter-track.js',
  'parsers/mp4/decode-only-video.js',
  'parsers/mpegts/video/elementary-ordered.js',
  'parsers/mpegts/video/ordered-pictures.js',
  'parsers/flac/demuxer.js',
  'parsers/ogg/demuxer.js',
  'parsers/iff/demuxer.js',
  'parsers/bare-audio/demuxer.js',
]);

const WASM_NAMES: readonly WasmName[] = ['aac-encoder', 'ac3', 'dts'];
/** Taken as they are, so that no bundle lists them. */
const COPIED = ['hls.js', ...WASM_NAMES.map((name) => `@mediabunny/${name}`)];

const require = createRequire(import.meta.url);
/** This file runs from dist/src. */
const source = dirname(fileURLToPath(import.meta.url));
const compiled = dirname(source);

const COMMON = {
  bundle: true,
  minify: true,
  charset: 'utf8',
  platform: 'browser',
  target: 'es2022',
  // They stand in LICENCES.txt.
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
} as const satisfies BuildOptions;

/** Compiled modules that the page's script does without. */
const LEFT_OUT_OF_PAGE: ReadonlySet<string> = new Set([
  'src/web/quality.js',
  'src/web/receivers.js',
  'src/web/upload.js',
]);

const instead = (names: ReadonlySet<string>, module: string): Plugin => ({
  name: 'leave out',
  setup({ onResolve }) {
    onResolve({ filter: /^\./ }, ({ path, resolveDir }) =>
      names.has(relative(compiled, resolve(resolveDir, path)).replaceAll('\\', '/'))
        ? { path: join(source, module) }
        : null,
    );
  },
});

/** One script that is no module: what every browser with Service Workers takes. */
const buildWorker = (outdir: string) =>
  build({
    ...COMMON,
    entryPoints: [join(source, 'service-worker.js')],
    outdir,
    format: 'iife',
    // The smallest of hono's routers: the others are faster at hundreds of routes.
    alias: { hono: 'hono/tiny', 'lru-cache': join(source, 'browser/small-lru.js') },
    plugins: [instead(LEFT_OUT, 'browser/left-out.js')],
  });

/** The page's script, its thread for sound, and what each of them loads late. */
const buildPage = (outdir: string) =>
  build({
    ...COMMON,
    entryPoints: [join(source, 'browser/page.js'), join(source, 'browser/sound-worker.js')],
    outdir,
    format: 'esm',
    splitting: true,
    chunkNames: 'part-[hash]',
    external: ['./hls.js'],
    plugins: [instead(LEFT_OUT_OF_PAGE, 'browser/left-out-of-page.js')],
  });

async function unpack(name: WasmName, folder: string): Promise<void> {
  const { wasm, ...names } = unpackModule(await loadWasmFile(name));
  await writeFile(join(folder, `${name}.wasm`), wasm);
  await writeFile(join(folder, `${name}.json`), JSON.stringify(names));
}

/** What is loaded for a film whose sound is copied: the document, and all that both scripts lead to. */
function neededAtOnce(worker: Metafile, page: Metafile): ReadonlySet<string> {
  const outputs = new Map(
    Object.entries(page.outputs).map(([path, { imports }]) => [
      basename(path),
      imports.map((imported) => basename(imported.path)),
    ]),
  );
  const needed = new Set(['index.html', ...Object.keys(worker.outputs).map((path) => basename(path))]);
  const add = (name: string): void => {
    const imports = outputs.get(name);
    if (!imports || needed.has(name)) return;
    needed.add(name);
    imports.forEach(add);
  };
  add('page.js');
  return needed;
}

/** Names of the packages that something was taken from. */
function packagesOf(...metafiles: readonly Metafile[]): readonly string[] {
  const inputs = metafiles.flatMap(({ outputs }) =>
    Object.values(outputs).flatMap((output) => Object.keys(output.inputs)),
  );
  const named = inputs.flatMap((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []);
  return [...new Set([...named, ...COPIED])].sort();
}

/** Name, version and licence of a package, with the text where it brings one. */
async function licenceOf(name: string): Promise<string> {
  const [folder] = (require.resolve.paths(name) ?? []).map((path) => join(path, name)).filter(isPackage);
  if (!folder) throw new Error(`The package ${name} is not installed`);
  const { version, license, homepage } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? `\n\n${(await readFile(join(folder, file), 'utf8')).trim()}` : '';
  return `${name} ${version}: ${license}${homepage ? `, ${homepage}` : ''}${text}\n`;
}

function isPackage(folder: string): boolean {
  try {
    require.resolve(join(folder, 'package.json'));
    return true;
  } catch {
    return false;
  }
}

const NOTICE = `The WebAssembly modules of @mediabunny hold code of FFmpeg, those of mpg123-decoder code of mpg123: LGPL-2.1 or
later. Their sources and build scripts are in the repositories of these packages.
`;

/** Sizes by group, and the number that the budget is for. */
async function report(folder: string, needed: ReadonlySet<string>): Promise<number> {
  const sizes = await Promise.all(
    (await readdir(folder)).sort().map(async (name) => {
      const bytes = await readFile(join(folder, name));
      return { name, bytes: bytes.length, zipped: gzipSync(bytes, { level: 9 }).length };
    }),
  );
  const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`.padStart(10);
  for (const { name, bytes, zipped } of sizes)
    console.log(`${name.padEnd(22)}${kilobytes(bytes)}${kilobytes(zipped)}  ${needed.has(name) ? '*' : ''}`);
  const total = sizes.reduce((sum, { name, zipped }) => sum + (needed.has(name) ? zipped : 0), 0);
  console.log(`* with gzip:${kilobytes(total)} of ${kilobytes(BUDGET).trim()}; hls.js and sound apart`);
  return total;
}

/** Removes what an earlier build made. @throws Error for a folder with anything else in it */
async function clear(folder: string): Promise<void> {
  const names = await readdir(folder).catch((): string[] => []);
  if (names.length > 0 && !names.includes('service-worker.js'))
    throw new Error(`${folder} holds other files; name a folder that is empty or not there`);
  await rm(folder, { recursive: true, force: true });
}

/** Makes the folder anew. @throws Error when it is over its budget */
async function buildBrowser(folder: string): Promise<void> {
  await clear(folder);
  await mkdir(folder, { recursive: true });
  const worker = await buildWorker(folder);
  const page = await buildPage(folder);
  await writeFile(join(folder, 'index.html'), documentHtml());
  await copyFile(require.resolve('hls.js/dist/hls.min.mjs'), join(folder, 'hls.js'));
  for (const name of WASM_NAMES) await unpack(name, folder);
  const licences = await Promise.all(packagesOf(worker.metafile, page.metafile).map(licenceOf));
  await writeFile(join(folder, 'LICENCES.txt'), [NOTICE, ...licences].join(`\n${'-'.repeat(80)}\n\n`));
  const total = await report(folder, neededAtOnce(worker.metafile, page.metafile));
  if (total > BUDGET) throw new Error(`The page is ${total - BUDGET} bytes over its budget`);
}

const folder = resolve(process.argv[2] ?? join(compiled, 'browser'));
await buildBrowser(folder);
console.log(`${folder}: put it on any host, under https or on localhost, at any path`);
