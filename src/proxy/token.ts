import type { VideoWish } from '../core/encoding.ts';
import { MediaError } from '../core/errors.ts';
import { toBase64Url } from './base64url.ts';
import { createSealer } from './sealer.ts';

/** What an address stands for: the upstream and how to ask it. */
export interface MediaRequest {
  /** http(s) URL, `root:<name>/<path>` or `upload:<id>`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** `&video=`: index of the video track to take. */
  readonly video: number | null;
  /** `&audio=`: indexes or languages of the audio tracks to offer, or none; null: all of them. */
  readonly audio: readonly string[] | null;
  /** `&subtitles=`: the same of subtitles; absent: all of them. */
  readonly subtitles?: readonly string[];
  /** `&recovery=hidden`: for players that begin decoding at recovery points and fail, as Chrome does. */
  readonly recovery: 'shown' | 'hidden';
  /** `&program=`: number of the program of a transport stream; absent: the first with pictures. */
  readonly program?: number;
  /** `&video=copy|h264|hevc|av1`, `&maxheight=`, `&maxbitrate=`; absent: what players may need. */
  readonly wish?: VideoWish;
  /** The request carried the server's key: local and private sources may be read from anywhere. */
  readonly isTrusted: boolean;
  /** Seconds since 1970 after which the address is dead; null: never. */
  readonly expires: number | null;
  /** Address of the only client; absent: anybody. */
  readonly client?: string;
}

/** A request for all of something, as it is, for ever. */
export const plainRequest = (what: Pick<MediaRequest, 'url' | 'headers' | 'isTrusted'>): MediaRequest => ({
  video: null,
  audio: null,
  recovery: 'shown',
  expires: null,
  ...what,
});

/** Makes and reads the opaque part of addresses. */
export interface TokenBox {
  /** Same request, same text. */
  seal(request: MediaRequest): Promise<string>;
  /** @throws MediaError `unauthorized` for a token that is not ours or is over */
  open(token: string): Promise<MediaRequest>;
}

/**
 * @param secret any text; whoever has it can serve the same tokens
 * @param now milliseconds since 1970
 */
export async function createTokenBox(secret: string, now: () => number): Promise<TokenBox> {
  const sealer = await createSealer(secret, 'token');
  return {
    seal: (request) => sealer.seal(serialize(request)),
    async open(token) {
      const text = await sealer.open(token);
      if (text === null)
        throw new MediaError(
          'unauthorized',
          'This address was not made by this server; open the title again',
        );
      const request = parse(text);
      if (request.expires !== null && request.expires * 1000 < now())
        throw new MediaError('unauthorized', 'This address has expired; open the title again');
      return request;
    },
  };
}

/** Short names: every segment's address holds this. */
interface Wire {
  readonly u: string;
  readonly h?: Record<string, string>;
  readonly v?: number;
  readonly a?: string;
  readonly s?: string;
  readonly r?: 1;
  readonly p?: number;
  readonly w?: VideoWish;
  readonly k?: 1;
  readonly e?: number;
  readonly c?: string;
}

function serialize(request: MediaRequest): string {
  const { url, headers, video, audio, subtitles, recovery, program, wish } = request;
  const { isTrusted, expires, client } = request;
  const names = Object.keys(headers).sort();
  const wire: Wire = {
    u: url,
    ...(names.length > 0 ? { h: Object.fromEntries(names.map((name) => [name, headers[name] ?? ''])) } : {}),
    ...(video === null ? {} : { v: video }),
    ...(audio === null ? {} : { a: audio.join(',') }),
    ...(subtitles === undefined ? {} : { s: subtitles.join(',') }),
    ...(recovery === 'hidden' ? { r: 1 } : {}),
    ...(program === undefined ? {} : { p: program }),
    ...(wish === undefined ? {} : { w: wish }),
    ...(isTrusted ? { k: 1 } : {}),
    ...(expires === null ? {} : { e: expires }),
    ...(client === undefined ? {} : { c: client }),
  };
  return JSON.stringify(wire);
}

function parse(text: string): MediaRequest {
  const wire = JSON.parse(text) as Wire;
  return {
    url: wire.u,
    headers: wire.h ?? {},
    video: wire.v ?? null,
    audio: wire.a === undefined ? null : listOf(wire.a),
    ...(wire.s === undefined ? {} : { subtitles: listOf(wire.s) }),
    recovery: wire.r === 1 ? 'hidden' : 'shown',
    ...(wire.p === undefined ? {} : { program: wire.p }),
    ...(wire.w === undefined ? {} : { wish: wire.w }),
    isTrusted: wire.k === 1,
    expires: wire.e ?? null,
    ...(wire.c === undefined ? {} : { client: wire.c }),
  };
}

const listOf = (text: string): string[] => text.split(',').filter((name) => name !== '');

/** A key for people, derived from the secret: printed at start, opens local and private sources to other sites. */
export async function deriveAccessKey(secret: string): Promise<string> {
  const key = await crypto.subtle.importKey(
    'raw',
    new TextEncoder().encode(secret),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['sign'],
  );
  const mac = await crypto.subtle.sign('HMAC', key, new TextEncoder().encode('sluice access key'));
  return toBase64Url(new Uint8Array(mac).slice(0, 18));
}

/** Compares in a time that depends on the length of `given` alone. */
export function equalSecrets(given: string, expected: string): boolean {
  const a = new TextEncoder().encode(given);
  const b = new TextEncoder().encode(expected);
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i % b.length] ?? 0);
  return difference === 0;
}
