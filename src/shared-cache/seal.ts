import { concat, equalBytes } from '../core/bytes.ts';

/** Names and signs what lies at a place that others may see: neither URLs nor secrets can be read from it there. */
export interface Seal {
  /** What a text is called there: 64 hexadecimal digits, by a key of the secret's own. */
  name(text: string): Promise<string>;
  /** The value as it is stored under `name`: with a tag over both. */
  close(name: string, value: Uint8Array): Promise<Uint8Array>;
  /** The value; null where it is not what somebody with the secret stored under this name. */
  open(name: string, stored: Uint8Array): Promise<Uint8Array | null>;
}

/** Changes whenever stored values have another form: old ones are not found then. */
const FORMAT = 1;

const TAG_SIZE = 32;

/** @param secret any text; processes with the same one share values */
export async function createSeal(secret: string): Promise<Seal> {
  const [naming, tagging] = await Promise.all([
    deriveKey(secret, `sluice shared names ${FORMAT}`),
    deriveKey(secret, `sluice shared values ${FORMAT}`),
  ]);
  const tagOf = (name: string, value: Uint8Array) => sign(tagging, concat([encode(name), value]));
  return {
    name: async (text) => toHex(await sign(naming, encode(text))),
    close: async (name, value) => concat([await tagOf(name, value), value]),
    async open(name, stored) {
      const value = stored.subarray(TAG_SIZE);
      return equalBytes(stored.subarray(0, TAG_SIZE), await tagOf(name, value)) ? value : null;
    },
  };
}

async function deriveKey(secret: string, info: string): Promise<CryptoKey> {
  const base = await crypto.subtle.importKey('raw', encode(secret), 'HKDF', false, ['deriveBits']);
  const how = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info: encode(info) };
  const bits = await crypto.subtle.deriveBits(how, base, 256);
  return crypto.subtle.importKey('raw', bits, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
}

const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

const sign = async (key: CryptoKey, bytes: Uint8Array): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.sign('HMAC', key, new Uint8Array(bytes)));

const toHex = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
