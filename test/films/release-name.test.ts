import { describe, expect, it } from 'vitest';
import { parseReleaseName } from '../../src/films/release-name.ts';

type Told = readonly [title: string, year: number | null];
const FILMS: readonly (readonly [path: string, told: Told])[] = [
  ['Blade.Runner.1982.1080p.BluRay.x264-GRP.mkv', ['Blade Runner', 1982]],
  ['Blade Runner 2049 (2017) [2160p] [HDR].mkv', ['Blade Runner 2049', 2017]],
  ['Blade.Runner.2049.2017.UHD.BluRay.mkv', ['Blade Runner 2049', 2017]],
  ['2001.A.Space.Odyssey.1968.mkv', ['2001 A Space Odyssey', 1968]],
  ['2012.2009.1080p.mkv', ['2012', 2009]],
  ['1917.mkv', ['1917', null]],
  ['1917 (2019).mkv', ['1917', 2019]],
  ['Mr. Nobody (2009).mkv', ['Mr. Nobody', 2009]],
  ['E.T. the Extra-Terrestrial (1982).mp4', ['E.T. the Extra-Terrestrial', 1982]],
  ['Se7en [1995].mkv', ['Se7en', 1995]],
  ['holiday video.mov', ['holiday video', null]],
  ['Am\u00e9lie_2001_WEB-DL.avi', ['Am\u00e9lie', 2001]],
  ['Ame\u0301lie (2001).mkv', ['Am\u00e9lie', 2001]],
  ['[Group] Spirited Away (2001) [BD 1080p].mkv', ['Spirited Away', 2001]],
  [
    '\u5343\u3068\u5343\u5c0b\u306e\u795e\u96a0\u3057 (2001).mkv',
    ['\u5343\u3068\u5343\u5c0b\u306e\u795e\u96a0\u3057', 2001],
  ],
  ['The.Film.H.264.mkv', ['The Film', null]],
  ['Film.Name.HDR10+.DV.DDP5.1-GRP.mkv', ['Film Name', null]],
  ['1080p.mkv', ['1080p', null]],
  ['Heat.ts', ['Heat', null]],
  ['Inception (2010)/inception-1080p.mkv', ['Inception', 2010]],
  ['Inception (2010)/Inception.2010.mkv', ['Inception', 2010]],
  ['Films/2010/Some Film.mkv', ['Some Film', null]],
  ['Film (2010) {imdb-tt1375666}.mkv', ['Film', 2010]],
  ['---.mkv', ['Unknown', null]],
  ['Film.2010.CD1.avi', ['Film CD 1', 2010]],
  ['Film (2010) - part 2.mkv', ['Film part 2', 2010]],
  ['Film (2010)/cd2.avi', ['Film cd 2', 2010]],
  ['Film Part 2 (2010).mkv', ['Film Part 2', 2010]],
  ['2024-01-15.mkv', ['2024-01-15', null]],
  ['Film.2010.13.45.mkv', ['Film', 2010]],
];

type EpisodeTold = readonly [
  title: string,
  year: number | null,
  season: number,
  numbers: number[],
  name: string,
];
const EPISODES: readonly (readonly [path: string, told: EpisodeTold])[] = [
  ['Show.Name.S01E02.1080p.WEB-DL.mkv', ['Show Name', null, 1, [2], '']],
  ['Show.Name.S01E02.The.Pilot.720p.mkv', ['Show Name', null, 1, [2], 'The Pilot']],
  ['Show Name - s01e02 - The Pilot.mkv', ['Show Name', null, 1, [2], 'The Pilot']],
  ['Show (2010) - S2E11 - Title.mkv', ['Show', 2010, 2, [11], 'Title']],
  ['show.s01.e02.mkv', ['show', null, 1, [2], '']],
  ['Show S01E01E02.mkv', ['Show', null, 1, [1, 2], '']],
  ['Show S01E01-E03.mkv', ['Show', null, 1, [1, 2, 3], '']],
  ['Show S01E01-03 Title.mkv', ['Show', null, 1, [1, 2, 3], 'Title']],
  ['Show S01E01-1080p.mkv', ['Show', null, 1, [1], '']],
  ['Show 1x02.mkv', ['Show', null, 1, [2], '']],
  ['Show - 10x02-03 - Two.mkv', ['Show', null, 10, [2, 3], 'Two']],
  ['Show Season 2 Episode 5.mkv', ['Show', null, 2, [5], '']],
  ['Show/Season 1/02 - Pilot.mkv', ['Show', null, 1, [2], 'Pilot']],
  ['Show (1999)/Staffel 03/Folge 4.mkv', ['Show', 1999, 3, [4], '']],
  ['Show/Specials/01 Behind It.mkv', ['Show', null, 0, [1], 'Behind It']],
  ['Show/Season 1/S01E05.mkv', ['Show', null, 1, [5], '']],
  ['Show.S01.1080p/S01E05.mkv', ['Show', null, 1, [5], '']],
  ['24/Season 1/24.S01E03.mkv', ['24', null, 1, [3], '']],
  ['S01E03.mkv', ['Unknown', null, 1, [3], '']],
  ['The.Daily.Show.2024.01.15.1080p.mkv', ['The Daily Show', null, 2024, [115], '2024-01-15']],
  ['The Daily Show - 2024-12-03 - A Guest.mkv', ['The Daily Show', null, 2024, [1203], '2024-12-03 A Guest']],
];

const read = (path: string) => {
  const parts = path.split('/');
  return parseReleaseName(parts.at(-1) ?? '', parts.slice(0, -1));
};

describe('the name of a film', () => {
  it.each(FILMS)('%s', (path, [title, year]) => {
    expect(read(path)).toMatchObject({ title, year, episode: null });
  });

  it.each(EPISODES)('%s', (path, [title, year, season, numbers, name]) => {
    expect(read(path)).toMatchObject({ title, year, episode: { season, numbers, title: name } });
  });

  it.each([
    ['Film (2010) {imdb-tt1375666}.mkv', 'tt1375666'],
    ['Film [imdbid-tt1375666]/film.mkv', 'tt1375666'],
    ['Film.TT1375666.mkv', 'tt1375666'],
    ['Butt1234567.mkv', null],
    ['Film tt12.mkv', null],
  ])('%s is %s to IMDb', (path, imdb) => {
    expect(read(path).imdb).toBe(imdb);
  });

  it('is read in no time, however long and odd', () => {
    const odd = ['-'.repeat(1e5), 's1e1-'.repeat(2e4), ' ('.repeat(5e4), '.'.repeat(1e5), 'e1'.repeat(5e4)];
    for (const text of odd) {
      const before = performance.now();
      expect(parseReleaseName(text, [text]).title).not.toBe('');
      expect(parseReleaseName('S01E02', Array(1000).fill(text)).title).not.toBe('');
      expect(performance.now() - before).toBeLessThan(500);
    }
  });
});
