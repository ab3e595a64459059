import { describe, expect, test } from 'vitest';
import { MediaError } from '../../../src/core/errors.ts';
import { fixture } from '../../helpers/fixtures.ts';
import { mutantOf } from '../../helpers/mutants.ts';
import { open, readAll } from './streams.ts';

/** Over all seeds; `npm run fuzz` asks for a hundred thousand: each is read three times, which takes milliseconds. */
const COUNT = Number(process.env.SLUICE_FUZZ ?? 6000) / 10;

/** The beginning of a fixture: tables, some pictures and frames. */
const SEEDS = [
  { name: 'transport', stride: 188, packets: 72 },
  { name: 'transport-192', stride: 192, packets: 72 },
];
const each = Math.ceil(COUNT / SEEDS.length);

describe.each(SEEDS)(`$name, ${each} times damaged`, ({ name, stride, packets }) => {
  test('is read or refused with a MediaError, at once', { timeout: 10_000 + each * 20 }, async () => {
    const file = fixture(name).subarray(0, stride * packets);
    const structure = Array.from({ length: packets }, (_, i) => i * stride);
    expect((await readAll(await open(file))).length).toBeGreaterThan(0);
    const failures: unknown[] = [];
    let readable = 0;
    for (let seed = 0; seed < each && failures.length < 5; seed++) {
      const mutant = mutantOf(file, seed * 31 + stride, structure);
      const begun = performance.now();
      try {
        await readAll(await open(mutant));
        readable++;
      } catch (error) {
        if (!(error instanceof MediaError)) failures.push({ seed, error });
      }
      const took = performance.now() - begun;
      if (took > 2000) failures.push({ seed, took });
    }
    expect(failures).toEqual([]);
    expect(readable).toBeGreaterThan(each / 4);
    expect(process.memoryUsage().heapUsed).toBeLessThan(1_500_000_000);
  });
});
