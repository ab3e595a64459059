import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, resolve } from 'node:path';
import { readConfig } from '../config.ts';
import { MediaError } from '../core/errors.ts';
import { isHttpUrl } from '../core/url.ts';
import { type MediaOptions, openNodeMedia } from '../node-media.ts';
import { openSource } from '../open-source.ts';
import type { Library, Media, OpenedSource } from '../pipeline/library.ts';
import type { SelectionOptions } from '../pipeline/select-tracks.ts';
import { note } from './output.ts';

/** Flags of every command that reads a file or a URL, as commander names them. */
export interface InputFlags {
  readonly header?: readonly string[];
  /** Index of the video track. */
  readonly video?: string;
  /** Indexes or languages of audio tracks, separated by commas; `none`. */
  readonly audio?: string;
  /** The same of subtitles. */
  readonly subtitles?: string;
  readonly program?: string;
}

/** A file or a URL that somebody typed, to be read. */
export interface Input {
  /** Last part of its path: for people, and for names of files. */
  readonly name: string;
  readonly library: Library;
  readonly options: SelectionOptions;
  /** Sends nothing yet. */
  openSource(): Promise<OpenedSource>;
  /** Plans the title with the tracks that the flags choose. */
  openMedia(signal: AbortSignal): Promise<Media>;
  close(): Promise<void>;
}

/**
 * A local path is read directly, as is any address: whoever types it may have it.
 * @param video `encoded`: what cannot be copied counts as well, and encoders are tried for it
 * @throws MediaError `not-found` for a file that is not there, `bad-request` for flags that make no sense
 */
export async function openInput(
  text: string,
  flags: InputFlags,
  video: MediaOptions['video'] = 'copied',
): Promise<Input> {
  const isRemote = isHttpUrl(text);
  const headers = readHeaders(flags.header ?? []);
  const options = selection(flags);
  const path = isRemote ? null : await existingFile(text);
  const config = readConfig({ 'allow-private': true }, process.env, { cores: availableParallelism() });
  const media = await openNodeMedia(config, { env: process.env, video });
  const request = {
    url: path === null ? text : 'upload:input',
    headers,
    ...options,
    isTrusted: true,
    expires: null,
  };
  const places = { ...media.places, roots: new Map(), upload: async () => path ?? '' };
  const open = () => openSource(request, places);
  return {
    name: nameOf(path ?? new URL(text).pathname),
    library: media.library,
    options,
    openSource: open,
    openMedia: (signal) =>
      media.library.open('input', { openSource: open, options, onBroken: tellBroken }, signal),
    close: () => media.close(),
  };
}

/** Runs `use` with the opened input and closes it, whatever happens. */
export async function withInput<T>(
  text: string,
  flags: InputFlags,
  use: (input: Input) => Promise<T>,
  video: MediaOptions['video'] = 'copied',
): Promise<T> {
  const input = await openInput(text, flags, video);
  try {
    return await use(input);
  } finally {
    await input.close();
  }
}

/** @throws MediaError `not-found` for what is no file */
export async function existingFile(text: string): Promise<string> {
  const path = resolve(text);
  const found = await stat(path).catch(() => null);
  if (found?.isFile()) return path;
  const what = /^[a-z][a-z\d+.-]*:\/\//i.test(text) ? 'Only files and http or https URLs can be read' : null;
  if (what) throw new MediaError('bad-request', `${what}, not ${text}`);
  throw new MediaError('not-found', found ? `${text} is not a file` : `There is no file ${text}`);
}

const tellBroken = (error: unknown): void =>
  note(`The input ended early: ${error instanceof Error ? error.message : String(error)}`);

/** Of a path or of a URL's path. */
function nameOf(path: string): string {
  const name = basename(path) || 'media';
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** @throws MediaError `bad-request` for what is not NAME=VALUE */
export function readHeaders(list: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    list.map((entry) => {
      const at = entry.indexOf('=');
      if (at < 1) throw new MediaError('bad-request', `--header wants NAME=VALUE, not "${entry}"`);
      return [entry.slice(0, at).toLowerCase(), entry.slice(at + 1)];
    }),
  );
}

function selection({ video, audio, subtitles, program }: InputFlags) {
  const number = program === undefined ? null : wholeNumber('--program', program);
  return {
    video: video === undefined ? null : wholeNumber('--video', video),
    audio: audio === undefined ? null : namesIn(audio),
    ...(subtitles === undefined ? {} : { subtitles: namesIn(subtitles) }),
    recovery: 'shown' as const,
    ...(number === null ? {} : { program: number }),
  };
}

/** Numbers or languages with commas; `none` for none. */
function namesIn(list: string): readonly string[] {
  const names = list.toLowerCase() === 'none' ? [] : list.split(',').map((name) => name.trim());
  return [...new Set(names.filter((name) => name !== ''))].sort();
}

/** @throws MediaError `bad-request` naming the flag */
export function wholeNumber(flag: string, text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new MediaError('bad-request', `${flag} wants a whole number, not "${text}"`);
}
