import { type Command, Option } from 'commander';

/** Told the exit status of a command that has run. */
export type Report = (status: number) => void;

export const FILE_OR_URL = 'a file of this machine, or an http or https URL';

/** Text of several lines of code as one paragraph. */
export const prose = (text: string): string => text.replaceAll(/\s*\n\s*/g, ' ');

/** For options that may be given several times. */
export const collect = (value: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  value,
];

export const choice = (flags: string, about: string, choices: readonly string[]): Option =>
  new Option(flags, about).choices(choices);

/** What all commands take that read a file or a URL. */
export const withInputOptions = (command: Command): Command =>
  command
    .argument('<FILE|URL>', FILE_OR_URL)
    .option('--header <NAME=VALUE>', 'send it with requests for the URL; repeatable', collect);

/** Those that say which tracks. */
export const withTrackOptions = (command: Command): Command =>
  command
    .option('--video <N>', 'number of the video track (default: the main one)')
    .option('--audio <LIST>', 'numbers or languages of sound tracks: 1,de; or none (default: all)')
    .option('--subtitles <LIST>', 'the same of subtitles: en,3; or none (default: all)')
    .option('--program <N>', 'number of the program, where a broadcast has several');

export const withStrictOption = (command: Command): Command =>
  command.option('--strict', 'exit with status 5 when a track was left out or does not play');
