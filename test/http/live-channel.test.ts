import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { needsFfmpeg } from '../helpers/ffmpeg.ts';
import { startUpstream, type Upstream } from '../helpers/upstream.ts';
import { makeStream } from '../parsers/mpegts/streams.ts';
import { masterPath, openTitle, rendition, type ServedApp, serveApp } from './serve-app.ts';

let app: ServedApp;
let upstream: Upstream;

beforeEach(needsFfmpeg);
afterEach(async () => {
  await app.close();
  await upstream.close();
});

/** Null packets: a channel that has nothing to say does not fall silent. */
const STUFFING = new Uint8Array(10 * 188).fill(0xff);
for (let at = 0; at < STUFFING.length; at += 188) STUFFING.set([0x47, 0x1f, 0xff, 0x10], at);

const listed = (text: string): number => text.split('\n').filter((line) => line.endsWith('.m4s')).length;

test('a list of a channel that may be live has something in hand, and waits for what is to come', async () => {
  const video = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '25', '-b:v', '300k'];
  const channel = makeStream({ seconds: 24, video, mux: ['-muxrate', '900k'] });
  const half = Math.floor(channel.length / 376) * 188;
  const goOn: (() => void)[] = [];
  upstream = await startUpstream((_request, response) => {
    response.writeHead(200, { 'content-type': 'video/mp2t' });
    response.write(channel.subarray(0, half));
    const stuffing = setInterval(() => response.write(STUFFING), 50);
    response.on('close', () => clearInterval(stuffing));
    goOn.push(() => {
      clearInterval(stuffing);
      response.end(channel.subarray(half));
    });
  });
  app = await serveApp();
  const { playlist } = rendition(await openTitle(app, masterPath(`${upstream.url}/channel`)), 'v0');
  const first = (await app.ask(playlist)).text;
  expect(first).toContain('#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES\n');
  const count = listed(first);
  expect(count, '2, 2 and 4 s').toBe(3);
  expect((await app.ask(`${playlist}?_HLS_msn=${count - 1}`)).text).toBe(first);
  expect((await app.ask(`${playlist}?_HLS_msn=${count + 2}`)).status).toBe(400);
  expect((await app.ask(`${playlist}?_HLS_msn=-1`)).status).toBe(400);
  const inOneStream = `/proxy/transcode/playlist.m3u8?d=${encodeURIComponent(`${upstream.url}/channel`)}`;
  expect((await app.ask(inOneStream)).status, 'it has no index to cut by').toBe(404);

  let answered = false;
  const next = app.ask(`${playlist}?_HLS_msn=${count}`).finally(() => {
    answered = true;
  });
  await pause(300);
  expect(answered, 'held back while there is nothing new').toBe(false);
  for (const each of goOn) each();
  expect(listed((await next).text)).toBeGreaterThan(count);
});
