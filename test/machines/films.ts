import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fixture } from '../helpers/fixtures.ts';
import { largeFilm } from '../http/large-film.ts';

const FILMS: Readonly<Record<string, () => Uint8Array>> = {
  indexed: () => largeFilm(),
  unindexed: () => largeFilm({ seconds: 200, isUnindexed: true }),
  sound: () => fixture('ac3'),
};

const made = new Map<string, Uint8Array>();

/** A film by its name; each is made once. */
export function film(name: string): Uint8Array {
  const known = made.get(name) ?? FILMS[name]?.();
  if (!known) throw new Error(`No film ${name}`);
  made.set(name, known);
  return known;
}

export const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Files below a folder with what they hold. */
export async function filesOf(folder: string): Promise<Map<string, Buffer>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(await Promise.all(files.map(async (path) => [path, await readFile(path)] as const)));
}
