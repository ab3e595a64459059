import type { Context } from 'hono';
import type { AttachedFile, Source } from '../../core/contracts.ts';
import { MediaError } from '../../core/errors.ts';
import { wholeScript } from '../../pipeline/subtitles/whole-script.ts';
import type { AppEnv } from '../deps.ts';
import { openMedia, withTitle } from '../media-request.ts';
import { readPlayerRequest } from './player-request.ts';
import { attachmentOf } from './probe.ts';

/** Events that are fetched from another server for a whole script: each may cost a request of its own. */
const MOST_FETCHED = 500;

/** `/hlsv2/<anything>/source/subtitle/<id>.ass?mediaURL=…`: the script of an ASS track, for players that draw it. */
export function answerScript(c: Context<AppEnv>): Promise<Response> {
  const request = readPlayerRequest(c);
  const { signal } = c.req.raw;
  return withTitle(c, request, async () => {
    const media = await openMedia(c, request, signal);
    const id = Number.parseInt(c.req.param('file') ?? '', 10);
    const track = media.title.decisions[id]?.track;
    const subtitle = media.title.subtitles.find((one) => one.track.id === track?.id);
    if (subtitle?.track.text?.codec !== 'ass')
      throw new MediaError('not-found', `Stream ${id} is no script of ASS`);
    const most = media.access === 'local' ? Number.POSITIVE_INFINITY : MOST_FETCHED;
    const script = await wholeScript(media.title, subtitle, { most, signal });
    c.header('Content-Type', 'text/x-ssa; charset=utf-8');
    c.header('Cache-Control', 'no-store');
    return c.body(script);
  });
}

/** A type that browsers take for a font; no page's origin is lent to what a film brings with it. */
const FONT_TYPE =
  /^(font\/[\w.+-]+|application\/(vnd\.ms-opentype|font-[\w-]+|x-(truetype-font|font-[\w-]+)))$/i;
const FONT_NAME = /\.(ttf|otf|ttc|otc|woff2?)$/i;
/** The largest that are used have all of Chinese: 25 MB. */
const MOST_FONT = 64 * 1024 * 1024;

/** `/hlsv2/<anything>/source/attachment/<id>?mediaURL=…`: a font that the film brings with it. */
export function answerAttachment(c: Context<AppEnv>): Promise<Response> {
  const request = readPlayerRequest(c);
  const { signal } = c.req.raw;
  return withTitle(c, request, async () => {
    const { title } = await openMedia(c, request, signal);
    const id = Number.parseInt(c.req.param('id') ?? '', 10);
    const file = attachmentOf(title, id);
    if (!file) throw new MediaError('not-found', `There is no attached file ${id}`);
    const headers = fontHeaders(file);
    return c.var.deps.sendChunks(c, {
      headers: { ...headers, ...c.var.cors },
      chunks: bytesOf(title.source, file, signal),
      onBroken: (err) => {
        if (!signal.aborted) c.var.deps.log.warn({ err }, 'attached file broken off');
      },
    });
  });
}

/** @throws MediaError `not-offered` for what is no font, `limit` */
function fontHeaders({ name, type, range }: AttachedFile): Record<string, string> {
  const isFont = FONT_TYPE.test(type);
  if (!isFont && !FONT_NAME.test(name))
    throw new MediaError('not-offered', 'Only attached fonts are given out');
  const bytes = range.end - range.start;
  if (bytes > MOST_FONT)
    throw new MediaError('limit', `A font of ${bytes} bytes, at most ${MOST_FONT} are read`);
  return {
    'Content-Type': isFont ? type.toLowerCase() : 'application/octet-stream',
    'Content-Length': String(bytes),
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
  };
}

async function* bytesOf(
  source: Source,
  { range }: AttachedFile,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array[]> {
  for await (const chunk of source.read(range, signal)) yield [chunk];
}
