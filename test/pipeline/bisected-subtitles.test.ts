import { expect, test, vi } from 'vitest';
import { fixture } from '../helpers/fixtures.ts';
import { without } from '../helpers/matroska-edit.ts';
import { ID } from '../helpers/matroska-writer.ts';
import { serve } from './serve.ts';
import { bodiesOf, bodyOf, cuesOfBody } from './subtitles/served-texts.ts';

/** Every file is one that is too large to be read whole. */
vi.mock('../../src/core/limits.ts', async (original) => {
  const { LIMITS } = await original<typeof import('../../src/core/limits.ts')>();
  return { LIMITS: { ...LIMITS, wholeAtOnce: 0, wholeWithoutIndex: 0 } };
});

test('a film without an index has its texts in each segment that they are shown in', async () => {
  const served = await serve(without(fixture('subtitles'), ID.Cues));
  const { title, count } = served;
  expect([title.survey, title.locator === null]).toEqual(['bisected', false]);
  expect(title.subtitles.map(({ texts }) => texts.kind)).toEqual(['spans', 'spans', 'spans']);
  const [subtitle] = title.subtitles;
  if (!subtitle) throw new Error('no subtitles');
  const bodies = await bodiesOf(served, subtitle);
  const { cuts, timescale } = title.timeline;
  const at = (n: number) => ((cuts[n]?.time ?? Number.POSITIVE_INFINITY) / timescale) * 1000;
  const times = [
    [500, 1500],
    [1800, 8200],
    [3000, 4000],
    [11_000, 11_900],
  ] as const;
  for (const [n, body] of bodies.entries())
    expect(cuesOfBody(body).map(({ start, end }) => [start, end])).toEqual(
      times.filter(([start, end]) => end > at(n) && start < at(n + 1)),
    );
  for (let n = count - 1; n >= 0; n--) expect(await bodyOf(title, subtitle, n)).toBe(bodies[n]);
});
