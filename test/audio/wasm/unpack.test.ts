import { describe, expect, it } from 'vitest';
import { unpackModule } from '../../../src/audio/wasm/unpack.ts';
import { loadText } from './node-loader.ts';
import { emscriptenText, LITERALS, TINY_WASM } from './tiny-module.ts';

describe('unpackModule', () => {
  it.each(Object.entries(LITERALS))('reads the bytes: %s', (_, write) => {
    expect(unpackModule(emscriptenText(TINY_WASM, write)).wasm).toEqual(TINY_WASM);
  });

  it('knows what the letters mean', () => {
    const { exports, imports, init, memory } = unpackModule(emscriptenText(TINY_WASM));
    expect({ exports, imports, init, memory }).toEqual({
      exports: { add: 't', trap: 'u', _die: 'v' },
      imports: { a: '__abort_js' },
      init: 's',
      memory: 'r',
    });
  });

  it.each([
    ['nothing', () => '', /binary string/],
    ['another literal', (text: string) => text.replace("binaryDecode('", "decode('"), /binary string/],
    ['text that ends early', (text: string) => text.slice(0, 300), /memory|binary/],
    ['no WebAssembly', (text: string) => text.replace('\0asm', '\0xyz'), /binary string/],
    ['no memory', (text: string) => text.replace('wasmMemory =', 'm ='), /memory/],
    ['no constructors', (text: string) => text.replace('["s"]()', '["s"]'), /constructors/],
    ['no imports', (text: string) => text.replace('wasmImports', 'w'), /imports/],
  ])('refuses %s', (_, change, message) => {
    const text = change(emscriptenText(TINY_WASM));
    expect(() => unpackModule(text)).toThrow(expect.objectContaining({ code: 'unsupported' }));
    expect(() => unpackModule(text)).toThrow(message);
  });

  it.each([
    ['aac-encoder', ['init_encoder', 'send_frame', 'receive_packet', 'flush_encoder_start', 'close_encoder']],
    ['ac3', ['init_decoder', 'configure_decode_packet', 'decode_packet', 'flush_decoder', 'close_decoder']],
    ['dts', ['init_decoder', 'configure_decode_packet', 'decode_packet', 'flush_decoder', 'close_decoder']],
  ] as const)('unpacks the module installed: %s', async (name, functions) => {
    const { wasm, exports } = unpackModule(await loadText(name));
    expect(WebAssembly.validate(wasm)).toBe(true);
    expect(Object.keys(exports)).toEqual(expect.arrayContaining([...functions]));
  });
});
