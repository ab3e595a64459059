// A film that is passed on as it is: what the player does with it, and what the upstream sees of that.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { makeLargeFilm } from './films.mjs';
import { playThrough } from './scenario.mjs';

/** Containers; players find the index of the MP4 at its end. */
export const PROXIED = ['mkv', 'mp4'];

/** Bytes from the beginning that a player reads anyway. */
const BEGINNING = 2_000_000;
/** Part of the file behind which the index of the MP4 lies. */
const INDEX = 0.98;
/** Places that a player must have read from at least: some seeks are to what it has read ahead. */
const PLACES = 3;

/** What the upstream must have seen; tells what it did not. */
function judgeRanges(asked, { container, size }) {
  const starts = new Set(asked.map(({ range }) => Number(/^bytes=(\d+)-/.exec(range)?.[1] ?? 0)));
  const places = [...starts].filter((start) => start > BEGINNING && start < size * INDEX);
  const wrong = [];
  if (!asked.every(({ agent }) => agent.startsWith('Sluice/'))) wrong.push('asked by others');
  if (places.length < PLACES) wrong.push('ranges');
  if (container === 'mp4' && ![...starts].some((start) => start > size * INDEX)) wrong.push('index not read');
  return { wrong, told: `${asked.length} requests, from ${places.length} places` };
}

/** Plays a film at /proxy/stream through. */
export async function judgeProxied(player, container, { folder, servers, seed }) {
  const name = makeLargeFilm(folder, container);
  const { size } = statSync(join(folder, name));
  const source = encodeURIComponent(`${servers.url}/films/${name}`);
  const url = `${servers.sluice}/proxy/stream/${name}?d=${source}`;
  servers.asked();
  const { failures, complaints, codecs } = await playThrough(() => player.openFile(url), seed);
  const { wrong, told } = judgeRanges(servers.asked(), { container, size });
  const messages = Object.entries(failures).map(([step, message]) => `${step}: ${message.split('\n')[0]}`);
  return {
    failed: [...Object.keys(failures), ...wrong],
    notes: [codecs, told, ...messages, ...new Set(complaints)].filter((note) => note !== ''),
  };
}
