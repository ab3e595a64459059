import type { VideoWish } from '../core/encoding.ts';
import { MediaError } from '../core/errors.ts';

/** What an address stands for: the upstream and how to ask it. */
export interface MediaRequest {
  /** http(s) URL, `root:<name>/<path>` or `upload:<id>`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** `&video=`: index of the video track to take. */
  readonly video: number | null;
  /** `&audio=`: indexes or languages of the audio tracks to offer, or none; null: all of them. */
  readonly audio: readonly string[] | null;
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
}

/** Makes and reads the opaque part of addresses. */
export interface TokenBox {
  /** Same request, same text. */
  seal(request: MediaRequest): Promise<string>;
  /** @throws MediaError `unauthorized` for a token that is not ours or is over */
  open(token: string): Promise<MediaRequest>;
}

const NONCE_SIZE = 12;

/**
 * Deterministic authenticated encryption: AES-256-GCM whose nonce is the HMAC of the plaintext, so that equal
 * requests give equal tokens and two different ones never share a nonce (the idea of RFC 5297).
 * @param secret any text; whoever has it can serve the same tokens
 * @param now milliseconds since 1970
 */
export async function createTokenBox(secret: string, now: () => number): Promise<TokenBox> {
  const { encryption, mac } = await deriveKeys(secret);
  return {
    async seal(request) {
      const plain = new TextEncoder().encode(serialize(request));
      const nonce = new Uint8Array(await crypto.subtle.sign('HMAC', mac, plain)).slice(0, NONCE_SIZE);
      const sealed = new Uint8Array(
        await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce }, encryption, plain),
      );
      const bytes = new Uint8Array(NONCE_SIZE + sealed.length);
      bytes.set(nonce);
      bytes.set(sealed, NONCE_SIZE);
      return toBase64Url(bytes);
    },
    async open(token) {
      const bytes = fromBase64Url(token);
      if (!bytes || bytes.length <= NONCE_SIZE) throw notOurs();
      const iv = bytes.slice(0, NONCE_SIZE);
      const plain = await crypto.subtle
        .decrypt({ name: 'AES-GCM', iv }, encryption, bytes.slice(NONCE_SIZE))
        .catch(() => null);
      if (!plain) throw notOurs();
      const request = parse(new TextDecoder().decode(plain));
      if (request.expires !== null && request.expires * 1000 < now())
        throw new MediaError('unauthorized', 'This address has expired; open the title again');
      return request;
    },
  };
}

const notOurs = () =>
  new MediaError('unauthorized', 'This address was not made by this server; open the title again');

async function deriveKeys(secret: string): Promise<{ encryption: CryptoKey; mac: CryptoKey }> {
  const text = new TextEncoder();
  const base = await crypto.subtle.importKey('raw', text.encode(secret), 'HKDF', false, ['deriveBits']);
  const bits = async (info: string) =>
    crypto.subtle.deriveBits(
      { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info: text.encode(info) },
      base,
      256,
    );
  const [a, b] = await Promise.all([bits('sluice token encryption'), bits('sluice token nonce')]);
  return {
    encryption: await crypto.subtle.importKey('raw', a, 'AES-GCM', false, ['encrypt', 'decrypt']),
    mac: await crypto.subtle.importKey('raw', b, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']),
  };
}

/** Short names: every segment's address holds this. */
interface Wire {
  readonly u: string;
  readonly h?: Record<string, string>;
  readonly v?: number;
  readonly a?: string;
  readonly r?: 1;
  readonly p?: number;
  readonly w?: VideoWish;
  readonly k?: 1;
  readonly e?: number;
}

function serialize(request: MediaRequest): string {
  const { url, headers, video, audio, recovery, program, wish, isTrusted, expires } = request;
  const names = Object.keys(headers).sort();
  const wire: Wire = {
    u: url,
    ...(names.length > 0 ? { h: Object.fromEntries(names.map((name) => [name, headers[name] ?? ''])) } : {}),
    ...(video === null ? {} : { v: video }),
    ...(audio === null ? {} : { a: audio.join(',') }),
    ...(recovery === 'hidden' ? { r: 1 } : {}),
    ...(program === undefined ? {} : { p: program }),
    ...(wish === undefined ? {} : { w: wish }),
    ...(isTrusted ? { k: 1 } : {}),
    ...(expires === null ? {} : { e: expires }),
  };
  return JSON.stringify(wire);
}

function parse(text: string): MediaRequest {
  const wire = JSON.parse(text) as Wire;
  return {
    url: wire.u,
    headers: wire.h ?? {},
    video: wire.v ?? null,
    audio: wire.a === undefined ? null : wire.a.split(',').filter((name) => name !== ''),
    recovery: wire.r === 1 ? 'hidden' : 'shown',
    ...(wire.p === undefined ? {} : { program: wire.p }),
    ...(wire.w === undefined ? {} : { wish: wire.w }),
    isTrusted: wire.k === 1,
    expires: wire.e ?? null,
  };
}

const toBase64Url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | null {
  if (!/^[\w-]+$/.test(text)) return null;
  try {
    return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) =>
      char.charCodeAt(0),
    );
  } catch {
    return null;
  }
}

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
