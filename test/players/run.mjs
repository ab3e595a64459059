// The player matrix: each video codec with each audio codec in each player that can run without a screen here, and films
// that are passed on as they are (/proxy/stream) in players that play them (--match proxied).
//   npm run players [-- --player TEXT] [-- --match TEXT] [-- --seed N]
// Players come from .ci/setup-players. A cell that fails is tried again with what ffmpeg makes of the same film: where
// that fails as well the player is the cause. A whole run writes results.md.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { AUDIO, makeControl, makeFilm, VIDEO } from './films.mjs';
import { PLAYERS } from './players.mjs';
import { judgeProxied, PROXIED } from './proxied.mjs';
import { writeResults } from './results.mjs';
import { playThrough } from './scenario.mjs';
import { startServers } from './servers.mjs';

const { values } = parseArgs({
  options: {
    player: { type: 'string', default: '' },
    match: { type: 'string', default: '' },
    seed: { type: 'string', default: '20240229' },
    films: { type: 'string' },
  },
});

/** Sound for information only: beside the most common picture. */
const FOR_INFORMATION = ['AC-3', 'E-AC-3'];

const ROWS = Object.keys(VIDEO)
  .flatMap((video) => Object.keys(AUDIO).map((audio) => ({ video, audio })))
  .filter(({ video, audio }) => video === 'H.264' || !FOR_INFORMATION.includes(audio))
  .filter(({ video, audio }) => `${video} + ${audio}`.includes(values.match));

/** Films that are passed on as they are, for players that take them. */
const PASSED = PROXIED.filter((name) => `proxied ${name}`.includes(values.match));

/** The CODECS of the variants in a master playlist. */
async function offered(url) {
  const response = await fetch(url);
  const text = await response.text();
  if (!response.ok) throw new Error(`master: ${response.status} ${text.slice(0, 300)}`);
  return [...text.matchAll(/CODECS="([^"]*)"/g)].map(([, codecs]) => codecs);
}

const told = (failures) =>
  Object.entries(failures)
    .map(([step, message]) => `${step}: ${message.split('\n')[0]}`)
    .join('; ');

/** Plays a film; what fails is held against what fails with ffmpeg's HLS of the same film. */
async function judgePlaying(player, addresses) {
  const seed = Number(values.seed);
  const { failures, complaints, codecs } = await playThrough(() => player.open(addresses.title), seed);
  const notes = [...new Set(complaints)];
  if (Object.keys(failures).length === 0) return { verdict: 'pass', notes, played: codecs };
  const control = await playThrough(() => player.open(addresses.control), seed);
  // ffmpeg's HLS has no subtitles.
  const isOurs = (step) => step === 'texts' || (!control.failures[step] && !control.failures.start);
  const ours = Object.keys(failures).filter(isOurs);
  notes.push(told(failures), `ffmpeg's HLS: ${told(control.failures) || 'plays'}`);
  if (ours.length > 0) return { verdict: 'FAIL', failed: ours, notes, played: codecs };
  const failed = Object.keys(failures);
  return { verdict: failures.start ? 'not played' : 'partly', failed, notes, played: codecs };
}

async function judge(player, { video, audio }, addresses) {
  const codecs = await offered(addresses.title);
  const copied = codecs.filter(
    (names) => names.includes(VIDEO[video].prefix) && names.includes(AUDIO[audio].prefix),
  );
  const notes = [`CODECS are ${codecs.join(' | ')}`];
  if (copied.length === 0) return { verdict: 'FAIL', failed: ['not offered'], notes };
  const playable = await Promise.all(codecs.map((names) => player.canPlay(names)));
  if (!playable.includes(true)) return { verdict: 'not decoded', notes };
  return judgePlaying(player, addresses);
}

const folder = values.films ?? mkdtempSync(join(tmpdir(), 'sluice-players-films-'));
const films = new Map(
  ROWS.map((row) => [row, { film: makeFilm(folder, row), control: makeControl(folder, row) }]),
);
const servers = await startServers(folder);
const results = [];
const passed = [];
const versions = [];
for (const { title, start } of PLAYERS.filter(({ title }) => title.includes(values.player))) {
  const player = await start(servers);
  versions.push(`${title}: ${player.name}`);
  for (const row of ROWS) {
    const { film, control } = films.get(row);
    const source = encodeURIComponent(`${servers.url}/films/${film}`);
    const result = await judge(player, row, {
      title: `${player.origin}/hls/master.m3u8?d=${source}${player.wish ? `&${player.wish}` : ''}`,
      control: `${servers.url}/films/${control}`,
    }).catch((error) => ({ verdict: 'FAIL', failed: ['harness'], notes: [error.message] }));
    const notes = [...result.notes, ...servers.refusals()];
    results.push({ ...row, player: title, ...result, notes });
    const line = [title, `${row.video} + ${row.audio}`, result.played, ...notes].filter(Boolean).join('; ');
    process.stdout.write(`${[result.verdict, ...(result.failed ?? [])].join(' ').padEnd(12)} ${line}\n`);
  }
  for (const container of player.openFile ? PASSED : []) {
    const result = await judgeProxied(player, container, { folder, servers, seed: Number(values.seed) });
    passed.push({ player: title, container, ...result });
    const verdict = result.failed.length > 0 ? `FAIL ${result.failed.join(' ')}` : 'pass';
    process.stdout.write(
      `${verdict.padEnd(12)} ${title}; proxied ${container}; ${result.notes.join('; ')}\n`,
    );
  }
  await player.stop();
}
servers.stop();
if (!values.films) rmSync(folder, { recursive: true, force: true });

const failed = [
  ...results.filter(({ verdict }) => verdict === 'FAIL'),
  ...passed.filter(({ failed: steps }) => steps.length > 0),
];
if (!values.player && !values.match) writeResults(results, { versions, passed });
const count = results.length + passed.length;
process.stdout.write(`Players: ${count - failed.length} passed, ${failed.length} failed\n`);
process.exitCode = failed.length > 0 ? 1 : 0;
