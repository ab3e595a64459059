import type { Command } from 'commander';
import { interruptible } from './interruption.ts';
import {
  choice,
  prose,
  type Report,
  withInputOptions,
  withStrictOption,
  withTrackOptions,
} from './options.ts';
import { PLAYER_NAMES } from './players.ts';

/** `sluice probe <x>` */
export function addProbe(program: Command, report: Report): void {
  const command = program
    .command('probe')
    .summary('tell what a file is and what is done with each track')
    .description('Tells what a file is, which tracks it has, and what is done with each when it is played.');
  withTrackOptions(withInputOptions(command))
    .option('--json', 'as JSON: the same that /probe answers')
    .addHelpText(
      'after',
      examples(['sluice probe film.mkv', "sluice probe film.mkv --json | jq '.tracks[].codec'"]),
    )
    .action(async (target, flags) => {
      const { probe } = await import('./probe.ts');
      report(await interruptible((signal) => probe(target, flags, signal)));
    });
}

/** `sluice why <x> --for <player>` */
export function addWhy(program: Command, report: Report): void {
  const command = program
    .command('why')
    .summary('tell what a player does with each track, and why')
    .description(
      prose(`Tells of each track in one line what becomes of it in a player: it plays as it is, is copied into another
container, is transcoded to AAC, or is not possible; and why. By the documents of the players' makers.`),
    );
  withStrictOption(withTrackOptions(withInputOptions(command)))
    .addOption(choice('--for <PLAYER>', 'the player', PLAYER_NAMES).makeOptionMandatory())
    .addHelpText(
      'after',
      examples(['sluice why film.mkv --for chrome', 'sluice why film.mkv --for tizen --strict']),
    )
    .action(async (target, flags) => {
      const { why } = await import('./why.ts');
      report(await interruptible((signal) => why(target, flags, signal)));
    });
}

/** `sluice remux <x>` */
export function addRemux(program: Command, report: Report): void {
  const command = program
    .command('remux')
    .summary('write it as one MP4 file')
    .description(
      prose(`Writes a title, or a stretch of it, as one MP4 file with all its tracks: video is copied, sound that players lack
becomes AAC. To a file it is seekable at once; to a pipe it is fragmented and begins to flow at once.`),
    );
  withStrictOption(withTrackOptions(withInputOptions(command)))
    .option('-o, --output <FILE>', 'write there; - is standard output', '-')
    .option('-f, --force', 'write over a file that is there')
    .option('--start <TIME>', 'begin there: seconds, or H:MM:SS')
    .option('--duration <TIME>', 'write so much: seconds, or H:MM:SS')
    .addOption(
      choice('--seek <WHERE>', 'begin at the key picture before the start, after it, or exactly there', [
        'before',
        'after',
        'accurate',
      ]).default('before'),
    )
    .addOption(
      choice('--sound <FORM>', 'AAC for what browsers lack, or all that MP4 can hold as it is', [
        'playable',
        'copied',
      ]).default('playable'),
    )
    .addHelpText(
      'after',
      examples([
        'sluice remux film.mkv -o film.mp4',
        'sluice remux film.mkv --start 10:00 --duration 30 --seek accurate -o scene.mp4',
        'sluice remux film.mkv --audio de | mpv -',
      ]),
    )
    .action(async (target, flags) => {
      const { remux } = await import('./remux.ts');
      report(await interruptible((signal) => remux(target, flags, signal)));
    });
}

/** `sluice hls <x> <dir>` */
export function addHls(program: Command, report: Report): void {
  const command = program
    .command('hls')
    .summary('write it as a folder of HLS that any web server can serve')
    .description(
      prose(`Writes a title as HLS: master.m3u8, a folder for each rendition, addresses relative. Files appear under their names
when they are whole, the master last: what is there can be played.`),
    );
  withStrictOption(withTrackOptions(withInputOptions(command)))
    .argument('<DIR>', 'the folder; made where it is not there')
    .option('-f, --force', 'write over what is in the folder')
    .addHelpText(
      'after',
      examples([
        'sluice hls film.mkv site/film',
        'sluice hls https://example.org/film.mkv site/film --audio en,de',
      ]),
    )
    .action(async (target, folder, flags) => {
      const { hls } = await import('./hls.ts');
      report(await interruptible((signal) => hls(target, folder, flags, signal)));
    });
}

/** `sluice dump <x>` */
export function addDump(program: Command, report: Report): void {
  const command = program
    .command('dump')
    .summary('show boxes, elements or packets with their offsets')
    .description(
      prose(`Shows how a file is built: boxes of MP4, elements of Matroska, tables and packets of transport streams, each with
offset and size. Payload is skipped, so that files of any size are read in a moment. What is broken is told where it
is, in lines with !!, and the exit status is 3 then.`),
    );
  withInputOptions(command)
    .option(
      '--depth <N>',
      'so many levels, clusters and fragments included (default: all but what is in those)',
    )
    .option('--limit <LINES>', 'stop after so many; 0 shows all (default: 10000)')
    .addHelpText(
      'after',
      examples([
        'sluice dump film.mp4',
        'sluice dump film.mkv --depth 3 | less',
        'sluice dump broadcast.ts --depth 1    tables only; 3 shows every packet',
      ]),
    )
    .action(async (target, flags) => {
      const { dump } = await import('./dump/dump.ts');
      report(await interruptible((signal) => dump(target, flags, signal)));
    });
}

const examples = (lines: readonly string[]): string =>
  ['\nExamples:', ...lines.map((line) => `  ${line}`)].join('\n');
