import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { openMatroska } from '../../../parsers/matroska/demuxer.ts';
import { memorySource } from '../../../src/core/bytes.ts';
import { MediaError } from '../../../src/core/errors.ts';
import { fixture } from '../../helpers/fixtures.ts';
import { elements, rebuild } from '../../helpers/matroska-edit.ts';
import { bytes, element, ID } from '../../helpers/matroska-writer.ts';
import { clusterStarts, mutantOf } from '../../helpers/mutants.ts';
import { signal } from './reading.ts';

/** Over all fixtures; `npm run fuzz` asks for a million. */
const COUNT = Number(process.env.SLUICE_FUZZ ?? 2000);

const names = readdirSync(fileURLToPath(new URL('../../../fixtures', import.meta.url)))
  .filter((name) => /\.mk[av]$/.test(name))
  .map((name) => name.replace(/\.mk[av]$/, ''));

/** Blocks of the first cluster that are kept: enough to tell every track's configuration. */
const BLOCKS = 12;

/** The head of a fixture, the beginning of its first cluster, and what follows the clusters. */
function small(name: string): Uint8Array {
  let clusters = 0;
  return rebuild(fixture(name), (parts) =>
    parts.flatMap((part) => {
      if (part.id !== ID.Cluster) return [part];
      if (clusters++ > 0) return [];
      const kept = elements(part.data).slice(0, BLOCKS);
      const data = bytes(kept.map(({ whole }) => whole));
      return [{ ...part, data, whole: element(ID.Cluster, data) }];
    }),
  );
}

async function read(file: Uint8Array): Promise<number> {
  const demuxer = await openMatroska(memorySource(file), signal);
  const { start, end } = demuxer.payload;
  const tracks = new Set(demuxer.tracks.map(({ id }) => id));
  let count = 0;
  for await (const batch of demuxer.samples({ start, soft: end, end, tracks }, signal))
    count += batch.samples.length;
  return count;
}

const each = Math.ceil(COUNT / names.length);

describe.each(names)(`%s, ${each} times damaged`, (name) => {
  test('is read or refused with a MediaError, at once', { timeout: 10_000 + each * 20 }, async () => {
    const file = small(name);
    const clusters = clusterStarts(file);
    expect(await read(file)).toBeGreaterThan(0);
    const failures: unknown[] = [];
    let readable = 0;
    for (let seed = 0; seed < each && failures.length < 5; seed++) {
      const mutant = mutantOf(file, seed * 31 + names.indexOf(name), clusters);
      const begun = performance.now();
      try {
        await read(mutant);
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
