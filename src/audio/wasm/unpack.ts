import { unsupported } from '../../core/errors.ts';

/** How an Emscripten build calls what goes in and out of its WebAssembly module: minified to letters. */
export interface ModuleNames {
  /** C function → export. */
  readonly exports: Readonly<Record<string, string>>;
  /** Import → name that Emscripten gives it (`_fd_write`, `___syscall_openat`). */
  readonly imports: Readonly<Record<string, string>>;
  /** Export that runs the constructors: to be called once, before anything else. */
  readonly init: string;
  /** Export that is the memory. */
  readonly memory: string;
}

export interface UnpackedModule extends ModuleNames {
  readonly wasm: Uint8Array<ArrayBuffer>;
}

const LITERAL = /\bbinaryDecode\((['"])/;
const EXPORT = /(\w+)\s*=\s*(?:Module\["\w+"\]\s*=\s*)?wasmExports\["(\w+)"\]/g;
const INIT = /wasmExports\["(\w+)"\]\(\)/;
const IMPORTS = /wasmImports\s*=\s*\{([^}]*)\}/;
const MEMORY = 'wasmMemory';
const MAGIC = [0, 0x61, 0x73, 0x6d];

/**
 * The WebAssembly module inside the JavaScript that Emscripten writes with `-sSINGLE_FILE` and a binary string:
 * for places where that JavaScript cannot run, or should not.
 * @throws MediaError `unsupported` for a text of another form
 */
export function unpackModule(text: string): UnpackedModule {
  const match = LITERAL.exec(text);
  const start = match ? match.index + match[0].length : 0;
  const { bytes, end } = readLiteral(text, start, match?.[1] ?? '');
  if (!MAGIC.every((byte, i) => bytes[i] === byte)) throw unlike('no WebAssembly in a binary string');
  const code = text.slice(0, start) + text.slice(end);
  const exports = Object.fromEntries([...code.matchAll(EXPORT)].map(exportOf));
  const { [MEMORY]: memory, ...functions } = exports;
  const init = INIT.exec(code)?.[1];
  if (memory === undefined) throw unlike('no memory among the exports');
  if (init === undefined) throw unlike('no call of the constructors');
  return { wasm: bytes, exports: functions, imports: importsOf(code), init, memory };
}

const unlike = (what: string) =>
  unsupported(`Not the Emscripten module expected: ${what}. Install the version that package.json names.`);

/** With the underscore that C compilers put in front taken away. */
const exportOf = ([, name = '', letter = '']: readonly string[]): [string, string] => [
  name.replace(/^_/, ''),
  letter,
];

function importsOf(code: string): Record<string, string> {
  const list = IMPORTS.exec(code)?.[1];
  if (list === undefined) throw unlike('no table of imports');
  const pairs = [...list.matchAll(/(\w+)\s*:\s*(\w+)/g)];
  return Object.fromEntries(pairs.map(([, letter = '', name = '']) => [letter, name]));
}

const CONTROL: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, b: 8, f: 12, v: 11, '0': 0 };

/** Bytes of a string literal, one a character; characters above U+00FF stand for zero. ECMA-262, 12.9.4. */
function readLiteral(text: string, start: number, quote: string) {
  const bytes = new Uint8Array(text.length - start);
  let length = 0;
  let at = start;
  while (at < text.length && text[at] !== quote) {
    const { code, size } =
      text[at] === '\\' ? readEscape(text, at + 1) : { code: text.charCodeAt(at), size: 1 };
    bytes[length++] = code > 0xff ? 0 : code;
    at += size;
  }
  return { bytes: bytes.slice(0, length), end: at };
}

/** The escape whose letter is at `at`, behind the backslash, which `size` counts too. */
function readEscape(text: string, at: number): { code: number; size: number } {
  const letter = text[at] ?? '';
  const digits = letter === 'x' ? 2 : letter === 'u' ? 4 : 0;
  if (digits === 0) return { code: CONTROL[letter] ?? text.charCodeAt(at), size: 2 };
  return { code: Number.parseInt(text.slice(at + 1, at + 1 + digits), 16), size: 2 + digits };
}
