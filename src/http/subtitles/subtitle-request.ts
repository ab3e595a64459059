import type { Context } from 'hono';
import { MediaError } from '../../core/errors.ts';
import type { MediaRequest } from '../../proxy/token.ts';
import type { AppEnv } from '../deps.ts';
import { isBucket, isHttp, isLocal, MAX_URL } from '../media-request.ts';
import { isTrusted } from '../path-key.ts';
import { queryFields } from '../query.ts';

/** A file with subtitles, and how it is wanted. */
export interface SubtitleRequest {
  readonly media: MediaRequest;
  /** Milliseconds by which all is shown later. */
  readonly offset: number;
  /** Pictures a second; null where nothing is said. */
  readonly frameRate: number | null;
  /** As `TextDecoder` calls it; null where nothing is said. */
  readonly charset: string | null;
}

/** Fields that name the file: Sluice's own, and those of Stremio's players. */
const NAMES = ['d', 'from', 'url', 'subsUrl'] as const;

const MAX_HEADERS = 32;

/**
 * `d=`, or `from=`, `url=`, `subsUrl=`; `h_<header>=`, `offset=` (milliseconds), `fps=`, `charset=`.
 * @throws MediaError `bad-request` saying what is missing or wrong
 */
export function readSubtitleRequest(c: Context<AppEnv>): SubtitleRequest {
  const fields = queryFields(c.req.url);
  const url = NAMES.map((name) => fields.get(name)?.trim()).find((one) => one) ?? '';
  const headers = [...fields].filter(([name]) => name.startsWith('h_') && name.length > 2);
  if (headers.length > MAX_HEADERS) throw new MediaError('bad-request', `More than ${MAX_HEADERS} headers`);
  return {
    media: fileAt(
      c,
      url,
      Object.fromEntries(headers.map(([name, value]) => [name.slice(2).toLowerCase(), value])),
    ),
    offset: readNumber(fields.get('offset'), { name: 'offset', form: /^-?\d{1,9}$/ }) ?? 0,
    frameRate: readNumber(fields.get('fps'), { name: 'fps', form: /^[1-9]\d{0,2}(\.\d{1,6})?$/ }),
    charset: readCharset(fields.get('charset')),
  };
}

/** A request for a file of any kind. @throws MediaError `bad-request` for what is no address */
export function fileAt(
  c: Context<AppEnv>,
  url: string,
  headers: Readonly<Record<string, string>>,
): MediaRequest {
  const isName = url !== '' && c.var.deps.hooks?.resolve;
  if (url.length > MAX_URL || !(isHttp(url) || isLocal(url) || isBucket(url) || isName))
    throw new MediaError(
      'bad-request',
      'No address of a file: d= must be an http or https URL, root:<name>/<path>, or upload:<id>, percent-encoded',
    );
  const request: MediaRequest = {
    url,
    headers,
    video: null,
    audio: null,
    recovery: 'shown',
    isTrusted: isTrusted(c),
    expires: null,
  };
  return c.var.own?.get(url)?.(request) ?? request;
}

/** Null where it is absent. */
function readNumber(
  text: string | undefined,
  { name, form }: { readonly name: string; readonly form: RegExp },
): number | null {
  if (text === undefined || text === '') return null;
  if (form.test(text)) return Number(text);
  throw new MediaError('bad-request', `${name}= must be a number, not "${text.slice(0, 32)}"`);
}

/** Null where it is absent. */
function readCharset(text = ''): string | null {
  if (text === '') return null;
  try {
    return new TextDecoder(text).encoding;
  } catch {
    throw new MediaError(
      'bad-request',
      `charset= must be one such as windows-1251, not "${text.slice(0, 32)}"`,
    );
  }
}
