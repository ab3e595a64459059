import { bytesOf } from '../../helpers/hex.ts';

/**
 * (import "a" "a" (func)), one page of memory as r, and the functions s: writes 42 to address 0, t: adds, u: traps,
 * v: calls the import.
 */
export const TINY_WASM = bytesOf(
  [
    '0061736d 01000000',
    '01 0a 02 600000 60027f7f017f',
    '02 07 01 0161 0161 00 00',
    '03 05 04 00 01 00 00',
    '05 03 01 00 01',
    '07 15 05 017202 00 017300 01 017400 02 017500 03 017600 04',
    '0a 1c 04 0900 4100 412a 360200 0b 0700 2000 2001 6a 0b 0300 00 0b 0400 1000 0b',
  ].join(''),
);

const ESCAPES: Readonly<Record<number, string>> = { 10: '\\n', 13: '\\r', 39: "\\'", 92: '\\\\' };

/** The forms that compilers and minifiers give the bytes of a string. */
export const LITERALS = {
  plain: (byte: number) => ESCAPES[byte] ?? String.fromCharCode(byte),
  'zero as a character above 255': (byte: number) =>
    byte === 0 ? 'Ā' : (ESCAPES[byte] ?? String.fromCharCode(byte)),
  'hexadecimal escapes': (byte: number) => `\\x${byte.toString(16).padStart(2, '0')}`,
  'unicode escapes': (byte: number) => `\\u${byte.toString(16).padStart(4, '0')}`,
} as const;

/** What Emscripten writes around a module, in short. */
export function emscriptenText(wasm: Uint8Array, write = LITERALS.plain as (byte: number) => string): string {
  return `async function Module() {
    function binaryDecode(bin) { return bin; }
    function initRuntime() { runtimeInitialized = true; wasmExports["s"](); }
    function findWasmBinary() { return binaryDecode('${[...wasm].map(write).join('')}'); }
    function assignWasmExports(wasmExports) { _add = Module["_add"] = wasmExports["t"];
      _trap = Module["_trap"] = wasmExports["u"]; __die = wasmExports["v"];
      memory = wasmMemory = wasmExports["r"]; }
    var wasmImports = { a: __abort_js };
  }`;
}
