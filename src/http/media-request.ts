import type { Context } from 'hono';
import type { VideoForm, VideoWish } from '../core/encoding.ts';
import { MediaError } from '../core/errors.ts';
import { isHttpUrl } from '../core/url.ts';
import type { Media, OpenedSource } from '../pipeline/library.ts';
import type { SelectionOptions } from '../pipeline/select-tracks.ts';
import type { MediaRequest } from '../proxy/token.ts';
import { allowOrigins, carriesKey, guardSource, reachOf } from './access.ts';
import type { AppEnv } from './deps.ts';
import { queryFields } from './query.ts';

/** Headers by `h_<name>=`; more than this many are not a player's. */
const MAX_HEADERS = 32;
export const MAX_URL = 8192;
const HOUR = 3600;

/**
 * `d=` and its companions as a request for a title: `h_<header>=`, `video=`, `audio=`, `subtitles=`, `program=`,
 * `expires=` (seconds from now).
 * @throws MediaError `bad-request` saying what is missing or wrong
 */
export function readMediaRequest(c: Context<AppEnv>, now: number): MediaRequest {
  const fields = queryFields(c.req.url);
  const url = fields.get('d')?.trim();
  if (!url) throw new MediaError('bad-request', 'No media URL: add ?d=<URL of the file>, percent-encoded');
  if (url.length > MAX_URL)
    throw new MediaError('bad-request', `The URL is longer than ${MAX_URL} characters`);
  if (!isLocal(url) && !isHttpUrl(url) && !isBucket(url) && !c.var.deps.hooks?.resolve)
    throw new MediaError(
      'bad-request',
      'd= must be an http or https URL, root:<name>/<path> of a served folder, or upload:<id>',
    );
  const request = {
    url,
    headers: headersIn(fields),
    ...selectionOf(fields),
    ...wishOf(fields),
    isTrusted: carriesKey(c),
    expires: expiry(wholeNumber('expires', fields.get('expires')), now),
  };
  return c.var.own?.get(url)?.(request) ?? request;
}

/** `h_<header>=`, in lower case. @throws MediaError `bad-request` for more than any player sends */
export function headersIn(fields: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
  const headers = [...fields].filter(([name]) => name.startsWith('h_') && name.length > 2);
  if (headers.length > MAX_HEADERS) throw new MediaError('bad-request', `More than ${MAX_HEADERS} headers`);
  return Object.fromEntries(headers.map(([name, value]) => [name.slice(2).toLowerCase(), value]));
}

/**
 * `video=`, `audio=`, `program=` and `recovery=` of a request whose media do not come from an address.
 * @throws MediaError `bad-request` saying what is wrong
 */
export function readSelection(c: Context<AppEnv>): SelectionOptions {
  const fields = queryFields(c.req.url);
  wishOf(fields); // throws for what is none
  return selectionOf(fields);
}

function selectionOf(fields: ReadonlyMap<string, string>): SelectionOptions {
  const program = wholeNumber('program', fields.get('program'));
  const subtitles = trackNames(fields.get('subtitles'));
  return {
    video: wholeNumber(
      'video',
      videoWords(fields).find((word) => /^\d/.test(word)),
    ),
    audio: trackNames(fields.get('audio')),
    ...(subtitles === null ? {} : { subtitles }),
    recovery: fields.get('recovery') === 'hidden' ? 'hidden' : 'shown',
    ...(program === null ? {} : { program }),
  };
}

/** `video=` names a track by its index and forms by their codecs, any of them: `video=1`, `video=h264`, `video=1,copy`. */
const videoWords = (fields: ReadonlyMap<string, string>): string[] =>
  (fields.get('video') ?? '')
    .toLowerCase()
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');

const VIDEO_FORMS: ReadonlyMap<string, VideoForm> = new Map([
  ['copy', 'copy'],
  ['h264', 'h264'],
  ['avc', 'h264'],
  ['hevc', 'h265'],
  ['h265', 'h265'],
  ['av1', 'av1'],
]);

/** `video=`, `maxheight=`, `maxbitrate=`; nothing where none of them is there. */
function wishOf(fields: ReadonlyMap<string, string>): { readonly wish?: VideoWish } {
  const words = videoWords(fields).filter((word) => !/^\d/.test(word));
  const forms = words.map((word) => {
    const form = VIDEO_FORMS.get(word);
    if (form) return form;
    throw new MediaError(
      'bad-request',
      `video= takes the index of a track, copy, h264, hevc or av1, not "${word.slice(0, 32)}"`,
    );
  });
  const maxHeight = wholeNumber('maxheight', fields.get('maxheight'));
  const maxBitrate = wholeNumber('maxbitrate', fields.get('maxbitrate'));
  if (forms.length === 0 && maxHeight === null && maxBitrate === null) return {};
  return { wish: { forms: forms.length > 0 ? [...new Set(forms)].sort() : null, maxHeight, maxBitrate } };
}

/** Files of this machine: of a served folder, or uploaded. */
export const isLocal = (url: string): boolean => /^(root|upload):/.test(url);

/** Objects in buckets, which edge workers have; other platforms refuse them when they open them. */
export const isBucket = (url: string): boolean => url.startsWith('r2:');

/** `audio=2,de`, or `audio=none` for none; null where nothing is asked for. */
function trackNames(text: string | undefined): readonly string[] | null {
  if (!text) return null;
  const names = text.toLowerCase() === 'none' ? [] : text.split(',').map((name) => name.trim());
  return [...new Set(names.filter((name) => name !== ''))].sort();
}

/** Rounded up to the hour, so that requests within it give the same address. */
const expiry = (seconds: number | null, now: number): number | null =>
  seconds === null ? null : Math.ceil((now / 1000 + seconds) / HOUR) * HOUR;

function wholeNumber(name: string, text: string | undefined): number | null {
  if (text === undefined || text === '') return null;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new MediaError('bad-request', `${name}= must be a whole number, not "${text.slice(0, 32)}"`);
}

/** Requests that differ only in who asks share a title. */
export const titleKey = ({ url, headers, recovery, program, wish, ...tracks }: MediaRequest): string => {
  const { video, audio, subtitles } = tracks;
  const rest = [...(wish ? [wish] : []), ...(subtitles ? [{ subtitles }] : [])];
  return JSON.stringify([url, headers, video, audio, recovery, program, ...rest]);
};

/** What `d=` said in the request that `titleKey` made a key of. */
export const urlOfTitle = (key: string): string => String((JSON.parse(key) as readonly unknown[])[0]);

export const optionsOf = ({ video, audio, subtitles, recovery, program }: MediaRequest) => ({
  video,
  audio,
  ...(subtitles === undefined ? {} : { subtitles }),
  recovery,
  ...(program === undefined ? {} : { program }),
});

/** Opens the title of a request for this client, or says why not. */
export async function openMedia(
  c: Context<AppEnv>,
  request: MediaRequest,
  signal: AbortSignal,
): Promise<Media> {
  const { deps } = c.var;
  if (isLocal(request.url)) guardSource(c, 'local', request.isTrusted);
  let opened: OpenedSource | null = null;
  const openSource = async () => {
    opened = await deps.openSource(request, reachOf(c, request.isTrusted));
    return opened;
  };
  const wish = {
    openSource,
    options: optionsOf(request),
    wish: request.wish,
    onBroken: (err: unknown) => deps.log.warn({ err }, 'input read in order ended early'),
  };
  try {
    const media = await deps.library.open(titleKey(request), wish, signal);
    guardSource(c, media.access, request.isTrusted);
    return media;
  } catch (error) {
    openError(c, opened);
    throw error;
  }
}

/** Why a public source does not open may be read by the page that asked for it. */
function openError(c: Context<AppEnv>, opened: OpenedSource | null): void {
  const access = opened?.access();
  if (access === 'public' || access === 'named') allowOrigins(c);
}

/** Runs what reads from a title; a source that changed under it is planned anew at the next request. */
export async function withTitle<T>(
  c: Context<AppEnv>,
  request: MediaRequest,
  use: () => Promise<T>,
): Promise<T> {
  try {
    return await use();
  } catch (error) {
    if (error instanceof MediaError && error.code === 'changed') c.var.deps.library.forget(titleKey(request));
    throw error;
  }
}
