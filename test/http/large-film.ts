import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type SparseOptions, sparseMatroska } from '../helpers/sparse-matroska.ts';

/** A film that is too large to be read whole at once: 400 kB a second, a cut every two. */
export function largeFilm(options: Partial<SparseOptions> = {}): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-film-'));
  try {
    const path = join(folder, 'film.mkv');
    sparseMatroska(path, { seconds: 40, bytesPerSecond: 400_000, gopSeconds: 2, ...options });
    return new Uint8Array(readFileSync(path));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
