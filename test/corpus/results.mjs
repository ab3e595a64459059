import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GRADES } from './check-file.mjs';
import { project } from './files.mjs';
import { NOT_JUDGED } from './not-judged.mjs';

const FILE = join(project, 'test/corpus/results.md');

/** The grades of the last whole run, by path. */
export function readGrades() {
  if (!existsSync(FILE)) return new Map();
  const rows = readFileSync(FILE, 'utf8').matchAll(/^\| (\S.*?) \| (\w+) \|/gm);
  return new Map(
    [...rows].map(([, path, grade]) => [path, grade]).filter(([, grade]) => GRADES.includes(grade)),
  );
}

/** Worse than expected; a file that was never graded must not be worse than refused. */
export const fallen = ({ path, grade }, expected) =>
  GRADES.indexOf(grade) > GRADES.indexOf(expected.get(path) ?? 'refused');

const cell = (text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

const ignoredFor = (path) =>
  Object.entries(NOT_JUDGED[path] ?? {})
    .map(([rule, reason]) => `${rule}: ${reason}`)
    .join('; ');

export function writeResults(results) {
  const sorted = [...results].sort((a, b) => (a.path < b.path ? -1 : 1));
  const counts = GRADES.map((grade) => `${results.filter((r) => r.grade === grade).length} ${grade}`).join(
    ', ',
  );
  const text = [
    '# Corpus results',
    '',
    'Made by `npm run corpus`: every file of the corpus, `--random-order --decode --source`. Grades, best first:',
    '**played** every video and audio track, nothing found; **partly** the same for some of them, the others named with',
    'the reason; **refused** an error with a code; **findings** the checker finds something; **broken** no clear answer.',
    'A grade that falls fails the run.',
    '',
    `${results.length} files: ${counts}.`,
    '',
    '| file | grade | tracks | checks or reason | warnings | not judged |',
    '|---|---|---|---|---|---|',
    ...sorted.map(
      ({ path, grade, tracks, detail, warnings }) =>
        `| ${path} | ${grade} | ${cell(tracks)} | ${cell(detail)} | ${warnings.join(' ')} | ${ignoredFor(path)} |`,
    ),
    '',
  ].join('\n');
  writeFileSync(FILE, text);
}
