import { type Context, Hono } from 'hono';
import { MediaError } from '../core/errors.ts';
import { type Movie, openMovie } from '../pipeline/live/movie.ts';
import { requireOwnPage, requirePassword } from './access.ts';
import { checked } from './checked.ts';
import type { AppEnv, ReceivedFile } from './deps.ts';
import { answerError } from './errors.ts';
import { readSelection } from './media-request.ts';
import { attachment, movieHeaders } from './movie-headers.ts';

/** `POST /remux`: the file that is sent comes back as fragmented MP4 while it is still being sent. */
export function remuxRoutes(): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.post('/', requirePassword, requireOwnPage, checked('remuxUpload'), async (c) => {
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
  return { ...movieHeaders(omitted), 'Content-Disposition': attachment(name), 'Cache-Control': 'no-store' };
}
