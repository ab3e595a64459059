import { stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openTitle } from '../http/serve-app.ts';
import { filesOf } from './films.ts';
import { SECRET } from './machine.ts';
import { digestsOf, sharing } from './sharing.ts';

const { folder, log, path, share, machine, requestsOf, prepare } = sharing();

describe('what is shared', () => {
  it("shows no address and no secret, and is its owner's alone", async () => {
    await prepare();
    const files = await filesOf(folder());
    expect(files.size).toBeGreaterThan(2);
    for (const [name, bytes] of files) {
      expect(name.slice(folder().length)).toMatch(/^\/sluice-shared\/[\da-f]{2}\/[\da-f]{62}$/);
      for (const secret of ['127.0.0.1', 'sound.mkv', SECRET]) expect(bytes.includes(secret)).toBe(false);
    }
    expect((await stat(join(folder(), 'sluice-shared'))).mode & 0o077).toBe(0);
  });

  it('is nothing of what only --allow-private opens', async () => {
    await prepare({ allow: [], allowPrivate: true });
    expect(await filesOf(folder())).toEqual(new Map());
  });

  it('is no copy, unless that is wanted', async () => {
    await prepare();
    const without = (await filesOf(folder())).size;
    const made = await prepare({ keepsCopies: true });
    expect((await filesOf(folder())).size).toBeGreaterThan(without + 3);
    const other = await machine({ shared: await share({ keepsCopies: true }) });
    const title = await openTitle(other, path('sound'));
    const requests = await requestsOf(async () => {
      expect(await digestsOf(other, title)).toEqual(made);
    });
    expect(requests).toBe(0);
  });
});

describe('values that are not what was stored', () => {
  /** One after the other, over and over. */
  const DAMAGES: readonly ((name: string, bytes: Buffer) => Promise<void>)[] = [
    (name, bytes) => truncate(name, bytes.length >> 1),
    (name) => truncate(name, 0),
    (name, bytes) => {
      const other = Buffer.from(bytes);
      other[bytes.length - 1] = (other[bytes.length - 1] ?? 0) ^ 1;
      return writeFile(name, other);
    },
  ];

  it('cut short, empty or of other bits: are made anew, and it is told once', async () => {
    const made = await prepare({ keepsCopies: true });
    const files = [...(await filesOf(folder()))];
    expect(files.length).toBeGreaterThan(DAMAGES.length);
    for (const [i, [name, bytes]] of files.entries()) await DAMAGES[i % DAMAGES.length]?.(name, bytes);
    const other = await machine({ shared: await share({ keepsCopies: true }) });
    expect(await digestsOf(other, await openTitle(other, path('sound')))).toEqual(made);
    expect(other.jobs()).toBeGreaterThan(0);
    expect(log.map(({ message }) => message)).toEqual([
      'shared cache: checking fails; requests are served without it',
    ]);
  });

  it("under each other's names: are made anew", async () => {
    const made = await prepare();
    const files = [...(await filesOf(folder()))];
    for (const [i, [name]] of files.entries())
      await writeFile(name, files[(i + 1) % files.length]?.[1] ?? '');
    const other = await machine({ shared: await share() });
    expect(await digestsOf(other, await openTitle(other, path('sound')))).toEqual(made);
    expect(other.jobs()).toBeGreaterThan(0);
  });
});
