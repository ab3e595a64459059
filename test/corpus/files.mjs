import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const project = fileURLToPath(new URL('../..', import.meta.url));
export const corpus = process.env.SLUICE_CORPUS ?? join(project, '../shared/corpus');
export const tools = process.env.SLUICE_TOOLS ?? join(project, '../shared/tools');

/** The rows of the manifest. */
export function files() {
  const [head, ...rows] = readFileSync(join(corpus, 'MANIFEST.tsv'), 'utf8').trim().split('\n');
  const names = head.split('\t');
  return rows.map((row) => Object.fromEntries(row.split('\t').map((cell, i) => [names[i], cell])));
}

const peculiarities = ({ peculiarity, video, audio }) =>
  [
    ...peculiarity.split(/[,;:]/),
    ...[video, audio].flatMap((text) => text.split('|').map((track) => track.trim().split(/[ /]/)[0])),
  ].map((text) => text.trim().replace(/=\d+$/, ''));

/** Files with a peculiarity or a codec that no other file has. */
export function peculiar(all) {
  const counts = new Map();
  for (const file of all)
    for (const text of new Set(peculiarities(file))) counts.set(text, (counts.get(text) ?? 0) + 1);
  return all.filter((file) => peculiarities(file).some((text) => text && counts.get(text) === 1));
}
