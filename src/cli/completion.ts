import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Complete, RootCommand } from '@bomb.sh/tab';
import tab from '@bomb.sh/tab/commander';
import { createProgram } from './program.ts';

type Kind = 'files' | 'folders';

/** What the words of commands name; a last one of folders may be repeated. */
const WORDS: Readonly<Record<string, readonly Kind[]>> = {
  serve: ['folders'],
  play: ['files'],
  probe: ['files'],
  why: ['files'],
  remux: ['files'],
  hls: ['files', 'folders'],
  library: ['files'],
  dump: ['files'],
};

/** `sluice completion <shell>` prints the script for a shell; `sluice complete -- …` is what that script asks. */
export async function complete(argv: readonly string[]): Promise<void> {
  const program = createProgram(() => undefined);
  // One line each: what a description says is for the help.
  for (const command of program.commands) command.description(command.summary() || command.description());
  const root = tab(program, { completionCommandName: 'completion' });
  completePaths(root, argv.at(-1) ?? '');
  await program.parseAsync(argv);
}

/** The library asks for candidates without saying what was typed, and chooses those that fit. */
function completePaths(root: RootCommand, typed: string): void {
  const handlers = { files: paths(typed, 'files'), folders: paths(typed, 'folders') };
  for (const [name, kinds] of Object.entries(WORDS)) {
    const command = root.commands.get(name);
    command?.arguments.clear();
    for (const [i, kind] of kinds.entries())
      command?.argument(`${i}`, handlers[kind], name === 'serve' && kind === 'folders');
  }
  for (const name of ['uploads', 'state'])
    root.commands.get('serve')?.option(name, 'a folder', handlers.folders);
  for (const name of ['out', 'state'])
    root.commands.get('library')?.option(name, 'a folder', handlers.folders);
  root.commands.get('remux')?.option('output', 'write there', handlers.files, 'o');
}

/** Names in the folder that was typed so far, folders with a slash behind them. */
const paths =
  (typed: string, kind: Kind) =>
  (offer: Complete): void => {
    const folder = typed.endsWith('/')
      ? typed
      : typed.includes('/')
        ? `${dirname(typed)}/`.replace('//', '/')
        : '';
    for (const entry of entriesOf(folder || '.')) {
      const isFolder = entry.isDirectory();
      if (isFolder || kind === 'files') offer(`${folder}${entry.name}${isFolder ? '/' : ''}`, '');
    }
  };

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !name.startsWith('.'));
  } catch {
    return [];
  }
}
