/** What the name of a file, and of the folders it lies in, tells of a film. */
export interface ReleaseName {
  /** Of the film, or of the series. */
  readonly title: string;
  readonly year: number | null;
  /** Null: a film. */
  readonly episode: Episode | null;
  /** As IMDb has it: `tt0068646`; null where nobody says. */
  readonly imdb: string | null;
}

export interface Episode {
  /** 0: specials. */
  readonly season: number;
  /** More than one where a file holds several; ascending. */
  readonly numbers: readonly [number, ...number[]];
  /** Empty where nobody says. */
  readonly title: string;
}

/** Longest name that is read: systems of files have no longer ones. */
const MAX_NAME = 1024;
/** Folders that are looked at: those far above say nothing of a film. */
const MAX_FOLDERS = 16;

const MARKS: readonly RegExp[] = [
  // S01E02, s1.e2, S01E02E03, S01E02-E04, S01E02-04
  /(?<![a-z\d])s(\d{1,4})[ ._-]*e(\d{1,4})((?:[ ._]*-?[ ._]*e\d{1,4}|-\d{1,4}(?![\dpi]))*)(?!\d)/i,
  // 1x02, 1x02-03
  /(?<![a-z\d])(\d{1,2})x(\d{2,3})((?:-(?:\d{1,2}x)?\d{2,3})*)(?![\da-z])/i,
  // Season 1 Episode 2
  /(?<![a-z])season[ ._]*(\d{1,4})[ ._,-]*episode[ ._]*(\d{1,4})()(?!\d)/i,
];

/** Names of folders of a season. */
const SEASON =
  /^(?:(?:season|series|staffel|saison|stagione|temporada|s)[ ._]*(\d{1,4})|(specials|extras))$/i;

/** Words that come after the title in names of releases; the first of them ends it. */
const TAG =
  /^(?:\d{3,4}[pi]|[48]k|uhd|fhd|blu-?ray|b[dr]-?rip|bd(?:remux)?|remux|web-?(?:dl|rip)?|hd-?(?:tv|rip|dvd)|dvd(?:rip|scr|r|\d)?|cam|telesync|[xh][. ]?26[45]|hevc|avc|av1|xvid|divx|vc-?1|mpeg-?2|hdr\d*\+?|dv|dovi|sdr|10-?bit|8-?bit|aac\d*|e?ac-?3|ddp?\d*|dts(?:-?hd)?|truehd|atmos|flac\d*|opus|repack\d*|proper|rerip|extended|unrated|uncut|imax|criterion|multi|dual|subbed|dubbed|internal|limited|amzn|nf|dsnp|hmax|atvp)$/i;

const EXTENSION =
  /\.(?:3gp|asf|avi|flv|iso|m2ts|m2t|m2v|m4v|mka|mkv|mov|mp4|mpe?g|mts|ogm|ogv|strm|ts|vob|webm|wmv|nfo)$/i;

/**
 * Reads `Blade.Runner.1982.1080p.BluRay.x264-GRP.mkv`, `Show/Season 1/02 - Pilot.mkv`, `Film (2010) {imdb-tt1375666}`.
 * @param above folders that it lies in, the nearest last
 */
export function parseReleaseName(name: string, above: readonly string[] = []): ReleaseName {
  const bare = name.normalize('NFC').slice(0, MAX_NAME).replace(EXTENSION, '');
  const folders = above.slice(-MAX_FOLDERS).map((folder) => folder.slice(0, MAX_NAME));
  const imdb = imdbIn(bare) ?? folders.toReversed().map(imdbIn).find(isText) ?? null;
  const text = withoutIds(bare);
  const episode = markedEpisode(text) ?? datedEpisode(text) ?? episodeOfFolder(text, folders);
  if (!episode) return { ...filmName(text, folders), episode: null, imdb };
  const { before, ...rest } = episode;
  const series = titleAndYear(before);
  const named = series.title === '' ? seriesFolder(folders) : series;
  return { ...named, title: named.title || 'Unknown', episode: rest, imdb };
}

/** A title that somebody gave: it is kept as it is but for what it tells besides, a year or the number of an episode. */
export function parseGivenTitle(text: string): ReleaseName {
  const release = parseReleaseName(text);
  const isPlain = release.year === null && !release.episode && release.imdb === null;
  return isPlain ? { ...release, title: text.normalize('NFC').slice(0, MAX_NAME).trim() } : release;
}

const isText = (text: string | null): text is string => text !== null;

/** Seven digits at least; what is `tt` within a word is none. */
export const imdbIn = (text: string): string | null =>
  /(?<![a-z\d])tt\d{7,10}(?!\d)/i.exec(text)?.[0].toLowerCase() ?? null;

/** `{imdb-tt1}`, `[tmdbid=1]`. */
const withoutIds = (text: string): string =>
  text.replaceAll(/[[{(]?(?<![a-z])(?:imdb|tmdb|tvdb)(?:id)?[-=](?:tt)?\d+[\]})]?/gi, ' ');

type Found = Episode & { readonly before: string };

function markedEpisode(text: string): Found | null {
  for (const mark of MARKS) {
    const match = mark.exec(text);
    if (!match) continue;
    const [, season = '', first = '', more = ''] = match;
    return {
      season: Number(season),
      numbers: numbersOf(Number(first), more),
      title: episodeTitle(text.slice(match.index + match[0].length)),
      before: text.slice(0, match.index),
    };
  }
  return null;
}

/** `The.Daily.Show.2024.01.15.Guest`: the year is its season, and the day its number there. */
function datedEpisode(text: string): Found | null {
  const match = /(?<!\d)((?:19|20)\d\d)([ ._-])(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)/.exec(text);
  if (!match || cleaned(text.slice(0, match.index)) === '') return null;
  const [whole, year = '', , month = '', day = ''] = match;
  const title = episodeTitle(text.slice(match.index + whole.length));
  return {
    season: Number(year),
    numbers: [Number(month + day)],
    title: `${year}-${month}-${day} ${title}`.trim(),
    before: text.slice(0, match.index),
  };
}

/** No file holds more: what says so is no range. */
const MAX_RANGE = 50;

/** `E03` adds an episode, `-E05` and `-05` all up to that. */
function numbersOf(first: number, more: string): [number, ...number[]] {
  const numbers: [number, ...number[]] = [first];
  for (const [, dash, digits] of more.matchAll(/(-?)[ ._]*(?:e|\d{1,2}x)?(\d{1,4})(?!x)/gi)) {
    const last = numbers.at(-1) ?? first;
    const next = Number(digits);
    if (next <= last || next - last > MAX_RANGE) continue;
    for (let n = dash === '-' ? last + 1 : next; n <= next; n++) numbers.push(n);
  }
  return numbers;
}

/** In a folder of a season: `02 - Pilot`, `E02`, `Episode 2`. */
function episodeOfFolder(text: string, folders: readonly string[]): Found | null {
  const season = seasonOf(folders.at(-1) ?? '');
  const match = /^(?:episode|folge|ep|e)?[ ._]*(\d{1,3})(?![\dpi])[ ._]*(?:[-–.][ ._]*)?(.*)$/i.exec(
    text.trim(),
  );
  if (season === null || !match) return null;
  const [, number = '', rest = ''] = match;
  return { season, numbers: [Number(number)], title: episodeTitle(rest), before: '' };
}

/** What the name of a folder says that its season is; null for a folder of something else. */
export function seasonOf(folder: string): number | null {
  const match = SEASON.exec(folder.trim());
  if (!match) return null;
  return match[1] === undefined ? 0 : Number(match[1]);
}

/** The nearest folder that is none of a season. */
function seriesFolder(folders: readonly string[]): Pick<ReleaseName, 'title' | 'year'> {
  const folder = folders.findLast((name) => seasonOf(name) === null) ?? '';
  return titleAndYear(withoutIds(folder.replace(/[ ._-]+s(?:eason)?[ ._]*\d{1,4}(?=[ ._-]|$).*$/i, '')));
}

/** Whose first word may be a tag already. */
const episodeTitle = (text: string): string =>
  titleAndYear(`- ${spaced(text).replace(/^[ ._–-]+/, '')}`).title;

/** A file that says less than its folder is called by that: `Film (2010)/film-1080p.mkv`. */
function filmName(text: string, folders: readonly string[]): Pick<ReleaseName, 'title' | 'year'> {
  const { title, year } = wholeFilmName(text, folders);
  const [, word = '', number = ''] = PART.exec(text) ?? [];
  const isPart = word !== '' && !PART.test(title);
  return { title: isPart ? `${title} ${word} ${Number(number)}` : title, year };
}

/** A film in several files, each of which says so behind the year: they are not the same film. */
const PART = /(?<![a-z\d])(part|cd|dis[ck])[ ._-]*(\d{1,2})(?![a-z\d])/i;

function wholeFilmName(text: string, folders: readonly string[]): Pick<ReleaseName, 'title' | 'year'> {
  const own = titleAndYear(text);
  const nearest = withoutIds(folders.at(-1) ?? '').trim();
  const folder = /\((?:19|20)\d\d\)$/.test(nearest) ? titleAndYear(nearest) : null;
  if (own.year === null && folder) return folder;
  return own.title === '' ? { ...own, title: cleaned(text) || folder?.title || 'Unknown' } : own;
}

const YEAR = /^[([]?((?:19\d|20[0-4])\d)[)\]]?$/;

/** What stands before the year, or before the first word that no title has. */
function titleAndYear(text: string): Pick<ReleaseName, 'title' | 'year'> {
  const words = spaced(text).split(' ').filter(Boolean);
  const end = words.findIndex((word, i) => i > 0 && isTag(word));
  const told = end < 0 ? words : words.slice(0, end);
  const years = told.flatMap((word, i) => (i > 0 && YEAR.test(word) ? [i] : []));
  const at = years.findLast((i) => /^[([]/.test(told[i] ?? '')) ?? years.at(-1) ?? null;
  if (at === null) return { title: cleaned(told.join(' ')), year: null };
  const year = Number(YEAR.exec(told[at] ?? '')?.[1]);
  return { title: cleaned(told.slice(0, at).join(' ')), year };
}

/** `x264-GRP` and `[1080p]` are tags as `x264` and `1080p` are. */
const isTag = (word: string): boolean => {
  const bare = word.replace(/^[[({]+|[\])}]+$/g, '');
  return TAG.test(bare) || TAG.test(bare.replace(/-[^-]*$/, ''));
};

/** Dots and underscores are spaces where a name has no others; what stands in brackets at its start is who made it. */
function spaced(text: string): string {
  const shown = text
    .replace(/^\s*\[[^\]]*\]\s*/, '')
    .replaceAll(/(?<![a-z\d])([hx])\.(26[45])(?!\d)/gi, '$1$2');
  const isDotted = !/\S \S/.test(shown.trim());
  const plain = isDotted ? shown.replaceAll(/[._]/g, ' ') : shown.replaceAll('_', ' ');
  return plain.replaceAll(/([([])\s+/g, '$1').replaceAll(/\s+([)\]])/g, '$1');
}

const cleaned = (text: string): string =>
  text
    .replaceAll(/[([{]\s*[)\]}]/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .replace(/^[\s._–-]+|[\s._([{–-]+$/g, '');
