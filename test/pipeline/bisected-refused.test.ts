import { expect, test, vi } from 'vitest';
import { audio, film, video } from './film.ts';
import { serve } from './serve.ts';

/** Every file is one that is too large to be read whole. */
vi.mock('../../src/core/limits.ts', async (original) => {
  const { LIMITS } = await original<typeof import('../../src/core/limits.ts')>();
  return { LIMITS: { ...LIMITS, wholeAtOnce: 0, wholeWithoutIndex: 0, head: 4096 } };
});

const COUNT = 12_000;
const GOP = `I${'P'.repeat(49)}`;

test('a file whose second half is stamped before its first is refused', async () => {
  const packets = video({
    pattern: GOP,
    count: COUNT,
    timeOf: (i) => ((i + COUNT / 2) % COUNT) * 40,
  });
  await expect(serve(film(packets, { cues: null }))).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringContaining('only be served in order'),
  });
});

test('sound alone: segments stand by themselves and need no key picture', async () => {
  const { title, renditions } = await serve(film(audio({ toMs: 600_000 }), { cues: null }));
  expect(title.survey).toBe('bisected');
  expect(title.remarks).toEqual([]);
  expect(renditions.map(({ name }) => name)).toEqual(['a0-copy']);
});
