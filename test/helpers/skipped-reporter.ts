import type { Reporter, TestModule } from 'vitest/node';
import { SKIPPED } from './chromium.ts';

/** Says at the end what the tests that were left out want. */
export class SkippedReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = modules.reduce((sum, module) => sum + [...module.children.allTests('skipped')].length, 0);
    if (count > 0) process.stdout.write(`${count} tests ${SKIPPED}\n`);
  }
}
