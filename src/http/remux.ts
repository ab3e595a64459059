import { type Context, Hono } from 'hono';
import { MediaError } from '../core/errors.ts';
import { type Movie, openMovie } from '../pipeline/live/movie.ts';
import { requireOwnPage, requirePassword } from './access.ts';
import type { AppEnv, ReceivedFile } from './deps.ts';
import { answerError } from './errors.ts';
import { readSelection } from './media-request.ts';

/** What a proxy or a browser takes for a header. */
const MAX_OMITTED = 4096;

/** `POST /remux`: the file that is sent comes back as fragmented MP4 while it is still being sent. */
export function remuxRoutes(): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.post('/', requirePassword, requireOwnPage, async (c) => {
    const options = readSelection(c);
    const { signal } = c.req.raw;
    const file = await c.var.deps.desk.receive(c, signal);
    try {
      const movie = await openMovie({ size: null, open: () => file.chunks }, options, signal);
      return await send(c, file, movie);
    } finally {
      file.close();
    }
  });
  routes.onError((error, c) => c.var.deps.desk.refuse(c, answerError(error, c)));
  return routes;
}

/** Makes the first list before a status is sent, so that what fails at once is told properly. */
async function send(c: Context<AppEnv>, file: ReceivedFile, movie: Movie): Promise<Response> {
  const first = await movie.chunks.next();
  if (first.done) throw new MediaError('corrupt', 'The file holds no packet');
  const { signal } = c.req.raw;
  return c.var.deps.sendChunks(c, {
    headers: headersOf(file, movie),
    chunks: whole(first.value, movie, file),
    onBroken: (err) => {
      if (!signal.aborted) c.var.deps.log.warn({ err }, 'remux of an upload broken off');
    },
  });
}

/** Ends when the upload does: a sender that is still sending takes an answer that is over for a refusal. */
async function* whole(first: readonly Uint8Array[], { chunks }: Movie, file: ReceivedFile) {
  try {
    yield first;
    yield* chunks;
    for await (const _ of file.chunks);
  } finally {
    await chunks.return(undefined);
  }
}

function headersOf({ name }: ReceivedFile, { omitted }: Movie): Record<string, string> {
  return {
    'Content-Type': 'video/mp4',
    'Content-Disposition': attachment(name),
    'Accept-Ranges': 'none',
    'Cache-Control': 'no-store',
    ...(omitted.length > 0 ? { 'Sluice-Omitted': asHeader(omitted) } : {}),
  };
}

/** Comma-separated, each percent-encoded; as many as there is room for. */
function asHeader(list: readonly string[]): string {
  const encoded = list.map(encodeURIComponent);
  const kept = encoded.filter((_, i) => encoded.slice(0, i + 1).join(', ').length <= MAX_OMITTED);
  return [...kept, ...(kept.length < list.length ? ['%E2%80%A6'] : [])].join(', ');
}

/** RFC 6266: a name for everybody, and the real one for those who read UTF-8. */
function attachment(name: string | null): string {
  const stem =
    (name ?? '')
      .replace(/\.[^.]{1,5}$/, '')
      .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}/\\:*?"<>|]/gu, '')
      .trim()
      .slice(0, 120) || 'remux';
  const plain = `${stem.replaceAll(/[^\x20-\x7e]/g, '_').replaceAll('%', '_')}.mp4`;
  const real = encodeURIComponent(`${stem}.mp4`).replaceAll(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16)}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${real}`;
}
