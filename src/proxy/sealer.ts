import { fromBase64Url, toBase64Url } from './base64url.ts';

/** Texts that only who has the secret can read or make. */
export interface Sealer {
  /** Same text, same sealed text. */
  seal(text: string): Promise<string>;
  /** Null for what was not sealed with this secret and this purpose. */
  open(sealed: string): Promise<string | null>;
}

const NONCE_SIZE = 12;

/**
 * Deterministic authenticated encryption: AES-256-GCM whose nonce is the HMAC of the plaintext, so that equal
 * texts give equal sealed ones and two different ones never share a nonce (the idea of RFC 5297).
 * @param secret any text; whoever has it can open what was sealed
 * @param purpose what is sealed for one is not opened for another
 */
export async function createSealer(secret: string, purpose: string): Promise<Sealer> {
  const { encryption, mac } = await deriveKeys(secret, purpose);
  return {
    async seal(text) {
      const plain = new TextEncoder().encode(text);
      const nonce = new Uint8Array(await crypto.subtle.sign('HMAC', mac, plain)).slice(0, NONCE_SIZE);
      const sealed = new Uint8Array(
        await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce }, encryption, plain),
      );
      const bytes = new Uint8Array(NONCE_SIZE + sealed.length);
      bytes.set(nonce);
      bytes.set(sealed, NONCE_SIZE);
      return toBase64Url(bytes);
    },
    async open(sealed) {
      const bytes = fromBase64Url(sealed);
      if (!bytes || bytes.length <= NONCE_SIZE) return null;
      const iv = bytes.slice(0, NONCE_SIZE);
      const plain = await crypto.subtle
        .decrypt({ name: 'AES-GCM', iv }, encryption, bytes.slice(NONCE_SIZE))
        .catch(() => null);
      return plain && new TextDecoder().decode(plain);
    },
  };
}

async function deriveKeys(
  secret: string,
  purpose: string,
): Promise<{ encryption: CryptoKey; mac: CryptoKey }> {
  const text = new TextEncoder();
  const base = await crypto.subtle.importKey('raw', text.encode(secret), 'HKDF', false, ['deriveBits']);
  const bits = async (info: string) =>
    crypto.subtle.deriveBits(
      { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info: text.encode(info) },
      base,
      256,
    );
  const [a, b] = await Promise.all([bits(`sluice ${purpose} encryption`), bits(`sluice ${purpose} nonce`)]);
  return {
    encryption: await crypto.subtle.importKey('raw', a, 'AES-GCM', false, ['encrypt', 'decrypt']),
    mac: await crypto.subtle.importKey('raw', b, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']),
  };
}
