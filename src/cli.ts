#!/usr/bin/env -S node --max-semi-space-size=4
import { setFlagsFromString } from 'node:v8';
import { CommanderError } from 'commander';
import { EXIT, failure } from './cli/exit-codes.ts';
import { addCompletion, createProgram } from './cli/program.ts';

/**
 * Buffers that pass through count as garbage of the heap: with V8's own measure a heap of 10 MB is marked anew for each
 * 30 MB that are read, which is a third of the CPU of a copy. With this it is for each 60, and 20 MB more are held.
 */
setFlagsFromString('--heap-growing-percent=500');

/** Asked for by shells, or for them. */
const COMPLETION: ReadonlySet<string | undefined> = new Set(['completion', 'complete']);

/** What commander says in several lines is told in one. */
const sentence = (text: string): string =>
  text
    .replace(/^error: /, '')
    .trim()
    .replaceAll(/\s*\n\s*/g, ' ');

async function main(): Promise<number> {
  let status: number = EXIT.done;
  const program = createProgram((reported) => {
    status = reported;
  });
  try {
    if (COMPLETION.has(process.argv[2])) await (await import('./cli/completion.ts')).complete(process.argv);
    else {
      addCompletion(program);
      if (process.argv.length <= 2) program.outputHelp();
      else await program.parseAsync();
    }
    return status;
  } catch (error) {
    return tell(error);
  }
}

function tell(error: unknown): number {
  if (isBrokenPipe(error)) return EXIT.done;
  if (!(error instanceof CommanderError)) {
    const { status, text } = failure(error);
    process.stderr.write(`${text}\n`);
    return status;
  }
  if (error.exitCode === 0) return EXIT.done;
  process.stderr.write(`${sentence(error.message)} [usage]\n`);
  return EXIT.usage;
}

/** Who reads the output has seen enough: that is no error. */
function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EPIPE';
}

const onBroken = (error: Error) => {
  if (isBrokenPipe(error)) process.exit(EXIT.done);
  throw error;
};
process.stdout.on('error', onBroken);
process.stderr.on('error', onBroken);

process.exitCode = await main();
