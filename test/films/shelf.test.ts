import { describe, expect, it } from 'vitest';
import { createFilmShelf, type ShelvedRoot } from '../../src/films/shelf.ts';

/** A root with files that can be exchanged, and what was read of it. */
function root(files: Record<string, string>) {
  let listings = 0;
  const shelved: ShelvedRoot = {
    name: 'films',
    async list(path) {
      listings++;
      if (path === 'locked') throw new Error('That folder is not ours');
      const about = { isCut: false, hasUnreadable: false, real: path };
      if (path !== '') return { ...about, entries: [] };
      if ('gone' in files) throw new Error('The disk is away');
      const names = Object.keys(files);
      return {
        ...about,
        entries: names.map((name) => ({ name, isFolder: !name.includes('.'), size: 1 })),
      };
    },
    readText: async (path) => files[path] ?? null,
  };
  return { shelved, listings: () => listings };
}

const MINUTE = 60_000;

describe('a shelf', () => {
  it('is read once for many who ask, and again in the background after a while', async () => {
    let time = 0;
    const files: Record<string, string> = { 'One.mkv': '' };
    const { shelved, listings } = root(files);
    const shelf = createFilmShelf({ roots: [shelved], list: null, now: () => time });
    const titles = async () => (await shelf.films()).local.map(({ release }) => release.title);
    expect(await Promise.all([titles(), titles()])).toEqual([['One'], ['One']]);
    expect((await shelf.films()).local).toBe((await shelf.films()).local);
    expect(listings()).toBe(1);
    files['Two.mkv'] = '';
    time = MINUTE;
    expect(await titles()).toEqual(['One']);
    await expect.poll(titles).toEqual(['One', 'Two']);
    expect(listings()).toBe(2);
    files['Three.mkv'] = '';
    time = 60 * MINUTE;
    expect(await titles()).toEqual(['One', 'Two', 'Three']);
  });

  it('has the same array again where nothing has changed', async () => {
    let time = 0;
    const files: Record<string, string> = { 'One.mkv': '' };
    const { shelved, listings } = root(files);
    const shelf = createFilmShelf({ roots: [shelved], list: null, now: () => time });
    const { local } = await shelf.films();
    time = 60 * MINUTE;
    expect((await shelf.films()).local).toBe(local);
    expect(listings()).toBe(2);
    files['One.nfo'] = 'tt0113277';
    time = 120 * MINUTE;
    expect((await shelf.films()).local).not.toBe(local);
  });

  it('has the other films where one folder cannot be read', async () => {
    const roots = [root({ 'One.mkv': '', locked: '' }).shelved];
    const { local } = await createFilmShelf({ roots, list: null, now: () => 0 }).films();
    expect(local.map(({ release }) => release.title)).toEqual(['One']);
  });

  it('has the others where one root is away', async () => {
    const roots = [root({ gone: '' }).shelved, root({ 'One.mkv': '' }).shelved];
    const { local } = await createFilmShelf({ roots, list: null, now: () => 0 }).films();
    expect(local).toHaveLength(1);
  });

  it.each([
    [{ 'Heat.mkv': '', 'Heat.nfo': '<id>tt0113277</id>' }, 'tt0113277'],
    [{ 'Heat.mkv': '', 'movie.nfo': 'https://www.imdb.com/title/tt0113277/' }, 'tt0113277'],
    [{ 'Heat.mkv': '', 'Heat.nfo': 'nothing', 'movie.nfo': 'tt0113277' }, 'tt0113277'],
    [{ 'Heat.mkv': '', 'tvshow.nfo': 'tt0113277' }, null],
    [{ 'Show S01E01.mkv': '', 'tvshow.nfo': 'tt0903747' }, 'tt0903747'],
    [{ 'Show S01E01.mkv': '', 'Show S01E01.nfo': 'tt0959621' }, null],
    [{ 'Heat {imdb-tt0000001}.mkv': '', 'movie.nfo': 'tt0113277' }, 'tt0000001'],
  ])('knows IMDb by descriptions: %j', async (files, imdb) => {
    const { shelved } = root(files as unknown as Record<string, string>);
    const { local } = await createFilmShelf({ roots: [shelved], list: null, now: () => 0 }).films();
    expect(local.map(({ release }) => release.imdb)).toEqual([imdb]);
  });
});
