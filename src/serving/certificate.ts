import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { MediaError } from '../core/errors.ts';

export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

export type Certificate = Pick<SecureContextOptions, 'cert' | 'key'>;

/** A certificate with its key, as PEM. @throws MediaError `bad-request` for files that cannot be read or do not belong together */
export async function readCertificate(files: CertificateFiles): Promise<Certificate> {
  const cert = await read('--tls-cert', files.cert);
  const key = await read('--tls-key', files.key);
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    throw wrong(`--tls-cert and --tls-key ${whyNot(error)}`);
  }
  return { cert, key };
}

const wrong = (message: string) => new MediaError('bad-request', message);

async function read(flag: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw wrong(`${flag} ${path} cannot be read (${codeOf(error)})`);
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);

/** What OpenSSL calls it is for nobody. */
const whyNot = (error: unknown): string =>
  codeOf(error) === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH'
    ? 'do not belong together'
    : `are no certificate and key in PEM, or the key wants a password (${codeOf(error)})`;
