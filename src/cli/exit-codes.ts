import { type ErrorCode, MediaError } from '../core/errors.ts';

/** What the process ends with; `--help` lists them. */
export const EXIT = {
  done: 0,
  bug: 1,
  usage: 2,
  media: 3,
  upstream: 4,
  partly: 5,
  interrupted: 130,
} as const;

/** What a person can do about it decides. */
const BY_CODE: Readonly<Record<ErrorCode, number>> = {
  'bad-request': EXIT.usage,
  busy: EXIT.usage,
  'not-found': EXIT.media,
  changed: EXIT.media,
  limit: EXIT.media,
  corrupt: EXIT.media,
  truncated: EXIT.media,
  unsupported: EXIT.media,
  encrypted: EXIT.media,
  'not-offered': EXIT.media,
  unauthorized: EXIT.upstream,
  'forbidden-address': EXIT.upstream,
  rate: EXIT.upstream,
  upstream: EXIT.upstream,
  'upstream-timeout': EXIT.upstream,
};

/** Node's own errors about files and streams, as far as a person caused them. */
const SYSTEM_CODE = /^E[A-Z]+$/;

/** How the process ends after an error, and the line that tells it: a bug is told with its stack. */
export function failure(error: unknown): { readonly status: number; readonly text: string } {
  if (error instanceof MediaError) {
    const status = error.upstreamStatus === undefined ? BY_CODE[error.code] : EXIT.upstream;
    return { status, text: `${oneLine(error.message)} [${placeOf(error)}]` };
  }
  if (!(error instanceof Error)) return { status: EXIT.bug, text: String(error) };
  const code = 'code' in error ? String(error.code) : '';
  if (SYSTEM_CODE.test(code)) return { status: EXIT.media, text: `${oneLine(error.message)} [${code}]` };
  return { status: EXIT.bug, text: error.stack ?? error.message };
}

const placeOf = ({ code, offset }: MediaError): string =>
  offset === undefined ? code : `${code} at byte ${offset}`;

const oneLine = (text: string): string => text.split('\n', 1)[0] ?? '';
