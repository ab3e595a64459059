import type { Context } from 'hono';
import type { AttachedFile, Source } from '../../core/contracts.ts';
import { MediaError, truncated } from '../../core/errors.ts';
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
    const read = wholeScript(media.title, subtitle, most);
    const headers = { 'Content-Type': 'text/x-ssa; charset=utf-8', ...ALONE };
    return c.req.method === 'HEAD' ? c.body(null, 200, headers) : c.body(await read(signal), 200, headers);
  });
}

/** No page's origin is lent to what a film brings with it. */
const ALONE = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': 'sandbox',
};

/** What writers of films call a font. */
const FONT_TYPE =
  /^(font\/[\w.+-]+|application\/(vnd\.ms-opentype|font-[\w-]+|x-(truetype-font|font-[\w-]+)))$/i;
/** Those of them that browsers take for nothing else. */
const SENT_TYPE =
  /^(font\/(ttf|otf|sfnt|collection|woff2?)|application\/(vnd\.ms-opentype|x-truetype-font|(x-)?font-(ttf|otf|sfnt|woff2?|truetype|opentype)))$/;
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
    const headers = { ...fontHeaders(file, title.source), ...c.var.cors };
    if (c.req.method === 'HEAD') return c.body(null, 200, headers);
    return c.var.deps.sendChunks(c, {
      headers,
      chunks: bytesOf(title.source, file, signal),
      onBroken: (err) => {
        if (!signal.aborted) c.var.deps.log.warn({ err }, 'attached file broken off');
      },
    });
  });
}

/** @throws MediaError `not-offered` for what is no font, `limit`, `truncated` */
function fontHeaders({ name, type, range }: AttachedFile, { size }: Source): Record<string, string> {
  if (!FONT_TYPE.test(type) && !FONT_NAME.test(name))
    throw new MediaError('not-offered', 'Only attached fonts are given out');
  const bytes = range.end - range.start;
  if (bytes > MOST_FONT)
    throw new MediaError('limit', `A font of ${bytes} bytes, at most ${MOST_FONT} are read`);
  if (range.end > (size ?? Number.POSITIVE_INFINITY))
    throw truncated(`A font that ends at byte ${range.end} of a file with ${size} bytes`);
  const told = type.toLowerCase();
  return {
    'Content-Type': SENT_TYPE.test(told) ? told : 'application/octet-stream',
    'Content-Length': String(bytes),
    ...ALONE,
  };
}

async function* bytesOf(
  source: Source,
  { range }: AttachedFile,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array[]> {
  for await (const chunk of source.read(range, signal)) yield [chunk];
}
