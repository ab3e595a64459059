import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Source } from '../../src/core/contracts.ts';
import { createSparseCache } from '../../src/sources/sparse-cache.ts';
import { patternBytes } from '../helpers/upstream.ts';

const SIZE = 200_000;
const bytes = patternBytes(SIZE);

/** An upstream whose chunks have odd sizes and come in an order that the scheduler picks, and which sometimes breaks. */
function moody(scheduler: fc.Scheduler, sizes: readonly number[], isSizeKnown: boolean): Source {
  let turn = 0;
  return {
    size: isSizeKnown ? SIZE : null,
    async *read({ start, end }, signal) {
      for (let at = start; at < Math.min(end, SIZE); ) {
        await scheduler.schedule(Promise.resolve());
        signal.throwIfAborted();
        const size = sizes[turn++ % sizes.length] ?? 1;
        if (size === 0) throw new Error('broken');
        yield bytes.slice(at, Math.min(at + size, end, SIZE));
        at += size;
      }
    },
  };
}

interface Reading {
  readonly start: number;
  readonly length: number;
  /** Chunks after which the reader leaves, by return or by abort; null stays. */
  readonly leavesAfter: number | null;
  readonly isAbort: boolean;
}

const reading = fc.record({
  start: fc.integer({ min: 0, max: SIZE + 1000 }),
  length: fc.integer({ min: 0, max: SIZE }),
  leavesAfter: fc.option(fc.integer({ min: 0, max: 5 }), { nil: null, freq: 2 }),
  isAbort: fc.boolean(),
});

/** Whether every byte that the reader got was the right one, and none was missing at its end. */
async function isRight(source: Source, { start, length, leavesAfter, isAbort }: Reading): Promise<boolean> {
  const controller = new AbortController();
  const end = Math.min(start + length, Math.max(start, SIZE));
  let at = start;
  let chunks = 0;
  try {
    for await (const chunk of source.read({ start, end: start + length }, controller.signal)) {
      if (Buffer.compare(chunk, bytes.subarray(at, at + chunk.length)) !== 0) return false;
      at += chunk.length;
      if (at > end) return false;
      if (chunks++ === leavesAfter) {
        if (!isAbort) return true;
        controller.abort(new Error('left'));
      }
    }
    return at === end;
  } catch (error) {
    return error instanceof Error && (error.message === 'broken' || error.message === 'left');
  }
}

test('concurrent reads, leaves, aborts and failures always yield the right bytes, and leave nothing running', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.array(reading, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 3 }),
      fc
        .array(
          fc.oneof(
            { weight: 20, arbitrary: fc.integer({ min: 1, max: 30_000 }) },
            { weight: 1, arbitrary: fc.constant(0) },
          ),
          {
            minLength: 1,
            maxLength: 10,
          },
        )
        .filter((sizes) => sizes.some((size) => size > 100)),
      fc.constantFrom(4096, 40_000, 1_000_000),
      fc.boolean(),
      async (scheduler, rounds, sizes, maxBytes, isSizeKnown) => {
        const cache = createSparseCache({ maxBytes });
        const source = cache.wrap(moody(scheduler, sizes, isSizeKnown));
        for (const round of rounds) {
          const all = Promise.all(round.map((each) => isRight(source, each)));
          expect(await scheduler.waitFor(all)).toEqual(round.map(() => true));
          expect(cache.stats().bytes).toBeLessThanOrEqual(maxBytes);
          expect(cache.stats().activeFetches).toBe(0);
        }
      },
    ),
    { numRuns: 150 },
  );
}, 20_000);
