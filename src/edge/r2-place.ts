import type { ByteRange } from '../core/contracts.ts';
import { MediaError } from '../core/errors.ts';
import { BodyReader } from '../sources/body-reader.ts';
import { HTTP_TIMEOUTS, timeoutError } from '../sources/http-transport.ts';
import type { R2Bucket, R2Object } from './platform.ts';
import type { Place, RequestScope } from './request-scope.ts';

/** A bucket as settings call it, and an object in it. */
export interface R2Address {
  readonly bucket: R2Bucket;
  readonly name: string;
  readonly key: string;
}

/** What is known of an object once it was read from. */
interface Known {
  version: { readonly size: number; readonly etag: string } | null;
}

/** An object in a bucket. Its etag tells whether it still is the one of the first read. */
export function r2Place(address: R2Address): Place {
  const known: Known = { version: null };
  return {
    get size() {
      return known.version?.size ?? null;
    },
    open: (scope) => ({
      get size() {
        return known.version?.size ?? null;
      },
      read: (range, signal) => readObject({ ...address, known, scope }, range, signal),
    }),
  };
}

interface Reading extends R2Address {
  readonly known: Known;
  readonly scope: RequestScope;
}

/** @throws MediaError `not-found`, `changed`, `upstream`, `upstream-timeout`, `limit`; the abort reason when aborted */
async function* readObject(
  reading: Reading,
  range: ByteRange,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { known, scope, name } = reading;
  known.version ??= await describe(reading, signal);
  const { size } = known.version;
  const end = Math.min(range.end, size);
  if (range.start >= end) return;
  const release = await scope.subrequests.take(signal);
  try {
    const body = new BodyReader(await openPart(reading, { start: range.start, end }), {
      idle: HTTP_TIMEOUTS.body,
      signal,
      timeout: (received) => timeoutError(name, `the object stopped after ${received} bytes`),
    });
    try {
      for (let at = range.start; at < end; ) {
        const chunk = await body.next();
        if (chunk === null) throw new MediaError('upstream', `${name}: the object ended after ${at} bytes`);
        at += chunk.length;
        yield chunk;
      }
    } finally {
      body.close();
    }
  } finally {
    release();
  }
}

async function describe({ bucket, name, key, scope }: Reading, signal: AbortSignal): Promise<R2Object> {
  const release = await scope.subrequests.take(signal);
  try {
    const object = await answered(name, bucket.head(key));
    if (object) return object;
    throw new MediaError('not-found', `There is no such object in the bucket "${name}"`);
  } finally {
    release();
  }
}

async function openPart(
  { bucket, name, key, known }: Reading,
  { start, end }: ByteRange,
): Promise<ReadableStream<Uint8Array>> {
  const object = await answered(
    name,
    bucket.get(key, {
      range: { offset: start, length: end - start },
      onlyIf: { etagMatches: known.version?.etag ?? '' },
    }),
  );
  if (object?.body) return object.body;
  throw new MediaError('changed', `The object in the bucket "${name}" has changed. Open it again`);
}

/** The error of the platform as one of ours; its message may hold the key. */
async function answered<T>(name: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    throw new MediaError('upstream', `The bucket "${name}" could not be read`, { cause });
  }
}
