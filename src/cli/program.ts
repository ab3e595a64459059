import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { PROJECT_FOLDER } from '../project.ts';
import { addLibrary } from './library-command.ts';
import type { Report } from './options.ts';
import { addDump, addHls, addProbe, addRemux, addWhy } from './reading-commands.ts';
import { addDoctor, addPlay, addServe } from './serving-commands.ts';

const EXAMPLES = `
Examples:
  sluice play film.mkv                  open it in the browser
  sluice serve ~/Films --open           a server for this machine, phones and TVs, with a list of what is there
  sluice why film.mkv --for safari      what plays, what is changed, and why
  sluice remux film.mkv -o film.mp4     the same film as MP4; nothing is re-encoded that need not be
  sluice remux https://example.org/film.mkv --start 1:02:00 --duration 90 | mpv -
  sluice hls film.mkv site/film         a folder that any web server can serve
  sluice library films.txt --out lib    .strm files for Jellyfin, Emby, Kodi

Exit status:
  0  done
  1  a fault of Sluice itself
  2  the command line or a setting is wrong
  3  the media cannot be read: not there, broken, or of a kind that is not supported
  4  the server that the media lie on refused, failed, or was too slow
  5  done, but tracks were left out or do not play (only with --strict), or nothing was pruned (library)
  129, 130, 143  ended by a signal

Completions: source <(sluice completion bash), and likewise for zsh, fish and powershell.
"sluice COMMAND --help" tells more of a command.`;

/** All commands with their flags and help; what a command does is loaded when it runs. */
export function createProgram(report: Report): Command {
  const program = new Command('sluice')
    .description('Plays, converts and explains media files: MKV, MP4, TS and more in, HLS or MP4 out.')
    .version(version(), '-V, --version', 'say the version')
    .helpOption('-h, --help', 'tell what can be done')
    .helpCommand('help [COMMAND]', 'tell more of a command')
    .addHelpText('after', EXAMPLES)
    .configureOutput({ outputError: () => undefined })
    .configureHelp({ sortOptions: false })
    .exitOverride();
  const commands = [addServe, addPlay, addProbe, addWhy, addRemux, addHls, addLibrary, addDump, addDoctor];
  for (const add of commands) add(program, report);
  return program;
}

/** Only for the help: `completion.ts` answers, by a library that is not loaded otherwise. */
export function addCompletion(program: Command): void {
  program
    .command('completion')
    .summary('print what a shell needs to complete commands')
    .argument('<SHELL>', 'bash, zsh, fish or powershell');
}

/** Of the package that this file was installed with: it runs from dist/src/cli. */
function version(): string {
  const text = readFileSync(join(PROJECT_FOLDER, 'package.json'), 'utf8');
  const { version } = JSON.parse(text) as { readonly version: string };
  return version;
}
