import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { CompiledModule, WasmLoader, WasmName } from '../audio/wasm/instance.ts';
import { unpackModule } from '../audio/wasm/unpack.ts';

const require = createRequire(import.meta.url);

/** File of each package that holds its WebAssembly, seen from the package's entry. */
const BUILDS = { 'aac-encoder': 'aac.js', ac3: 'ac3.js', dts: 'dts.js' } as const;

/** Reads the modules out of the installed packages. */
export const loadWasmFile: WasmLoader = (name) => {
  const entry = require.resolve(`@mediabunny/${name}`);
  return readFile(join(dirname(entry), '../modules/build', BUILDS[name]), 'utf8');
};

/** As `loadWasmFile`, compiled. @throws MediaError `unsupported` for another version of the package */
export async function compileWasmFile(name: WasmName): Promise<CompiledModule> {
  const { wasm, ...names } = unpackModule(await loadWasmFile(name));
  return { ...names, module: await WebAssembly.compile(wasm) };
}
