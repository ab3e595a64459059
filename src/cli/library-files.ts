import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
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
  await mkdir(folder, { recursive: true }).catch(noFolder(folder));
  const before = await readManifest(folder);
  const now = new Map(before);
  const foreign: string[] = [];
  let written = 0;
  let removed = 0;
  const removeAll = async (gone: readonly string[]) => {
    for (const path of gone) {
      signal.throwIfAborted();
      if (await removeOne(folder, path, before.get(path))) removed++;
      now.delete(path);
    }
  };
  const { renamed, gone } = old === 'removed' ? goneFiles(before, files) : { renamed: [], gone: [] };
  try {
    await removeAll(renamed);
    for (const [path, content] of files) {
      signal.throwIfAborted();
      const outcome = await writeOne(join(folder, path), { content, known: before.get(path) });
      if (outcome === 'foreign') foreign.push(path);
      else now.set(path, hashOf(content));
      if (outcome === 'written') written++;
    }
    await removeAll(gone);
  } finally {
    await writeManifest(folder, now);
  }
  return { written, unchanged: files.size - written - foreign.length, removed, foreign };
}

/** What was written before and is not now; `renamed`: systems of files that take capitals for small letters have it still. */
function goneFiles(before: Written, files: ReadonlyMap<string, string>) {
  const kept = new Set([...files.keys()].map(folded));
  const old = [...before.keys()].filter((path) => !files.has(path));
  return {
    renamed: old.filter((path) => kept.has(folded(path))),
    gone: old.filter((path) => !kept.has(folded(path))),
  };
}

const folded = (path: string): string => path.normalize('NFC').toLowerCase();

interface Wanted {
  readonly content: string;
  /** Hash of what an earlier run wrote there. */
  readonly known: string | undefined;
}

type Outcome = 'written' | 'same' | 'foreign';

/** A folder where a file should be, or the other way round, is somebody else's. */
async function writeOne(path: string, wanted: Wanted): Promise<Outcome> {
  try {
    return await writeFileOf(path, wanted);
  } catch (error) {
    if (isInTheWay(error)) return 'foreign';
    throw error;
  }
}

const isInTheWay = (error: unknown): boolean => ['EISDIR', 'ENOTDIR', 'EEXIST'].includes(codeOf(error));

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : '';

const noFolder =
  (folder: string) =>
  (error: unknown): never => {
    if (isInTheWay(error)) throw new MediaError('bad-request', `${folder} is no folder`);
    throw error;
  };

async function writeFileOf(path: string, { content, known }: Wanted): Promise<Outcome> {
  const there = await readIfThere(path);
  if (there === content) return 'same';
  if (there !== null && (known === undefined || hashOf(there) !== known)) return 'foreign';
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  return 'written';
}

/** With the folders that are empty then. Whether there was anything of ours. */
async function removeOne(folder: string, path: string, hash: string | undefined): Promise<boolean> {
  const file = join(folder, path);
  const there = await readIfThere(file).catch(nothingOfOurs);
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

const nothingOfOurs = (error: unknown): null => {
  if (isInTheWay(error)) return null;
  throw error;
};

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
  if ((await readIfThere(path)) === text) return;
  // Half of it would be none: the next call could neither write nor remove anything.
  const beside = `${path}.new`;
  await writeFile(beside, text);
  await rename(beside, path);
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 16);

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}
