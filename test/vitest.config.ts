import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { SkippedReporter } from './helpers/skipped-reporter.ts';

const report = process.env.SLUICE_TEST_REPORT;
const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Tests of the whole: they start servers and browsers and measure times, so they run one by one, after the others. So do
 * those that exchange a module for another, which the files of one worker would share.
 */
const WHOLE = [
  'test/browser/**/*.test.ts',
  'test/measure/**/*.test.ts',
  'test/threads/**/*.test.ts',
  'test/pipeline/bisected*.test.ts',
  'test/worker/memory.test.ts',
  'test/machines/failing-redis.test.ts',
  'test/library/pack.test.ts',
  'test/node.test.ts',
  'test/ffmpeg/server.test.ts',
];

/** Of these those that measure nothing and mostly wait: two at a time. */
const WAITING = ['proxied', 'receivers', 'stremio-video', 'subtitles'].map(
  (name) => `test/browser/${name}.test.ts`,
);

/** Minutes of load whose times a busy machine spoils: `npm run measure`. */
const MEASURE = [
  ...['transcoding', 'heavy-film', 'memory', 'remux', 'encode'].map((name) => `test/measure/${name}.test.ts`),
  'test/worker/memory.test.ts',
];

export default defineConfig({
  root,
  test: {
    testTimeout: 30_000,
    reporters: [
      'default',
      new SkippedReporter(),
      ...(report ? [['json', { outputFile: report }] as ['json', { outputFile: string }]] : []),
    ],
    projects: [
      {
        extends: true,
        root,
        test: {
          name: 'units',
          include: ['test/**/*.test.ts'],
          exclude: WHOLE,
          pool: 'threads',
          // Modules keep no state: each is loaded once for all files of a worker.
          isolate: false,
          // All cores: Vitest would leave one of them idle.
          maxWorkers: '100%',
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        root,
        test: {
          name: 'whole',
          include: WHOLE,
          exclude: [...MEASURE, ...WAITING],
          fileParallelism: false,
          pool: 'threads',
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        root,
        test: {
          name: 'waiting',
          include: WAITING,
          pool: 'threads',
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        root,
        test: {
          name: 'measure',
          include: MEASURE,
          fileParallelism: false,
          pool: 'threads',
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
