import { MediaError } from '../../core/errors.ts';
import { isHeaderName, isHeaderValue } from '../../core/header-text.ts';
import type { RelayedAnswer } from '../../core/relay.ts';

type Headers = Readonly<Record<string, string>>;

/** What of an upstream's answer is passed on. */
const PASSED = [
  'accept-ranges',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'etag',
  'expires',
  'last-modified',
] as const;

/**
 * Headers that a query cannot set: those of the connection, those that say who may read the answer, and those that would
 * let what is passed on act in this server's name, or that a server in front of it obeys. They are ignored rather than refused: addons send what they have.
 */
const OURS =
  /^(connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|content-length|content-range|date|set-cookie2?|access-control-.*|cross-origin-.*|content-security-policy.*|x-content-type-options|strict-transport-security|clear-site-data|service-worker-allowed|location|refresh|link|nel|report(ing-endpoints|-to)|alt-svc|sourcemap|x-request-id|x-accel-.*|x-sendfile.*|x-lighttpd-.*|x-reproxy-.*)$/;

/** @throws MediaError `bad-request` for a name or value that HTTP does not allow */
export function checkedAnswerHeaders(given: readonly (readonly [string, string])[]): Headers {
  for (const [name, value] of given)
    if (!isHeaderName(name) || !isHeaderValue(value))
      throw new MediaError('bad-request', 'A header of the answer has characters that HTTP forbids');
  return Object.fromEntries(given.filter(([name]) => !OURS.test(name)));
}

/**
 * Types that a browser shows or plays without running anything in them. Of several, as a header that came twice has them,
 * it takes the last one.
 */
const PASSIVE =
  /^((video|audio|font)\/[\w.+-]+|image\/(?!svg)[\w.+-]+|application\/(vnd\.apple\.mpegurl|x-mpegurl|octet-stream))\s*(;[^,]*)?$/i;

/**
 * What keeps a page that is passed on from being one of this server's: it may run, but in an origin of its own. Its
 * media are played as ever.
 */
export function guardHeaders(type: string | undefined): Headers {
  const isPassive = PASSIVE.test(type ?? '');
  return {
    'x-content-type-options': 'nosniff',
    ...(isPassive ? {} : { 'content-security-policy': 'sandbox' }),
  };
}

export interface AnswerChanges {
  /** In front of the upstream's. */
  readonly set: Headers;
  readonly removed: readonly string[];
  /** MIME type where the upstream's is none to go by. */
  readonly usualType?: string | null;
}

export interface PassedAnswer {
  readonly status: 200 | 206 | 304 | 416;
  /** By lower-case name. */
  readonly headers: Headers;
}

/** Status and headers of an answer that is passed on. */
export function passedAnswer(
  answer: RelayedAnswer,
  { set, removed, usualType }: AnswerChanges,
): PassedAnswer {
  const upstream = new Map<string, string>();
  for (const name of PASSED) {
    const value = answer.header(name);
    if (value !== null && isHeaderValue(value)) upstream.set(name, value);
  }
  if (usualType && isUnknown(upstream.get('content-type'))) upstream.set('content-type', usualType);
  // What has no body here may have had one there: a client would wait for it.
  const hasBody = answer.status === 200 || answer.status === 206;
  if (answer.length !== null && hasBody) upstream.set('content-length', String(answer.length));
  if (answer.contentRange !== null) upstream.set('content-range', answer.contentRange);
  if (answer.status === 206) upstream.set('accept-ranges', 'bytes');
  for (const name of removed) upstream.delete(name);
  const headers = { ...Object.fromEntries(upstream), ...set };
  const isPart = answer.status === 206 && upstream.has('content-range');
  return {
    // Whoever has the range taken out wants an answer that looks whole.
    status: answer.status === 206 && !isPart ? 200 : answer.status,
    headers: { ...headers, ...guardHeaders(headers['content-type']) },
  };
}

const isUnknown = (type: string | undefined): boolean =>
  type === undefined ||
  /^(application\/(octet-stream|force-download|x-download|binary)|binary\/|text\/plain)/i.test(type);
