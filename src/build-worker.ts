import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WasmName } from './audio/wasm/instance.ts';
import { unpackModule } from './audio/wasm/unpack.ts';
import { loadWasmFile } from './threads/wasm-files.ts';
import { PLAYER_FILES } from './web/page.ts';

const NAMES: readonly WasmName[] = ['aac-encoder', 'ac3', 'dts'];

const require = createRequire(import.meta.url);
/** This file runs from dist/src. */
const compiled = dirname(fileURLToPath(import.meta.url));
const output = dirname(compiled);

/** `dist/wasm`: WebAssembly as files, which is how Workers take it, and a module that imports it with its names. */
async function writeModules(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const rows: string[] = [];
  for (const name of NAMES) {
    const { wasm, ...names } = unpackModule(await loadWasmFile(name));
    await writeFile(join(folder, `${name}.wasm`), wasm);
    rows.push(`  '${name}': { module: ${variable(name)}, ...${JSON.stringify(names)} },`);
  }
  const imports = NAMES.map((name) => `import ${variable(name)} from ${JSON.stringify(`./${name}.wasm`)};`);
  await writeFile(
    join(folder, 'modules.js'),
    [...imports, 'export const modules = {', ...rows, '};', ''].join('\n'),
  );
}

const variable = (name: WasmName): string => name.replaceAll('-', '_');

/** `dist/assets`: what the player page loads, and the demo. */
async function copyAssets(folder: string): Promise<void> {
  await mkdir(join(folder, 'web'), { recursive: true });
  await mkdir(join(folder, 'demo'), { recursive: true });
  for (const name of PLAYER_FILES) await copyFile(join(compiled, 'web', name), join(folder, 'web', name));
  await copyFile(require.resolve('hls.js/dist/hls.min.mjs'), join(folder, 'web', 'hls.js'));
  await copyFile(join(output, '..', 'fixtures', 'demo.mkv'), join(folder, 'demo', 'demo.mkv'));
}

await writeModules(join(output, 'wasm'));
await copyAssets(join(output, 'assets'));
