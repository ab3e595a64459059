import { expect } from 'vitest';
import { MediaError } from '../../src/core/errors.ts';

/** Every byte with every value, and every prefix: the parser returns or throws MediaError, never anything else. */
export function expectMediaErrors(bytes: Uint8Array, parse: (bytes: Uint8Array) => unknown): void {
  for (const mutant of mutants(bytes))
    try {
      parse(mutant);
    } catch (error) {
      expect(error).toBeInstanceOf(MediaError);
    }
}

function* mutants(bytes: Uint8Array): Generator<Uint8Array> {
  for (let size = 0; size < bytes.length; size++) yield bytes.subarray(0, size);
  for (let at = 0; at < bytes.length; at++)
    for (let value = 0; value < 256; value++) {
      const mutant = bytes.slice();
      mutant[at] = value;
      yield mutant;
    }
}
