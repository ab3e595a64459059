import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { WasmLoader } from '../audio/wasm/instance.ts';

const require = createRequire(import.meta.url);

/** File of each package that holds its WebAssembly, seen from the package's entry. */
const BUILDS = { 'aac-encoder': 'aac.js', ac3: 'ac3.js', dts: 'dts.js' } as const;

/** Reads the modules out of the installed packages. */
export const loadWasmFile: WasmLoader = (name) => {
  const entry = require.resolve(`@mediabunny/${name}`);
  return readFile(join(dirname(entry), '../modules/build', BUILDS[name]), 'utf8');
};
