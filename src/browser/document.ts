import { pageHtml } from '../web/page.ts';
import { STYLE } from '../web/style.ts';

/** Nothing but this folder's own scripts runs on the page, and nothing is sent anywhere but to its host. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'unsafe-inline'",
  'img-src data:',
  "connect-src 'self'",
  'media-src blob:',
  "worker-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

const OWN_STYLE = `
.choose { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; }
.choose .file { color: var(--on-accent); background: var(--accent); border-color: var(--accent); font-weight: 600; }
#chosen { margin: 0; overflow-wrap: anywhere; }
.over .stage { outline: 3px dashed var(--accent); outline-offset: 3px; }
`;

/**
 * The page of the static folder: the player's own notices, bar and table, with a place for a file instead of an
 * address.
 */
export function documentHtml(): string {
  const player = pageHtml({ hasDemo: false, hasUploads: false });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Sluice – play a film from this device</title>
<link rel="icon" href="data:,">
<link rel="modulepreload" href="hls.js">
<style>${STYLE}${OWN_STYLE}</style>
</head>
<body>
<header>
${partOf(player, '<svg class="logo"', '<div>')}
<div>
<h1>Sluice</h1>
<p>Plays a film from this device: this page repackages it as HLS while you watch. Nothing is uploaded and nothing is stored.</p>
</div>
</header>
<main>
<form id="open" hidden><input id="url" name="d"></form>
<div class="choose">
<label class="file">Choose a film<input type="file" id="local" accept="video/*,.mkv,.ts,.m2ts,.mts"></label>
<p id="chosen" class="small"></p>
</div>

${partOf(player, '<section id="failure"', '<div class="stage"')}
<div class="stage" id="stage">
<video id="video" controls playsinline preload="auto" aria-label="Player" hidden></video>
<p id="empty">Drop a film here, or choose one above.</p>
</div>
${partOf(player, '<div class="bar">', '<label for="address">')}
<input id="address" hidden><button type="button" id="copy" hidden>Copy</button>
</section>
<noscript><p class="notice warn">The player needs JavaScript.</p></noscript>
</main>
<script type="module" src="page.js"></script>
</body>
</html>
`;
}

/** From `first` up to `next`. @throws Error when the page has no such part any more */
function partOf(html: string, first: string, next: string): string {
  const from = html.indexOf(first);
  const to = html.indexOf(next, from);
  if (from < 0 || to < 0) throw new Error(`The player page has nothing from ${first} to ${next}`);
  return html.slice(from, to);
}
