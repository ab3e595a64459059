import { type AacEncoding, createAacEncoding } from './aac-encoder.ts';
import { type Ac3Decoding, createAc3Decoding } from './ac3-decoder.ts';
import { type CompiledModule, instantiate, type NativeInstance, type WasmName } from './wasm/instance.ts';
import { unpackModule } from './wasm/unpack.ts';

/** As text, or compiled before: by another thread, or where bytes may not be compiled. */
export type ModuleLoader = (name: WasmName) => Promise<string | CompiledModule>;

/** Running modules of one thread, each loaded when it is first asked for and anew once it has broken. */
export interface Modules {
  aac(): Promise<AacEncoding>;
  ac3(): Promise<Ac3Decoding>;
  dts(): Promise<NativeInstance>;
}

interface Loaded<T> {
  readonly instance: NativeInstance;
  readonly use: T;
}

export function createModules(load: ModuleLoader): Modules {
  const keep = <T>(name: WasmName, prepare: (instance: NativeInstance) => T) => {
    let loaded: Promise<Loaded<T>> | null = null;
    const start = async (): Promise<Loaded<T>> => {
      const source = await load(name);
      const instance = await instantiate(typeof source === 'string' ? unpackModule(source) : source);
      return { instance, use: prepare(instance) };
    };
    return async (): Promise<T> => {
      loaded ??= start();
      try {
        const { instance, use } = await loaded;
        if (!instance.isBroken) return use;
      } catch (error) {
        loaded = null;
        throw error;
      }
      loaded = start();
      return (await loaded).use;
    };
  };
  return {
    aac: keep('aac-encoder', createAacEncoding),
    ac3: keep('ac3', createAc3Decoding),
    dts: keep('dts', (instance) => instance),
  };
}
