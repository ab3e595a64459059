import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { project } from './files.mjs';

/** Kept between runs, not in the repository. */
const FOLDER = join(project, 'node_modules/.cache/sluice-corpus');
const FILE = join(FOLDER, 'progress.jsonl');

/** Names the build: results of another one are worth nothing. */
function buildHash() {
  const hash = createHash('sha256');
  const dist = join(project, process.env.SLUICE_DIST ?? 'dist');
  const names = readdirSync(dist, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.js'))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
  for (const name of names) hash.update(readFileSync(name));
  return hash.digest('hex');
}

/** Results of an interrupted run of the same build, and a place for those of this one. */
export function openProgress({ isFresh }) {
  const build = buildHash();
  const lines = !isFresh && existsSync(FILE) ? readFileSync(FILE, 'utf8').trim().split('\n') : [];
  const isSame = lines[0] === build;
  const known = new Map(
    isSame ? lines.slice(1).map((line) => [JSON.parse(line).path, JSON.parse(line)]) : [],
  );
  if (!isFresh && !isSame) {
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(FILE, `${build}\n`);
  }
  return {
    get: (path) => known.get(path) ?? null,
    put: (result) => {
      if (!isFresh && !known.has(result.path)) appendFileSync(FILE, `${JSON.stringify(result)}\n`);
    },
    clear: () => rmSync(FILE, { force: true }),
  };
}
