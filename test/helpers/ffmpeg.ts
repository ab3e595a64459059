import { spawnSync } from 'node:child_process';
import type { TestContext } from 'vitest';
import { SKIPPED } from './chromium.ts';

const isThere = (tool: string) => spawnSync(tool, ['-version']).status === 0;
export const hasFfmpeg = isThere('ffmpeg') && isThere('ffprobe');

/** Ends a test where the oracle is not installed. */
export function needsFfmpeg(context: TestContext): void {
  if (!hasFfmpeg) context.skip(SKIPPED);
}

interface Answer {
  readonly stdout: Buffer;
  /** Empty when the tool had nothing to complain of. */
  readonly stderr: string;
}

export function run(tool: 'ffmpeg' | 'ffprobe', options: readonly string[], input: Uint8Array): Answer {
  const { stdout, stderr } = spawnSync(tool, ['-v', 'warning', ...options], { input, maxBuffer: 2 ** 28 });
  return { stdout, stderr: stderr.toString() };
}
