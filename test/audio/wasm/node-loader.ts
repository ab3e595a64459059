import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { instantiate, type NativeInstance, type WasmLoader } from '../../../src/audio/wasm/instance.ts';
import { unpackModule } from '../../../src/audio/wasm/unpack.ts';

const require = createRequire(import.meta.url);
const BUILDS = { 'aac-encoder': 'aac.js', ac3: 'ac3.js', dts: 'dts.js' } as const;

/** From the installed packages, whose entry is a bundle beside the build. */
export const loadText: WasmLoader = (name) => {
  const bundle = require.resolve(`@mediabunny/${name}`);
  return readFile(join(dirname(bundle), '../modules/build', BUILDS[name]), 'utf8');
};

export const loadInstance = async (name: Parameters<WasmLoader>[0]): Promise<NativeInstance> =>
  instantiate(unpackModule(await loadText(name)));
