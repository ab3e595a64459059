// Checks every file of a corpus of real media through one server: is each played without a finding
// of an independent conformance checker, or refused with a reason? Grades are compared with those in results.md.
// Corpus and checker lie outside of the project: SLUICE_CORPUS and SLUICE_TOOLS name them (default: ../shared/…).
//   npm run corpus [-- --sample] [-- --match TEXT] [-- --fresh]
// Without --fresh a run goes on where the last one of the same build was stopped.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { CHECKER, checkFile } from './check-file.mjs';
import { corpus, files, peculiar } from './files.mjs';
import { openProgress } from './progress.mjs';
import { fallen, readGrades, writeResults } from './results.mjs';
import { startServers } from './servers.mjs';

const { values } = parseArgs({
  options: { sample: { type: 'boolean' }, match: { type: 'string' }, fresh: { type: 'boolean' } },
});

/** Files of the sample: those whose path hashes lowest, and half of those with a peculiarity that no other has. */
const SAMPLE = 10;
const JOBS = 2;

if (!existsSync(corpus) || !existsSync(CHECKER)) {
  process.stdout.write('No corpus beside the project: nothing checked\nCorpus: 0 passed, 0 failed\n');
  process.exit(0);
}

const hashOf = (path) => createHash('sha256').update(path).digest('hex');

function wanted() {
  const all = files().filter(({ path }) => new RegExp(values.match ?? '').test(path));
  if (!values.sample) return all;
  const byHash = [...all].sort((a, b) => (hashOf(a.path) < hashOf(b.path) ? -1 : 1));
  const chosen = new Set([...byHash.slice(0, SAMPLE), ...peculiar(byHash).filter((_, i) => i % 2 === 0)]);
  return all.filter((file) => chosen.has(file));
}

const expected = readGrades();
const progress = openProgress({ isFresh: Boolean(values.fresh || values.sample || values.match) });
const servers = await startServers();
const results = [];
const queue = wanted();
await Promise.all(
  Array.from({ length: JOBS }, async () => {
    for (let file = queue.shift(); file; file = queue.shift()) {
      const result = progress.get(file.path) ?? (await checkFile(file, servers));
      progress.put(result);
      results.push(result);
      const isFallen = fallen(result, expected);
      process.stdout.write(
        `${isFallen ? 'FALL' : 'ok  '}  ${result.grade.padEnd(8)} ${file.path}  ${result.detail}\n`,
      );
      for (const line of result.findings) process.stdout.write(`      ${line}\n`);
    }
  }),
);
await servers.stop();

const failed = results.filter((result) => fallen(result, expected));
if (!values.sample && !values.match) writeResults(results);
if (!values.sample && !values.match) progress.clear();
for (const { path, grade } of failed)
  process.stdout.write(`${path}: ${grade}, expected ${expected.get(path)}\n`);
process.stdout.write(`Corpus: ${results.length - failed.length} passed, ${failed.length} failed\n`);
process.exitCode = failed.length > 0 ? 1 : 0;
