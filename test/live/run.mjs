// A channel in order only, watched on the player page for an hour while its connection is cut three times.
//   npm run live [-- --minutes N] [-- --cuts N] [-- --past SECONDS]
// Ends with 1 when it stalls, fails, or loses time.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { launchChromium } from '../players/chromium.mjs';
import { startSluice } from '../players/servers.mjs';
import { makeFilm, startBroadcast } from './broadcast.mjs';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    cuts: { type: 'string', default: '3' },
    past: { type: 'string', default: '2' },
  },
});
const minutes = Number(values.minutes);
const cuts = Number(values.cuts);

/** Seconds without progress between two looks that are told: one look is a second. */
const PAUSE = 0.5;
/** With less in hand it is media that is missing; with more it is the machine that cannot show them. */
const IN_HAND = 1;

const state = `(() => {
  const { video, events, hls } = window.sluicePlayer;
  const buffered = video.buffered.length ? video.buffered.end(video.buffered.length - 1) - video.currentTime : 0;
  return {
    time: video.currentTime, buffered, paused: video.paused, ranges: video.buffered.length,
    frames: video.getVideoPlaybackQuality().totalVideoFrames,
    dropped: video.getVideoPlaybackQuality().droppedVideoFrames,
    latency: hls?.latency ?? 0,
    events: events.filter(({ type }) => !['playing', 'open', 'first-frame'].includes(type)),
    playing: events.some(({ type }) => type === 'first-frame'),
  };
})()`;

const folder = mkdtempSync(join(tmpdir(), 'sluice-live-'));
const film = join(folder, 'film.ts');
await makeFilm(film);
const channel = await startBroadcast(film, Number(values.past));
const sluice = await startSluice();
const browser = await launchChromium();
let failed = false;
try {
  const began = performance.now();
  const tab = await browser.openTab(`${sluice.url}/?d=${encodeURIComponent(channel.url)}`);
  let look = await tab.evaluate(state);
  while (!look.playing && performance.now() < began + 60_000) {
    await pause(100);
    look = await tab.evaluate(state);
  }
  const first = performance.now();
  console.log(`first picture after ${((first - began) / 1000).toFixed(1)} s`);
  const start = look;
  const end = first + minutes * 60_000;
  let done = 0;
  let least = Number.POSITIVE_INFINITY;
  let stalled = 0;
  let late = 0;
  let last = { ...look, at: performance.now() };
  while (performance.now() < end) {
    await pause(1000);
    if (done < cuts && performance.now() > first + ((done + 1) * minutes * 60_000) / (cuts + 1)) {
      done++;
      channel.cut(done % 2 ? 'reset' : 'end');
      console.log(
        `${((performance.now() - first) / 1000).toFixed(0)} s: cut ${done}, ${look.buffered.toFixed(1)} s in hand`,
      );
    }
    look = await tab.evaluate(state);
    const at = performance.now();
    const lost = (at - last.at) / 1000 - (look.time - last.time);
    if (lost > PAUSE) {
      if (last.buffered < IN_HAND) stalled += lost;
      else late += lost;
      console.log(
        `${((at - first) / 1000).toFixed(0)} s: ${lost.toFixed(2)} s without progress at ${look.time.toFixed(2)}, ${look.buffered.toFixed(1)} s in hand, ${look.ranges} ranges`,
      );
    }
    least = Math.min(least, look.buffered);
    last = { ...look, at };
  }
  const wall = (performance.now() - first) / 1000;
  for (const { at, type, detail, isFatal } of look.events)
    console.log(`event at ${(at / 1000).toFixed(1)} s: ${type} ${detail}${isFatal ? ' (fatal)' : ''}`);
  const fatal = look.events.some(({ isFatal }) => isFatal);
  const played = look.time - start.time;
  console.log(
    `${played.toFixed(1)} s played in ${wall.toFixed(1)} s, ${stalled.toFixed(1)} s of stalls, ${late.toFixed(1)} s lost to the machine, least in hand ${least.toFixed(1)} s, ` +
      `${look.frames} pictures (${look.dropped} dropped), ${done} cuts, ${channel.opened.length} connections`,
  );
  failed = fatal || stalled > 0 || done < cuts || played < wall - late - 1;
  await tab.close();
} finally {
  await browser.stop();
  sluice.stop();
  channel.close();
  rmSync(folder, { recursive: true, force: true });
}
console.log(failed ? 'FAIL' : 'ok');
process.exit(failed ? 1 : 0);
