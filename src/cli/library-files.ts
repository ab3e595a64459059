import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { MediaError } from '../core/errors.ts';

/** What was written, so that what others write there is told from it. */
const MANIFEST = '.sluice-library.json';

/** Paths with slashes, and the hash of what was written there. */
type Written = ReadonlyMap<string, string>;

export interface LibraryOutcome {
  readonly written: number;
  readonly unchanged: number;
  readonly removed: number;
  /** Paths of files that somebody else made, or changed: they are left alone. */
  readonly foreign: readonly string[];
}

export interface LibraryWriting {
  /** Contents by paths with slashes. */
  readonly files: ReadonlyMap<string, string>;
  /** Whether what an earlier run wrote, and this one has no more, is removed. */
  readonly old: 'kept' | 'removed';
}

/** Writes what differs; files that are as they should be keep their times, which media servers go by. */
export async function writeLibrary(
  folder: string,
  { files, old }: LibraryWriting,
  signal: AbortSignal,
): Promise<LibraryOutcome> {
  await mkdir(folder, { recursive: true });
  const before = await readManifest(folder);
  const now = new Map(before);
  const foreign: string[] = [];
  let written = 0;
  let removed = 0;
  try {
    for (const [path, content] of files) {
      signal.throwIfAborted();
      const outcome = await writeOne(join(folder, path), { content, known: before.get(path) });
      if (outcome === 'foreign') foreign.push(path);
      else now.set(path, hashOf(content));
      if (outcome === 'written') written++;
    }
    if (old === 'removed')
      for (const [path, hash] of before) {
        signal.throwIfAborted();
        if (files.has(path)) continue;
        if (await removeOne(folder, path, hash)) removed++;
        now.delete(path);
      }
  } finally {
    await writeManifest(folder, now);
  }
  return { written, unchanged: files.size - written - foreign.length, removed, foreign };
}

interface Wanted {
  readonly content: string;
  /** Hash of what an earlier run wrote there. */
  readonly known: string | undefined;
}

async function writeOne(path: string, { content, known }: Wanted): Promise<'written' | 'same' | 'foreign'> {
  const there = await readIfThere(path);
  if (there === content) return 'same';
  if (there !== null && (known === undefined || hashOf(there) !== known)) return 'foreign';
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  return 'written';
}

/** With the folders that are empty then. Whether there was anything of ours. */
async function removeOne(folder: string, path: string, hash: string): Promise<boolean> {
  const file = join(folder, path);
  const there = await readIfThere(file);
  if (there === null || hashOf(there) !== hash) return false;
  await rm(file);
  for (let parent = dirname(file); parent.startsWith(folder + sep); parent = dirname(parent)) {
    try {
      await rmdir(parent);
    } catch {
      break;
    }
  }
  return true;
}

async function readManifest(folder: string): Promise<Written> {
  const text = await readIfThere(join(folder, MANIFEST));
  if (text === null) return new Map();
  try {
    const { files } = JSON.parse(text) as { readonly files: Readonly<Record<string, unknown>> };
    const entries = Object.entries(files).map(([path, hash]) => [path, String(hash)] as const);
    // Whoever edits it cannot have anything removed elsewhere.
    return new Map(entries.filter(([path]) => resolve(folder, path).startsWith(folder + sep)));
  } catch {
    throw new MediaError('bad-request', `${join(folder, MANIFEST)} cannot be read: mend or remove it`);
  }
}

async function writeManifest(folder: string, written: Written): Promise<void> {
  const files = Object.fromEntries([...written].sort(([a], [b]) => (a < b ? -1 : 1)));
  const text = `${JSON.stringify({ version: 1, files }, null, 1)}\n`;
  const path = join(folder, MANIFEST);
  if ((await readIfThere(path)) !== text) await writeFile(path, text);
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 16);

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
