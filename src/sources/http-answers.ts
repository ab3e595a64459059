import type { ByteRange } from '../core/contracts.ts';
import { MediaError } from '../core/errors.ts';
import { type ContentRange, parseContentRange, parseRetryAfter } from './http-headers.ts';
import type { Identity } from './http-identity.ts';
import type { Location, Opened } from './http-location.ts';
import { connectionError } from './http-transport.ts';

export const contentRange = ({ answer }: Opened): ContentRange | null =>
  parseContentRange(answer.header('content-range'));

export const rangeHeader = ({ start, end }: ByteRange): string =>
  Number.isSafeInteger(end) ? `bytes=${start}-${end - 1}` : `bytes=${start}-`;

/** @throws MediaError for a body that is compressed against our wish */
export function requireIdentity({ answer, url }: Opened): void {
  const encoding = answer.header('content-encoding')?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'identity' || encoding === '' || answer.status >= 300) return;
  throw new MediaError(
    'upstream',
    `${url.host} sends the file with Content-Encoding ${encoding.slice(0, 40)} although identity was asked for`,
    { upstreamStatus: answer.status },
  );
}

export const wrongRange = ({ answer, url }: Opened, { start, end }: ByteRange): MediaError =>
  new MediaError(
    'upstream',
    `${url.host} was asked for bytes ${start}-${end - 1} and answered Content-Range ${(answer.header('content-range') ?? '(none)').slice(0, 80)}`,
    { upstreamStatus: answer.status, offset: start },
  );

/** The error for a status that brings no bytes. */
export function statusError({ answer, url }: Opened): MediaError {
  const { status } = answer;
  const retryAfter = parseRetryAfter(answer.header('retry-after'), answer.header('date'));
  const details = { upstreamStatus: status, ...(retryAfter === null ? {} : { retryAfter }) };
  const message = `${url.host} answered ${status}${MEANINGS[status] ?? ''}`;
  const code = status === 404 || status === 410 ? 'not-found' : status === 429 ? 'rate' : 'upstream';
  return new MediaError(code, message, details);
}

const MEANINGS: Readonly<Record<number, string>> = {
  401: ': it wants credentials, in the URL or as a header',
  403: ': it refuses access; the link may have expired or be bound to another address',
  404: ': there is no such file',
  410: ': the file is gone',
  429: ': it was asked too often',
};

/**
 * Compares the head at a new place with the one seen before, if any was.
 * @throws MediaError `changed` when it is another one
 */
export async function proveHead(location: Location, identity: Identity, signal: AbortSignal): Promise<void> {
  const { head } = identity;
  if (head.length === 0) return;
  const opened = await location.open(rangeHeader({ start: 0, end: head.length }), signal);
  try {
    if (opened.answer.status !== 206) throw statusError(opened);
    let position = 0;
    const bytes = new Uint8Array(head.length);
    while (position < bytes.length) {
      const chunk = await opened.answer.next();
      if (chunk === null) throw connectionError(opened.url.host, 'the body ended early');
      const part = chunk.subarray(0, bytes.length - position);
      bytes.set(part, position);
      position += part.length;
    }
    identity.checkHead(bytes);
  } finally {
    opened.answer.close();
  }
}
