import { STYLE } from './style.ts';

/** Files of this folder that the page loads from web/, beside web/hls.js. */
export const PLAYER_FILES = [
  'player.js',
  'airplay.js',
  'cast.js',
  'elements.js',
  'failures.js',
  'hls-settings.js',
  'narrowing.js',
  'notices.js',
  'pace.js',
  'player-state.js',
  'probe-view.js',
  'quality.js',
  'receiver-address.js',
  'receivers.js',
  'remote-playback.js',
  'stage.js',
  'upload.js',
  'variants.js',
] as const;

export interface PageOptions {
  /** Whether `root:demo/demo.mkv` can be played. */
  readonly hasDemo: boolean;
  /** Whether files can be sent and kept. */
  readonly hasUploads: boolean;
  /** Whether Google's script for Chromecasts may be loaded. */
  readonly hasCast?: boolean;
}

const LOGO = `<svg class="logo" viewBox="0 0 48 48" aria-hidden="true">
<rect x="1" y="1" width="46" height="46" rx="12" fill="var(--accent)"/>
<path d="M10 17c4.7-4 9.3-4 14 0s9.3 4 14 0M10 25c4.7-4 9.3-4 14 0s9.3 4 14 0" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round" opacity=".55"/>
<path d="M10 33c4.7-4 9.3-4 14 0s9.3 4 14 0" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round"/>
</svg>`;

const DEMO_BUTTON = '<button type="button" id="demo" class="quiet">Try the demo</button>';

const FILE_BUTTON =
  '<label class="file">Send a file<input type="file" id="file" accept="video/*,audio/*,.mkv,.ts,.m2ts"></label>';

function invitation({ hasDemo, hasUploads }: PageOptions): string {
  const others = [...(hasUploads ? ['drop a file here'] : []), ...(hasDemo ? ['try the demo'] : [])];
  return ['Paste the URL of a media file above', ...others].join(', or ');
}

/** The player page: no inline script, nothing from elsewhere; works in any folder. */
export const pageHtml = (options: PageOptions): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Sluice – play a media file from its URL</title>
<link rel="icon" href="data:,">
<link rel="modulepreload" href="web/hls.js">
${PLAYER_FILES.map((name) => `<link rel="modulepreload" href="web/${name}">`).join('\n')}
<style>${STYLE}</style>
</head>
<body${options.hasCast ? ' data-cast="sender"' : ''}>
<header>
${LOGO}
<div>
<h1>Sluice</h1>
<p>Plays a media file straight from its URL: it is repackaged as HLS while you watch, nothing is downloaded whole and nothing is stored${options.hasUploads ? ' but the files that you send' : ''}.</p>
</div>
</header>
<main>
<form id="open" action="./" method="get">
<label for="url">Media URL</label>
<div class="row">
<input id="url" name="d" type="url" required autocomplete="off" autocapitalize="off" spellcheck="false" placeholder="https://example.org/film.mkv">
<button type="submit">Play</button>
${options.hasUploads ? FILE_BUTTON : ''}
${options.hasDemo ? DEMO_BUTTON : ''}
</div>
</form>

<section id="failure" class="notice bad" role="alert" hidden>
<h2>This cannot be played</h2>
<p id="failure-message"></p>
<p id="failure-next"></p>
<p class="small"><code id="failure-code"></code></p>
</section>
<section id="silent" class="notice warn" role="status" hidden>
<h2 id="silent-title"></h2>
<p id="silent-reason"></p>
</section>

<div class="stage" id="stage">
<video id="video" controls playsinline preload="auto" aria-label="Player" hidden></video>
<p id="empty">${invitation(options)}.</p>
</div>
<div class="bar">
<p id="status" role="status" aria-live="polite">Nothing is playing yet.</p>
<button type="button" id="unmute" class="quiet" hidden>Turn the sound on</button>
<label id="quality-choice" hidden>Quality <select id="quality"></select></label>
<label id="audio-choice" hidden>Audio <select id="audio"></select></label>
</div>

<section id="about" hidden>
<h2>What is in the file</h2>
<p id="summary" class="small"></p>
<p id="shown" hidden></p>
<table>
<thead><tr><th scope="col">Track</th><th scope="col">Codec</th><th scope="col">Details</th><th scope="col">Language and name</th><th scope="col">What happens to it</th></tr></thead>
<tbody id="tracks"></tbody>
</table>
<ul id="warnings" class="small"></ul>
<label for="address">Address of the HLS stream, for other players</label>
<div class="row">
<input id="address" readonly>
<button type="button" id="copy" class="quiet">Copy</button>
</div>
</section>
<noscript><p class="notice warn">The player needs JavaScript. Without it, give a player this, behind the address of this page: <code>hls/master.m3u8?d=&lt;media URL, percent-encoded&gt;</code></p></noscript>
</main>
<script type="module" src="web/player.js"></script>
</body>
</html>
`;
