import { describe, expect, it } from 'vitest';
import { instantiate } from '../../../src/audio/wasm/instance.ts';
import { unpackModule } from '../../../src/audio/wasm/unpack.ts';
import { emscriptenText, TINY_WASM } from './tiny-module.ts';

const unpacked = unpackModule(emscriptenText(TINY_WASM));

describe('instantiate', () => {
  it('runs the constructors and calls by name', async () => {
    const instance = await instantiate(unpacked);
    expect(instance.bytes[0]).toBe(42);
    expect(instance.call('add', 40, 5)).toBe(45);
  });

  it('takes a module that was compiled before', async () => {
    const { wasm, ...names } = unpacked;
    const instance = await instantiate({ ...names, module: await WebAssembly.compile(wasm) });
    expect(instance.call('add', 1, 2)).toBe(3);
  });

  it.each(['trap', '_die'])('throws at a fault and ever after: %s', async (name) => {
    const instance = await instantiate(unpacked);
    expect(() => instance.call(name)).toThrow(/failed/);
    expect(instance.isBroken).toBe(true);
    expect(() => instance.call('add', 1, 2)).toThrow(/after a fault/);
  });

  it('does not take an unknown name for a fault', async () => {
    const instance = await instantiate(unpacked);
    expect(() => instance.call('multiply')).toThrow(/without a function multiply/);
    expect(instance.isBroken).toBe(false);
  });

  it('refuses a module that needs what nothing stands in for', async () => {
    await expect(instantiate({ ...unpacked, imports: { a: '_launch' } })).rejects.toThrow(/_launch/);
  });
});
