import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { project } from './servers.mjs';

const FILE = join(project, 'test/players/results.md');

const MEANINGS = {
  pass: () => 'pass',
  partly: ({ failed }) => `pass but ${failed.join(', ')}`,
  'not decoded': () => 'not decoded by this player',
  'not played': () => 'not played by this player',
  FAIL: ({ failed }) => `**FAIL** ${failed.join(', ')}`,
};

const escaped = (text) => text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ').slice(0, 400);

/** `notes` holds each text once; a cell refers to it by number. */
function cell(result, notes) {
  if (!result) return '';
  const numbers = result.notes.map((text) => {
    if (!notes.includes(text)) notes.push(text);
    return notes.indexOf(text) + 1;
  });
  const text = MEANINGS[result.verdict](result);
  return numbers.length > 0 ? `${text} (${numbers.join(', ')})` : text;
}

/** `passed`: what came of films that were passed on. */
export function writeResults(results, { versions, passed }) {
  const players = [...new Set(results.map(({ player }) => player))];
  const rows = [...new Set(results.map(({ video, audio }) => `${video} + ${audio}`))];
  const notes = [];
  const table = rows.map((row) => {
    const cells = players.map((player) =>
      cell(
        results.find((result) => result.player === player && `${result.video} + ${result.audio}` === row),
        notes,
      ),
    );
    return `| ${row} | ${cells.join(' | ')} | not run |`;
  });
  const text = [
    '# Player matrix',
    '',
    'Made by `npm run players`: films of 40 s with two audio tracks in two languages, copied. In each cell: start, five',
    'seeks, change of language (another tone is heard), the last second up to the end; pictures and sound must go on after',
    'each. What fails is tried with what ffmpeg makes of the same film as HLS: **FAIL** plays there and not here,',
    '"pass but" and "not played" fail there as well. "Not decoded": the browser has no decoder for what is offered.',
    '',
    'mpv seeks inside its cache only: FFmpeg 5.1, with which Debian 12 builds it, cannot seek in HLS with fMP4, nor change',
    'the language there, which needs a seek (https://github.com/mpv-player/mpv/issues/15184, mended in FFmpeg in November',
    "2024). VLC's place moves in steps of seconds, so the last 4.5 s are only known to end. AVPlayer needs Apple devices.",
    'Numbers in brackets are the notes below: what was offered and not decoded, what failed, and what players complained',
    "of while they played on. VLC complains of clocks and decoders, GStreamer of caps, with ffmpeg's HLS as well.",
    'GStreamer 1.22 is offered the copy of the picture alone (`&video=copy`): it begins with a change to another variant,',
    'and fails where that has another codec. Browsers are asked for the text of a subtitle at three places, too.',
    '',
    ...versions.map((version) => `- ${version}`),
    '',
    `| film | ${players.join(' | ')} | AVPlayer |`,
    `|---|${players.map(() => '---|').join('')}---|`,
    ...table,
    '',
    ...notes.map((note, index) => `${index + 1}. ${escaped(note)}`),
    '',
    '## Films passed on as they are',
    '',
    'The same steps at `/proxy/stream`, with films of 8 Mbit/s; the index of the MP4 is at its end. The upstream must',
    'see reads from several places, and nobody but the server.',
    '',
    '| film | player | result |',
    '|---|---|---|',
    ...passed.map(
      ({ container, player, failed, notes: told }) =>
        `| ${container} | ${player} | ${failed.length > 0 ? `**FAIL** ${failed.join(', ')}` : 'pass'}: ${escaped(told.join('; '))} |`,
    ),
    '',
  ].join('\n');
  writeFileSync(FILE, text);
}
