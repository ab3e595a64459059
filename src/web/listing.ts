import { STYLE } from './style.ts';

export interface ListedEntry {
  readonly name: string;
  readonly isFolder: boolean;
  /** Bytes; null for a folder. */
  readonly size: number | null;
}

export interface Listing {
  /** Where this is: names from the root on; empty for the list of roots. */
  readonly place: readonly string[];
  /** The way from the page to the player's, with a slash at the end. */
  readonly home: string;
  readonly entries: readonly ListedEntry[];
  readonly isCut: boolean;
  /** Query fields that every address carries on, encoded: a password, a key. */
  readonly carried: string;
}

/** Endings of files that are offered to be played: what they hold decides in the end. */
const MEDIA =
  /\.(mkv|mka|mk3d|webm|mp4|m4v|m4a|mov|qt|3gp|ts|m2ts|mts|m2t|trp|ogg|ogv|oga|opus|flac|wav|aif|aiff|aifc|caf|mp3|mp2|aac|ac3|eac3|dts)$/i;

const EXTRA = `
header a { color: var(--accent); }
.crumbs { margin: 1.25rem 0 .75rem; font-weight: 600; overflow-wrap: anywhere; }
.crumbs a, .files a { color: var(--accent); text-decoration: none; }
.crumbs a:hover, .files a:hover { text-decoration: underline; }
.files { list-style: none; margin: 0; padding: 0; background: var(--card); border: 1px solid var(--line); border-radius: .75rem; }
.files li { display: flex; gap: 1rem; justify-content: space-between; padding: .6rem 1rem; border-top: 1px solid var(--line); }
.files li:first-child { border-top: 0; }
.files .name { overflow-wrap: anywhere; }
.files .folder { font-weight: 600; }
.files .other, .files .size { color: var(--dim); }
.files .size { flex: none; font-variant-numeric: tabular-nums; }
`;

/** What is in the served folders: folders to open, media files to play, the others by name. No script. */
export const listingHtml = (listing: Listing): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(listing.place.at(-1) ?? 'Files')} – Sluice</title>
<link rel="icon" href="data:,">
<style>${STYLE}${EXTRA}</style>
</head>
<body>
<header><div>
<h1>Sluice</h1>
<p>Choose a file to play it, or <a href="${listing.home}?d=${listing.carried}">play one from its URL</a>.</p>
</div></header>
<main>
<nav class="crumbs" aria-label="Where this is">${crumbs(listing)}</nav>
${files(listing)}
</main>
</body>
</html>
`;

function crumbs(listing: Listing): string {
  const { place, home, carried } = listing;
  const steps = place.map((name, i) =>
    i === place.length - 1
      ? escaped(name)
      : `<a href="${folderAddress(place.slice(0, i + 1), listing)}">${escaped(name)}</a>`,
  );
  const top =
    place.length === 0 ? 'Folders' : `<a href="${home}${carried.replace('&amp;', '?')}">Folders</a>`;
  return [top, ...steps].join(' / ');
}

function files(listing: Listing): string {
  if (listing.entries.length === 0) return '<p>There is nothing in this folder.</p>';
  const rows = listing.entries.map((entry) => `<li>${row(entry, listing)}</li>`).join('\n');
  const more = listing.isCut ? '\n<p class="small">There are more than are listed here.</p>' : '';
  return `<ul class="files">\n${rows}\n</ul>${more}`;
}

function row({ name, isFolder, size }: ListedEntry, listing: Listing): string {
  const { place, home, carried } = listing;
  const path = [...place, name];
  if (isFolder) return `<a class="name folder" href="${folderAddress(path, listing)}">${escaped(name)}/</a>`;
  const told = `<span class="size">${size === null ? '' : bytes(size)}</span>`;
  return MEDIA.test(name)
    ? `<a class="name" href="${home}?d=${encodeURIComponent(`root:${path.join('/')}`)}${carried}">${escaped(name)}</a>${told}`
    : `<span class="name other">${escaped(name)}</span>${told}`;
}

const folderAddress = (path: readonly string[], { home, carried }: Listing): string =>
  `${home}browse/${path.map(encodeURIComponent).join('/')}/${carried.replace('&amp;', '?')}`;

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

function bytes(size: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, size)) / 3));
  const value = size / 1000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[power]}`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (char) => ENTITIES[char] ?? '');
