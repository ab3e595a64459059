import { expect } from 'vitest';
import { MediaError } from '../../src/core/errors.ts';
import { hexOf } from './hex.ts';

/** Every byte changed, and every prefix: the parser returns or throws MediaError, never anything else. */
export function expectMediaErrors(bytes: Uint8Array, parse: (bytes: Uint8Array) => unknown): void {
  const failures: unknown[] = [];
  const stackTraceLimit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  for (const mutant of mutants(bytes))
    try {
      parse(mutant);
    } catch (error) {
      if (!(error instanceof MediaError)) failures.push({ error, mutant: hexOf(mutant) });
    }
  Error.stackTraceLimit = stackTraceLimit;
  expect(failures).toEqual([]);
}

/** Each bit flipped, none set, all set. */
const changesOf = (byte: number): number[] => [
  0,
  255,
  ...Array.from({ length: 8 }, (_, bit) => byte ^ (1 << bit)),
];

function* mutants(bytes: Uint8Array): Generator<Uint8Array> {
  for (let size = 0; size < bytes.length; size++) yield bytes.subarray(0, size);
  for (let at = 0; at < bytes.length; at++)
    for (const value of changesOf(bytes[at] ?? 0)) {
      const mutant = bytes.slice();
      mutant[at] = value;
      yield mutant;
    }
}
