import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeWholeFile } from '../../src/cli/whole-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-whole-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bytes = (...values: number[]) => Uint8Array.from(values);

describe('a file that is whole or not there', () => {
  it('holds all buffers in order, empty ones and thousands of them too', async () => {
    const path = join(folder, 'whole');
    const many = Array.from({ length: 3000 }, (_, i) => bytes(i & 255, i >> 8));
    expect(await writeWholeFile(path, [[bytes(1), bytes(), bytes(2, 3)], many, []])).toBe(6003);
    expect(readFileSync(path).equals(Buffer.concat([bytes(1, 2, 3), ...many]))).toBe(true);
  });

  it('has no name while it is written', async () => {
    const path = join(folder, 'later');
    async function* chunks() {
      yield [bytes(1)];
      expect(existsSync(path)).toBe(false);
      yield [bytes(2)];
    }
    await writeWholeFile(path, chunks());
    expect(readFileSync(path)).toEqual(Buffer.from([1, 2]));
  });

  it('leaves what was there, and nothing beside it, when it breaks off', async () => {
    const path = join(folder, 'kept');
    writeFileSync(path, 'before');
    async function* chunks() {
      yield [bytes(1)];
      throw new Error('Interrupted');
    }
    await expect(writeWholeFile(path, chunks())).rejects.toThrow('Interrupted');
    expect(readFileSync(path, 'utf8')).toBe('before');
    expect(readdirSync(folder).filter((name) => name.includes('part'))).toEqual([]);
  });
});
