import type { Command } from 'commander';
import { interruptible } from './interruption.ts';
import { choice, collect, prose, type Report } from './options.ts';

/** In the order of `FORMS`, which is not loaded for the help. */
const FORMS = ['file', 'hls', 'mp4'];

const EXAMPLES = `
The addresses never expire and need no password, whatever API_PASSWORD is: they are made with the server's secret, so
run it as the server's user, or give its --state or SLUICE_SECRET. A folder must be served: give --root as the server
has it. The same call writes the same files; what has not changed is not touched.

Environment: SLUICE_SECRET, SLUICE_STATE, SLUICE_ROOTS, SLUICE_PUBLIC_URL, HOST, PORT

Examples:
  sluice library ~/Films --root films=~/Films --out ~/Library --server http://192.168.1.5:8080
  sluice library films.txt --out ~/Library --prune          lines of URL, Title|URL, or an M3U list
  curl -s https://example.org/vod.m3u | sluice library - --out ~/Library --as hls`;

/** `sluice library <dir|list>` */
export function addLibrary(program: Command, report: Report): void {
  program
    .command('library')
    .summary('write .strm and .nfo files for Jellyfin, Emby, Kodi')
    .description(
      prose(`Writes a folder with a .strm and an .nfo file for each film of a folder or of a list, named as media servers
want them, whose addresses lead through a Sluice server.`),
    )
    .argument('<DIR|LIST>', 'a folder, a list of URLs or an M3U list; - reads a list from standard input')
    .requiredOption('--out <DIR>', 'the folder; made where it is not there')
    .option(
      '--server <URL>',
      'where the server is (default: SLUICE_PUBLIC_URL, else where it would listen here)',
    )
    .addOption(
      choice(
        '--as <FORM>',
        'what the addresses give: the file as it is, since media servers remux by themselves; HLS; or MP4 in order',
        FORMS,
      ).default('file'),
    )
    .option('--root <NAME=FOLDER>', 'a folder that the server serves by that name; repeatable', collect)
    .option('--state <FOLDER>', "where the server's secret is kept")
    .option('--probe', 'look into each film, and tell its tracks in the .nfo')
    .option(
      '--prune',
      'remove what an earlier call wrote and this one does not; nothing where a part could not be read',
    )
    .addHelpText('after', EXAMPLES)
    .action(async (target, flags) => {
      const { library } = await import('./library.ts');
      report(await interruptible((signal) => library(target, flags, signal)));
    });
}
