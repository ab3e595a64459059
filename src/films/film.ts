import { imdbIn, parseGivenTitle, parseReleaseName, type ReleaseName, seasonOf } from './release-name.ts';

/** A film or an episode that somebody has: what it is, and where. */
export interface Film {
  /** http(s) URL, or `root:<name>/<path>`. */
  readonly url: string;
  /** Sent upstream, lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of the file; for addresses, which have it at their end. */
  readonly filename: string;
  readonly release: ReleaseName;
  /** The folder that it lies in below its root, or what a list calls its group; empty where there is none. */
  readonly group: string;
  /** Address of a picture; empty where there is none. */
  readonly poster: string;
  /** Bytes; null where nobody knows. */
  readonly size: number | null;
}

/** As addresses and lists can hold it: systems of files may have halves of pairs in their names. */
const wellFormed = (text: string): string => text.replaceAll(/\p{Cs}/gu, '\ufffd');

const MEDIA =
  /\.(?:3gp|asf|avi|flv|m2t|m2ts|m2v|m4v|mkv|mov|mp4|mpe?g|mts|ogm|ogv|ts|vob|webm|wmv|rmvb|divx)$/i;
/** Excerpts that come with releases. */
const SAMPLE = /(?:^|[\s._-])sample\.[^.]+$/i;

/** Whether a file is a film, by its name. */
export const isFilm = (filename: string): boolean => MEDIA.test(filename) && !SAMPLE.test(filename);

/** A file of a served folder. */
export interface FoundFile {
  /** Within the root, with slashes. */
  readonly path: string;
  readonly size: number | null;
}

export function filmOfRoot(root: string, { path, size }: FoundFile): Film {
  const parts = path.split('/');
  const folders = [root, ...parts.slice(0, -1)];
  const filename = parts.at(-1) ?? '';
  return {
    url: `root:${root}/${path}`,
    headers: {},
    filename: wellFormed(filename),
    release: parseReleaseName(filename, folders),
    group: folders[1] ?? root,
    poster: '',
    size,
  };
}

/** What a list says of one film. */
export interface ListedFilm extends Pick<Film, 'url' | 'headers' | 'group' | 'poster'> {
  /** Empty where the list gives none. */
  readonly title: string;
}

export function filmOfList({ title, ...listed }: ListedFilm): Film {
  const { filename, folders } = partsOf(listed.url);
  return {
    ...listed,
    filename: wellFormed(isFilm(filename) ? filename : title || filename),
    release: title === '' ? parseReleaseName(filename, folders) : parseGivenTitle(title),
    size: null,
  };
}

interface Parts {
  readonly filename: string;
  readonly folders: readonly string[];
}

/** What the path of an address says, decoded. */
function partsOf(url: string): Parts {
  if (!url.startsWith('root:')) return partsOfPath(new URL(url).pathname);
  const names = url.slice('root:'.length).split('/').filter(Boolean);
  return { filename: names.at(-1) ?? 'film', folders: names.slice(0, -1) };
}

function partsOfPath(path: string): Parts {
  const names = path.split('/').map(decoded);
  return { filename: names.at(-1) || 'film', folders: titledFolders(names.slice(0, -1)) };
}

/** Folders of an address may be its credentials, which are nobody's title: `/series/<user>/<password>/S01E02.mkv`. */
function titledFolders(folders: readonly string[]): readonly string[] {
  const nearest = folders.at(-1) ?? '';
  if (seasonOf(nearest) !== null) return folders.slice(-2);
  return imdbIn(nearest) !== null || TITLED.test(nearest) ? [nearest] : [];
}

/** With a year, or a season: `Film (2010)`, `Show.S01.1080p`. */
const TITLED = /(?<![a-z\d])(?:(?:19|20)\d\d|s\d\d)(?![a-z\d])/i;

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
