// Run by Deno or Bun in a project that has Sluice installed: mounts it in an app on their own server, and plays.
import { Hono } from 'hono';
import { openSluice } from 'sluice/node';

const SERVE = {
  Deno: (fetch) => Deno.serve({ port: 0, hostname: '127.0.0.1', onListen: () => undefined }, fetch).addr.port,
  Bun: (fetch) => Bun.serve({ port: 0, hostname: '127.0.0.1', fetch }).port,
};

const [films] = process.argv.slice(2);
const sluice = await openSluice({ roots: new Map([['films', films]]), secret: 'none', ffmpeg: null });
const app = new Hono().route('/media', sluice.app);
const port = SERVE[globalThis.Deno ? 'Deno' : 'Bun'](app.fetch);

async function get(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  return answer;
}

const page = await get(`http://127.0.0.1:${port}/media`);
if (!page.url.endsWith('/media/')) throw new Error(`The page is at ${page.url}`);
await get(new URL('web/player.js', page.url));
const master = await get(new URL('hls/master.m3u8?d=root:films/ac3.mkv', page.url));
const lists = (await master.text()).matchAll(/URI="([^"]+)"|^(?!#).+$/gm);
const bytes = {};
for (const [line, uri] of lists) {
  const list = await get(new URL(uri ?? line, master.url));
  const [segment] = /^(?!#).+$/m.exec(await list.text());
  const { byteLength } = await (await get(new URL(segment, list.url))).arrayBuffer();
  bytes[list.url.split('/').at(-2)] = byteLength;
}
await sluice.close();
console.log(JSON.stringify(bytes));
process.exit(0);
