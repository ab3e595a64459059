import { page } from './elements.ts';
import { explain, type Failure, failure, readFailure } from './failures.ts';
import type { ErrorData } from './hls.js';
import Hls from './hls.js';
import { hlsSettings } from './hls-settings.ts';
import { narrow } from './narrowing.ts';
import { NO_PICTURE, NO_SOUND, tellSilence } from './notices.ts';
import { note, player } from './player-state.ts';
import { clock, languageName, type ProbeAnswer, summary, trackRow, whyNoPicture } from './probe-view.ts';
import { chooseQuality, type Quality } from './quality.ts';
import { offerReceivers } from './receivers.ts';
import { offerUploads } from './upload.ts';

const DEMO = 'root:demo/demo.mkv';
const HLS_TYPE = 'application/vnd.apple.mpegurl';

const say = (text: string): void => {
  page.status.textContent = text;
};

/** Everything of one opened title; aborting it stops what is under way. */
let current = new AbortController();
let quality: Quality | null = null;
let probed: ProbeAnswer | null = null;

function open(media: string): void {
  current.abort();
  current = new AbortController();
  player.hls?.destroy();
  player.hls = quality = probed = null;
  for (const part of [page.failure, page.silent, page.about, page.unmute, page.audioChoice, page.empty])
    part.hidden = true;
  page.video.hidden = false;
  const query = mediaQuery(media);
  const master = masterOf(query);
  note('open', media);
  say('Opening the file…');
  page.address.value = new URL(master, location.href).href;
  noteFirstFrame(current.signal);
  load(query, current.signal);
  void showProbe(`probe?${query}`, current.signal);
}

/** `d=` and whatever else the page's address says about the title: key, password, headers. */
function mediaQuery(media: string): string {
  const query = new URLSearchParams({ d: media });
  for (const [name, value] of new URLSearchParams(location.search))
    if (name !== 'd' && !name.startsWith('hls.')) query.append(name, value);
  return query.toString().replaceAll('+', '%20');
}

const masterOf = (query: string): string => `hls/master.m3u8?${query}`;

function load(query: string, signal: AbortSignal): void {
  const master = masterOf(query);
  if (Hls.isSupported()) loadWithHls(query, signal);
  else if (page.video.canPlayType(HLS_TYPE) !== '') {
    page.video.src = master;
    void play();
  } else fail(failure('no-player', 'This browser can play neither Media Source Extensions nor HLS.'));
}

function loadWithHls(query: string, signal: AbortSignal, startPosition = -1): void {
  const hls = new Hls({ startPosition, ...hlsSettings(location.search) });
  player.hls = hls;
  let isRecovered = false;
  hls.on(Hls.Events.MANIFEST_PARSED, (_, { firstLevel }) => {
    quality = chooseQuality(hls, firstLevel);
    if (probed) quality.describe(probed);
    void play();
  });
  hls.on(Hls.Events.AUDIO_TRACKS_UPDATED, () => offerAudio(hls));
  hls.on(Hls.Events.ERROR, (_, data) => {
    // Its own doing: a seek gave up what it was loading.
    if (data.details === Hls.ErrorDetails.INTERNAL_ABORTED) return;
    if (data.details === Hls.ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR)
      return void loadNarrowed(query, signal);
    note('error', `${data.type} ${data.details}`, data.fatal);
    if (!data.fatal) return tellTrouble(data, signal);
    if (data.type === Hls.ErrorTypes.MEDIA_ERROR && !isRecovered) {
      isRecovered = true;
      hls.recoverMediaError();
    } else void failLoading(data, signal);
  });
  hls.loadSource(masterOf(query));
  hls.attachMedia(page.video);
}

/**
 * Chrome begins to decode at H.264's recovery points and fails at the next picture: once more, from the same place,
 * without them.
 */
function loadWithoutRecoveryPoints(signal: AbortSignal): boolean {
  const hls = player.hls;
  const query = hls?.url?.split('?')[1];
  if (!hls || !query || query.includes('recovery=')) return false;
  const time = page.video.currentTime;
  hls.destroy();
  note('without-recovery-points', String(time));
  loadWithHls(`${query}&recovery=hidden`, signal, time);
  return true;
}

/** From the same place, what is encoded: the browser took the copy and cannot decode it. */
function leaveCopy(): boolean {
  if (!player.hls || !quality?.leaveCopy()) return false;
  note('left-copy', String(page.video.currentTime));
  player.hls.recoverMediaError();
  return true;
}

/** Once more with the tracks that this browser can decode, after it refused them all together. */
async function loadNarrowed(query: string, signal: AbortSignal): Promise<void> {
  try {
    const response = await fetch(`probe?${query}`, { signal });
    const narrowed = narrow((await response.json()) as ProbeAnswer, (kind, codec) =>
      MediaSource.isTypeSupported(`${kind}/mp4; codecs="${codec}"`),
    );
    if (narrowed.kind === 'failure' || new URLSearchParams(query).has('audio'))
      return fail(
        narrowed.kind === 'failure' ? narrowed.failure : failure('browser-codec', narrowed.leftOut),
      );
    player.hls?.destroy();
    note('narrowed', narrowed.audio);
    loadWithHls(`${query}&audio=${narrowed.audio}`, signal);
    tellSilence(narrowed.audio === 'none' ? NO_SOUND : 'Not all of the sound is offered', narrowed.leftOut);
  } catch (error) {
    if (!signal.aborted) fail(failure('unreachable', `This server cannot be reached: ${String(error)}`));
  }
}

/** hls.js goes on trying; once the picture stands still the viewer is told, or given up where trying is no use. */
function tellTrouble(data: ErrorData, signal: AbortSignal): void {
  const isStanding = page.video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA;
  if (data.type !== Hls.ErrorTypes.NETWORK_ERROR || !isStanding) return;
  const status = data.response?.code ?? 0;
  if (status >= 400 && status < 500 && !WORTH_TRYING.has(status)) void failLoading(data, signal);
  else say('The next part did not arrive; trying again…');
}

/** Request timeout, too many requests. */
const WORTH_TRYING: ReadonlySet<number> = new Set([408, 429]);

async function failLoading(data: ErrorData, signal: AbortSignal): Promise<void> {
  const url = data.response?.url || data.frag?.url || data.url;
  const why = data.type === Hls.ErrorTypes.NETWORK_ERROR && url ? await explain(url) : null;
  if (signal.aborted) return;
  fail(why ?? failure(data.details, `Playing stopped: ${data.error.message}`));
}

/** Shows the first failure of a title; later ones follow from it. */
function fail(what: Failure): void {
  if (!page.failure.hidden) return;
  note('failure', `${what.code}: ${what.message}`, true);
  player.hls?.stopLoad();
  page.failureMessage.textContent = what.message;
  page.failureNext.textContent = what.next;
  page.failureCode.textContent = what.code;
  page.failure.hidden = false;
  say('Stopped.');
  if (page.video.readyState === HTMLMediaElement.HAVE_NOTHING) {
    page.video.hidden = true;
    page.empty.hidden = false;
  }
}

async function play(): Promise<void> {
  try {
    await page.video.play();
  } catch (error) {
    if (!(error instanceof DOMException) || error.name !== 'NotAllowedError') return;
    page.video.muted = true;
    page.unmute.hidden = false;
    await page.video.play().catch(() => say('Ready: press play.'));
  }
}

function noteFirstFrame(signal: AbortSignal): void {
  page.video.requestVideoFrameCallback?.(() => {
    if (!signal.aborted) note('first-frame');
  });
}

function offerAudio(hls: Hls): void {
  page.audioChoice.hidden = hls.audioTracks.length < 2;
  const options = hls.audioTracks.map((track, i) => {
    const language = languageName(track.lang ?? '');
    const label =
      language === '' || track.name.includes(language) ? track.name : `${track.name} (${language})`;
    return new Option(label, String(i), false, i === hls.audioTrack);
  });
  page.audio.replaceChildren(...options);
}

async function showProbe(url: string, signal: AbortSignal): Promise<void> {
  try {
    const response = await fetch(url, { signal });
    const body: unknown = await response.json();
    if (!response.ok)
      fail(readFailure(body) ?? failure(`http-${response.status}`, 'The file cannot be opened.'));
    else showTracks(body as ProbeAnswer);
  } catch (error) {
    if (signal.aborted) return;
    note('probe-failed', String(error));
  }
}

function showTracks(probe: ProbeAnswer): void {
  probed = probe;
  quality?.describe(probe);
  page.summary.textContent = summary(probe);
  page.tracks.replaceChildren(...probe.tracks.map(trackRow));
  page.warnings.replaceChildren(
    ...probe.warnings.map((text) => {
      const item = document.createElement('li');
      item.textContent = text;
      return item;
    }),
  );
  if (probe.silent !== null) tellSilence(NO_SOUND, probe.silent);
  const unseen = whyNoPicture(probe);
  if (unseen !== null) tellSilence(NO_PICTURE, unseen);
  page.about.hidden = false;
}

const pausedAt = (): string => `Paused at ${clock(page.video.currentTime)}.`;

/** The status line, by what the video element reports. */
const STATUS: Readonly<Record<string, () => string>> = {
  waiting: () => 'Waiting for data…',
  seeking: () => `Going to ${clock(page.video.currentTime)}…`,
  seeked: () => (page.video.paused ? pausedAt() : 'Playing.'),
  playing: () => 'Playing.',
  pause: () => (page.video.ended ? '' : pausedAt()),
  ended: () => 'The end.',
};

for (const [type, text] of Object.entries(STATUS))
  page.video.addEventListener(type, () => {
    note(type);
    const line = text();
    if (line !== '' && page.failure.hidden) say(line);
  });

page.video.addEventListener('error', () => {
  note('video-error', page.video.error?.message ?? '');
  const isUndecodable = page.video.error?.code === MediaError.MEDIA_ERR_DECODE;
  if (isUndecodable && (loadWithoutRecoveryPoints(current.signal) || leaveCopy())) return;
  if (player.hls || !page.video.currentSrc) return;
  void explain(page.video.currentSrc).then((why) =>
    fail(why ?? failure('media', 'The browser cannot decode this stream.')),
  );
});

page.form.addEventListener('submit', (event) => {
  event.preventDefault();
  go(page.url.value.trim());
});
page.demo?.addEventListener('click', () => {
  page.url.value = DEMO;
  go(DEMO);
});
page.unmute.addEventListener('click', () => {
  page.video.muted = false;
  page.unmute.hidden = true;
});
page.audio.addEventListener('change', () => {
  if (player.hls) player.hls.audioTrack = Number(page.audio.value);
});
page.copy.addEventListener('click', () => {
  page.address.select();
  void navigator.clipboard?.writeText(page.address.value).then(
    () => {
      page.copy.textContent = 'Copied';
    },
    () => note('copy-failed'),
  );
});

/** Plays it under an address of its own, so that it can be linked to and gone back from. */
function go(media: string): void {
  const query = new URLSearchParams(location.search);
  query.set('d', media);
  history.pushState(null, '', `?${query}`);
  open(media);
}

function openLinked(): void {
  const media = new URLSearchParams(location.search).get('d');
  if (!media) return;
  page.url.value = media;
  open(media);
}

offerUploads({ say, fail, play: go });
offerReceivers({ say });
addEventListener('popstate', openLinked);
openLinked();
