import type { EdgeCache } from './platform.ts';
import type { RequestScope } from './request-scope.ts';

/** What is kept whole while it is sent, to be put into the cache: a segment of 5 Mbit/s. Blocks serve larger ones. */
const MOST = 4 * 2 ** 20;

export interface AnswerCacheOptions {
  readonly cache: EdgeCache;
  readonly scope: RequestScope;
  /** Whether an address is good now: a cached answer knows nothing of its end. Never rejects. */
  isValid(token: string): Promise<boolean>;
}

/** Answers whose address names their bytes for ever, by that address; others are made. */
export async function withAnswerCache(
  request: Request,
  { cache, scope, isValid }: AnswerCacheOptions,
  make: () => Promise<Response>,
): Promise<Response> {
  const key = keyOf(request);
  if (key === null) return make();
  const found = (await isValid(key.token)) ? await lookUp(cache, key.url, scope) : null;
  if (found) return found;
  const answer = await make();
  const control = answer.headers.get('cache-control') ?? '';
  const isForAll = /\bpublic\b/.test(control) && /\bimmutable\b/.test(control);
  if (!isForAll || answer.status !== 200 || !answer.body) return answer;
  return keeping(answer, (bytes) => {
    const kept = new Response(bytes, { headers: answer.headers });
    scope.later('an answer could not be kept', async () => store(cache, key.url, { kept, scope }));
  });
}

interface Key {
  readonly token: string;
  readonly url: string;
}

/** Null for what is not asked for whole, or has no address of its own. */
function keyOf(request: Request): Key | null {
  const { pathname, origin } = new URL(request.url);
  const token = /^\/hls\/([^/]+)\/[^/]+\/[^/]+\/(?:init\.mp4|\d+\.m4s)$/.exec(pathname)?.[1];
  const isPlain = request.method === 'GET' && !request.headers.has('if-none-match');
  return token && isPlain ? { token, url: origin + pathname } : null;
}

async function lookUp(cache: EdgeCache, url: string, scope: RequestScope): Promise<Response | null> {
  const release = await scope.subrequests.take(scope.signal);
  try {
    return (await cache.match(url)) ?? null;
  } catch (err) {
    scope.log.warn({ err }, 'the cache of answers could not be read');
    return null;
  } finally {
    release();
  }
}

interface Storing {
  readonly kept: Response;
  readonly scope: RequestScope;
}

async function store(cache: EdgeCache, url: string, { kept, scope }: Storing): Promise<void> {
  if (scope.subrequests.left <= 0) return;
  const release = await scope.subrequests.take(scope.signal);
  try {
    await cache.put(url, kept);
  } finally {
    release();
  }
}

/** The same answer; its bytes are given to `keep` when all of them were taken, and are few enough. */
function keeping(answer: Response, keep: (bytes: Blob) => void): Response {
  let parts: Uint8Array<ArrayBuffer>[] | null = [];
  let length = 0;
  const noting = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array>({
    transform(chunk, controller) {
      length += chunk.length;
      if (length > MOST) parts = null;
      parts?.push(chunk.slice());
      controller.enqueue(chunk);
    },
    flush() {
      if (parts) keep(new Blob(parts));
    },
  });
  const body = (answer.body as ReadableStream<Uint8Array<ArrayBuffer>>).pipeThrough(noting);
  return new Response(body, { status: answer.status, headers: answer.headers });
}
