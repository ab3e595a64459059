import { fromBase64Url, toBase64Url } from './base64url.ts';

/** What an encrypted address of mediaflow-proxy holds: its query, and when and for whom it is good. */
export interface CompatToken {
  /** Query parameters, in the order in which they were given. */
  readonly parameters: ReadonlyMap<string, string>;
  /** Seconds since 1970; null: never over. */
  readonly expires: number | null;
  /** Address of the only client; null: any. */
  readonly client: string | null;
}

const BLOCK = 16;
const KEY_SIZE = 32;

/**
 * The key of a password as mediaflow-proxy has it: its UTF-8, filled with spaces or cut to 32 bytes. There is no
 * derivation and no authentication in that format: it hides addresses from who sees them, and its reader must answer
 * all that is wrong in one way.
 */
async function keyOf(password: string): Promise<CryptoKey> {
  const bytes = new Uint8Array(KEY_SIZE).fill(0x20);
  bytes.set(new TextEncoder().encode(password).subarray(0, KEY_SIZE));
  return crypto.subtle.importKey('raw', bytes, 'AES-CBC', false, ['encrypt', 'decrypt']);
}

/** AES-256-CBC with PKCS #7, a random vector in front, base64url without padding, over JSON with `exp` and `ip`. */
export async function sealCompatToken(token: CompatToken, password: string): Promise<string> {
  const { parameters, expires, client } = token;
  const fields = {
    ...Object.fromEntries(parameters),
    ...(expires === null ? {} : { exp: expires }),
    ...(client === null ? {} : { ip: client }),
  };
  const iv = crypto.getRandomValues(new Uint8Array(BLOCK));
  const plain = new TextEncoder().encode(JSON.stringify(fields));
  const sealed = await crypto.subtle.encrypt({ name: 'AES-CBC', iv }, await keyOf(password), plain);
  const bytes = new Uint8Array(BLOCK + sealed.byteLength);
  bytes.set(iv);
  bytes.set(new Uint8Array(sealed), BLOCK);
  return toBase64Url(bytes);
}

/** Null for whatever cannot be read with this password. */
export async function openCompatToken(text: string, password: string): Promise<CompatToken | null> {
  const bytes = fromBase64Url(text.replace(/={1,2}$/, ''));
  if (!bytes || bytes.length < 2 * BLOCK || bytes.length % BLOCK !== 0) return null;
  const key = await keyOf(password);
  const plain = await crypto.subtle
    .decrypt({ name: 'AES-CBC', iv: bytes.subarray(0, BLOCK) }, key, bytes.subarray(BLOCK))
    .catch(() => null);
  return plain && readFields(plain);
}

function readFields(plain: ArrayBuffer): CompatToken | null {
  const fields = parseObject(plain);
  if (!fields) return null;
  const { exp, ip, ...rest } = fields;
  if (exp !== undefined && exp !== null && !Number.isFinite(Number(exp))) return null;
  const parameters = new Map<string, string>();
  for (const [name, value] of Object.entries(rest)) {
    const text = textOf(value);
    if (text !== null) parameters.set(name, text);
  }
  return {
    parameters,
    expires: exp === undefined || exp === null ? null : Number(exp),
    client: typeof ip === 'string' ? ip : null,
  };
}

function parseObject(plain: ArrayBuffer): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(plain));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}

/** As a query would write it; null for what stands for nothing. */
function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return null;
}
