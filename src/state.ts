import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where Sluice keeps what must survive a restart: the XDG base directory for state. */
export const defaultStateDir = (env: Readonly<Record<string, string | undefined>>): string =>
  join(env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'sluice');

interface LoadedSecret {
  readonly secret: string;
  readonly isKept: boolean;
  readonly isNew: boolean;
}

/**
 * The secret of this installation: read from the folder, else made and kept there. Where the folder cannot be
 * written the secret lasts as long as the process, and `isKept` is false.
 */
export async function loadSecret(folder: string): Promise<LoadedSecret> {
  const file = join(folder, 'secret');
  const known = await readIfThere(file);
  if (known) return { secret: known, isKept: true, isNew: false };
  const secret = randomBytes(32).toString('base64url');
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(file, `${secret}\n`, { mode: 0o600, flag: 'wx' });
    return { secret, isKept: true, isNew: true };
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') return { secret, isKept: false, isNew: true };
    return { secret: (await readIfThere(file)) ?? secret, isKept: true, isNew: false };
  }
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return (await readFile(file, 'utf8')).trim() || null;
  } catch {
    return null;
  }
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;
