import { type Context, Hono } from 'hono';
import { MediaError } from '../core/errors.ts';
import { requireOwnPage, requirePassword } from './access.ts';
import type { AppEnv, StoredUpload, UploadStore } from './deps.ts';
import { answerError } from './errors.ts';

/**
 * `POST /uploads` stores a file and tells where it plays; `GET` and `DELETE /uploads/<id>` tell it again and remove the
 * file. It is read as `d=upload:<id>` wherever an address is.
 */
export function uploadRoutes(): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.use(requirePassword, requireOwnPage);

  routes.post('/', async (c) => {
    const store = storeOf(c);
    const { signal } = c.req.raw;
    const upload = await store.add(
      declaredSize(c),
      async () => (await c.var.deps.desk.receive(c, signal)).chunks,
    );
    // Nobody knows its name.
    if (signal.aborted) await store.remove(upload.id);
    const root = rootOf(c, /\/uploads$/);
    c.header('Location', `${root}/uploads/${upload.id}`);
    return tell(c, upload, { status: 201, root });
  });

  routes.get('/:id', async (c) => {
    const upload = await storeOf(c).find(c.req.param('id'));
    return tell(c, upload, { status: 200, root: rootOf(c, /\/uploads\/[^/]*$/) });
  });

  routes.delete('/:id', async (c) => {
    await storeOf(c).remove(c.req.param('id'));
    return c.body(null, 204);
  });

  routes.onError((error, c) => c.var.deps.desk.refuse(c, answerError(error, c)));
  return routes;
}

/** @throws MediaError `not-offered` */
function storeOf(c: Context<AppEnv>): UploadStore {
  const { uploads } = c.var.deps;
  if (uploads) return uploads;
  throw new MediaError(
    'not-offered',
    'This server stores no uploads. Start it with --uploads FOLDER, or send the file to /remux to get it back as MP4',
  );
}

/** Bytes of the body, which are a few more than those of the file where it comes in a form. */
function declaredSize(c: Context<AppEnv>): number | null {
  const size = Number(c.req.header('content-length'));
  return Number.isSafeInteger(size) ? size : null;
}

/** What stands in front of this app's own path: the prefix that it is mounted under, or has for the client, if any. */
const rootOf = (c: Context<AppEnv>, path: RegExp): string =>
  (c.var.via?.prefix ?? '') + new URL(c.req.url).pathname.replace(path, '');

interface Telling {
  readonly status: 200 | 201;
  readonly root: string;
}

function tell(c: Context<AppEnv>, { id, bytes, expires }: StoredUpload, { status, root }: Telling): Response {
  c.header('Cache-Control', 'no-store');
  const url = `${root}/hls/master.m3u8?d=upload:${id}`;
  return c.json({ id, url, bytes, expires: new Date(expires).toISOString() }, status);
}
