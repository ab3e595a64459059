import { type Context, Hono } from 'hono';
import { MediaError } from '../core/errors.ts';
import type { Media } from '../pipeline/library.ts';
import { openMovie } from '../pipeline/live/movie.ts';
import { type MovieWish, openTitleMovie, SOUNDS } from '../pipeline/movie/movie.ts';
import { SEEKS } from '../pipeline/movie/place.ts';
import type { MediaRequest } from '../proxy/token.ts';
import { reachOf, requirePassword } from './access.ts';
import { checked } from './checked.ts';
import type { AppEnv } from './deps.ts';
import { openMedia, optionsOf, readMediaRequest, withTitle } from './media-request.ts';
import { movieHeaders } from './movie-headers.ts';
import { requireClient } from './proxy/compat-binding.ts';
import { startingWith } from './starting-with.ts';

/** What is sent, whatever it is made of. */
interface Sending {
  readonly headers: Readonly<Record<string, string>>;
  readonly chunks: AsyncGenerator<readonly Uint8Array[]>;
}

/**
 * `/remux.mp4?d=…`: one fragmented MP4 of all tracks, made while it is sent; cannot be sought in by ranges. And
 * `/remux.mp4/<token>/<name>`, which lasts and asks for no password.
 */
export function movieRoutes(now: () => number): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get('/', requirePassword, checked('remux'), async (c) => {
    return sendMovie(c, readMediaRequest(c, now()));
  });
  routes.get('/:token/:name', async (c) => {
    const request = await c.var.deps.tokens.open(c.req.param('token'));
    requireClient(c, request.client ?? null);
    return sendMovie(c, request);
  });
  return routes;
}

async function sendMovie(c: Context<AppEnv>, request: MediaRequest): Promise<Response> {
  const wish = readWish(c);
  return withTitle(c, request, async () => {
    const media = await openMedia(c, request, c.req.raw.signal);
    const sending = media.live ? await inOrder(c, request, wish) : await fromTitle(c, media, wish);
    return send(c, sending);
  });
}

async function fromTitle(c: Context<AppEnv>, media: Media, wish: MovieWish): Promise<Sending> {
  const { library } = c.var.deps;
  const context = { transcripts: library.transcripts, signal: c.req.raw.signal };
  const { omitted, start, seconds, chunks } = await openTitleMovie(media, wish, context);
  const place = { 'Sluice-Start': start.toFixed(6), 'Sluice-Duration': seconds.toFixed(6) };
  return { headers: { ...movieHeaders(omitted), ...place }, chunks };
}

/** What comes in order only is read once more, by a transfer of its own. */
async function inOrder(c: Context<AppEnv>, request: MediaRequest, wish: MovieWish): Promise<Sending> {
  if (wish.start !== null || wish.duration !== null)
    throw new MediaError(
      'not-offered',
      'This source gives its bytes in order only: leave out start= and duration=, it is sent from its beginning',
    );
  const { sequence } = await c.var.deps.openSource(request, reachOf(c, request.isTrusted));
  if (!sequence) throw new MediaError('not-offered', 'This source cannot be read in order');
  const unread = new AbortController();
  const signal = AbortSignal.any([c.req.raw.signal, unread.signal]);
  const { omitted, chunks } = await openMovie(sequence, optionsOf(request), signal);
  // Its transfer has begun, and lasts until somebody ends it.
  if (c.req.method === 'HEAD') unread.abort();
  return { headers: movieHeaders(omitted), chunks };
}

/** Makes the first lists before a status is sent, so that what fails at once is told properly. */
async function send(c: Context<AppEnv>, { headers, chunks }: Sending): Promise<Response> {
  const { deps } = c.var;
  const { signal } = c.req.raw;
  const answer = { ...headers, 'Cache-Control': 'no-store', ...c.var.cors };
  if (c.req.method === 'HEAD') {
    await chunks.return(undefined);
    return c.body(null, 200, answer);
  }
  const first = [await chunks.next(), await chunks.next()].flatMap(({ value, done }) =>
    done ? [] : [value],
  );
  return deps.sendChunks(c, {
    headers: answer,
    chunks: startingWith(first, chunks),
    onBroken: (err) => {
      if (!signal.aborted) deps.log.warn({ err }, 'remux broken off');
    },
  });
}

/** @throws MediaError `bad-request` saying what is wrong */
function readWish(c: Context<AppEnv>): MovieWish {
  return {
    start: secondsOf(c, 'start'),
    duration: secondsOf(c, 'duration'),
    seek: oneOf(c, 'seek', SEEKS),
    sound: oneOf(c, 'sound', SOUNDS),
  };
}

function secondsOf(c: Context<AppEnv>, name: string): number | null {
  const text = c.req.query(name);
  if (text === undefined || text === '') return null;
  const value = /^\d{1,7}(\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isFinite(value)) return value;
  throw new MediaError('bad-request', `${name}= must be seconds (12 or 12.5), not "${text.slice(0, 32)}"`);
}

/** The first of them where nothing is asked for. */
function oneOf<T extends string>(c: Context<AppEnv>, name: string, choices: readonly [T, ...T[]]): T {
  const text = c.req.query(name);
  if (text === undefined || text === '') return choices[0];
  const choice = choices.find((each) => each === text);
  if (choice) return choice;
  throw new MediaError('bad-request', `${name}= must be one of ${choices.join(', ')}`);
}
