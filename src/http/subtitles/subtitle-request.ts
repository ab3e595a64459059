import type { Context } from 'hono';
import { MediaError } from '../../core/errors.ts';
import type { MediaRequest } from '../../proxy/token.ts';
import type { AppEnv } from '../deps.ts';
import { headersIn } from '../media-request.ts';
import { namedMedia } from '../named-media.ts';
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

/** Said of a text that names none. */
export const NO_FILE =
  'No address of a file: d= must be an http or https URL, root:<name>/<path>, or upload:<id>, percent-encoded';

/**
 * `d=`, or `from=`, `url=`, `subsUrl=`; `h_<header>=`, `offset=` (milliseconds), `fps=`, `charset=`.
 * @throws MediaError `bad-request` saying what is missing or wrong
 */
export function readSubtitleRequest(c: Context<AppEnv>): SubtitleRequest {
  const fields = queryFields(c.req.url);
  const url = NAMES.map((name) => fields.get(name)?.trim()).find((one) => one) ?? '';
  return {
    media: namedMedia(c, url, { headers: headersIn(fields), wrong: NO_FILE }),
    offset: readNumber(fields.get('offset'), { name: 'offset', form: /^-?\d{1,9}$/ }) ?? 0,
    frameRate: readNumber(fields.get('fps'), { name: 'fps', form: /^[1-9]\d{0,2}(\.\d{1,6})?$/ }),
    charset: readCharset(fields.get('charset')),
  };
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
