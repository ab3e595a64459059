import { unsupported } from '../../core/errors.ts';
import type { ModuleNames, UnpackedModule } from './unpack.ts';

/** The packages that WebAssembly is taken out of. */
export type WasmName = 'aac-encoder' | 'ac3' | 'dts';
/** Text of the JavaScript that a codec's WebAssembly is packed in. */
export type WasmLoader = (name: WasmName) => Promise<string>;

/** Where bytes may not be compiled while a program runs (Workers): compiled before. */
export interface CompiledModule extends ModuleNames {
  readonly module: WebAssembly.Module;
}

type Native = (...values: readonly (number | bigint)[]) => number | bigint | undefined;

/** 64 KiB. */
const PAGE = 65_536;
/** The modules start with 18 MiB and were never seen to grow: what asks for more than this is out of hand. */
const MAX_HEAP = 128 * 2 ** 20;
/** `EBADF` of WASI. */
const BAD_DESCRIPTOR = 8;
/** `-ENOENT` of WASI. */
const NO_ENTRY = -44;

/**
 * One running module with its own memory. Functions are called by their C names. A trap or an abort is thrown as an
 * Error; the memory may be in any state by then, so that every later call throws too: throw the instance away.
 */
export class NativeInstance {
  readonly #exports: WebAssembly.Exports;
  readonly #names: ModuleNames;
  readonly #memory: WebAssembly.Memory;
  #fault: unknown = null;

  constructor(exports: WebAssembly.Exports, names: ModuleNames) {
    const memory = exports[names.memory];
    if (!(memory instanceof WebAssembly.Memory)) throw unsupported('WebAssembly module without a memory');
    this.#exports = exports;
    this.#names = names;
    this.#memory = memory;
    this.#run(names.init, []);
  }

  get isBroken(): boolean {
    return this.#fault !== null;
  }

  /** The memory as bytes. To be asked for anew behind each call: growing moves it. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#memory.buffer as ArrayBuffer);
  }

  /** The memory as numbers of any size, little-endian. As short-lived as `bytes`. */
  get view(): DataView {
    return new DataView(this.#memory.buffer);
  }

  /** Calls a C function; 64-bit integers are `bigint`. @throws Error where the module traps or has done so before */
  call(name: string, ...values: readonly (number | bigint)[]): number {
    const letter = this.#names.exports[name];
    if (letter === undefined) throw unsupported(`WebAssembly module without a function ${name}`);
    return this.#run(letter, values);
  }

  #run(letter: string, values: readonly (number | bigint)[]): number {
    if (this.isBroken) throw new Error('A WebAssembly module was used after a fault', { cause: this.#fault });
    const native = this.#exports[letter] as Native | undefined;
    if (typeof native !== 'function') throw unsupported(`WebAssembly module without the export ${letter}`);
    try {
      return Number(native(...values) ?? 0);
    } catch (cause) {
      this.#fault = cause;
      throw new Error(`WebAssembly module failed: ${cause}`, { cause });
    }
  }
}

/**
 * A module with stand-ins for what Emscripten's JavaScript gives it: no files, no environment, a clock that stands,
 * its log thrown away. Its work therefore depends on what it is called with and nothing else.
 * @throws MediaError `unsupported` for a module that needs more
 */
export async function instantiate(source: UnpackedModule | CompiledModule): Promise<NativeInstance> {
  const module = 'module' in source ? source.module : await WebAssembly.compile(source.wasm);
  const memory: MemoryOf = () => instance.exports[source.memory] as WebAssembly.Memory;
  const imports: Record<string, Record<string, Native>> = {};
  for (const { module: space, name } of WebAssembly.Module.imports(module)) {
    const standIn = STAND_INS[source.imports[name] ?? ''];
    if (!standIn)
      throw unsupported(`WebAssembly module needs ${source.imports[name] ?? name}: nothing stands in`);
    imports[space] = { ...imports[space], [name]: standIn(memory) };
  }
  const instance = await WebAssembly.instantiate(module, imports as WebAssembly.Imports);
  return new NativeInstance(instance.exports, source);
}

type MemoryOf = () => WebAssembly.Memory;

const always = (value: number) => (): Native => () => value;

const dies = (what: string) => (): Native => () => {
  throw new Error(what);
};

/** Writes zeros of `sizes` bytes to where the last arguments point, and succeeds. */
const clears =
  (...sizes: readonly number[]) =>
  (memory: MemoryOf): Native =>
  (...values) => {
    const pointers = values.slice(-sizes.length).map(Number);
    const bytes = new Uint8Array(memory().buffer);
    pointers.forEach((at, i) => {
      bytes.fill(0, at, at + (sizes[i] ?? 0));
    });
    return 0;
  };

const grow =
  (memory: MemoryOf): Native =>
  (requested) => {
    const size = memory().buffer.byteLength;
    const wanted = Number(requested) >>> 0;
    if (wanted > MAX_HEAP) return 0;
    try {
      memory().grow(Math.ceil((Math.min(MAX_HEAP, Math.max(wanted, size * 1.25)) - size) / PAGE));
      return 1;
    } catch {
      return 0;
    }
  };

/** Says that all was written: `fd_write` of WASI. */
const swallow =
  (memory: MemoryOf): Native =>
  (_descriptor, vectors, count, written) => {
    const view = new DataView(memory().buffer);
    let size = 0;
    for (let i = 0; i < Number(count); i++) size += view.getUint32(Number(vectors) + 8 * i + 4, true);
    view.setUint32(Number(written), size, true);
    return 0;
  };

/** By the names Emscripten gives them. */
const STAND_INS: Readonly<Record<string, (memory: MemoryOf) => Native>> = {
  ___syscall_fcntl64: always(NO_ENTRY),
  ___syscall_ioctl: always(NO_ENTRY),
  ___syscall_openat: always(NO_ENTRY),
  __abort_js: dies('aborted'),
  __emscripten_runtime_keepalive_clear: always(0),
  __setitimer_js: always(0),
  _clock_time_get: clears(8),
  _emscripten_date_now: always(0),
  _emscripten_resize_heap: grow,
  _environ_get: always(0),
  _environ_sizes_get: clears(4, 4),
  _fd_close: always(0),
  _fd_fdstat_get: always(BAD_DESCRIPTOR),
  _fd_read: always(BAD_DESCRIPTOR),
  _fd_seek: always(BAD_DESCRIPTOR),
  _fd_write: swallow,
  _proc_exit: dies('exited'),
};
