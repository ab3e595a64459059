import type { Context } from 'hono';
import { PLAYLIST_TYPE } from '../../muxers/hls.ts';
import { isNamedIn } from './conditional.ts';
import type { AppEnv } from './deps.ts';

/** Whether the client takes gzip: what is said of gzip itself goes before `*`. RFC 9110, 12.5.3. */
export function takesGzip(header: string | undefined): boolean {
  const qualities = new Map((header ?? '').toLowerCase().split(',').map(readCoding));
  return (qualities.get('gzip') ?? qualities.get('*') ?? 0) > 0;
}

function readCoding(text: string): [name: string, quality: number] {
  const [name = '', ...parameters] = text.split(';').map((part) => part.trim());
  const quality = parameters.map((part) => /^q=([\d.]+)$/.exec(part)?.[1]).find((q) => q !== undefined);
  return [name, Number(quality ?? 1)];
}

export interface TextAnswer {
  readonly text: string;
  readonly type: string;
  readonly cacheControl: string;
}

/** Text that is compressed when the client takes it; HEAD gets the same headers. */
export async function answerText(
  c: Context<AppEnv>,
  { text, type, cacheControl }: TextAnswer,
): Promise<Response> {
  const plain = new TextEncoder().encode(text);
  const isZipped = takesGzip(c.req.header('accept-encoding'));
  const body = isZipped ? await gzip(plain) : plain;
  c.header('Content-Type', type);
  c.header('Vary', 'Accept-Encoding');
  c.header('Cache-Control', cacheControl);
  c.header('Content-Length', String(body.length));
  if (isZipped) c.header('Content-Encoding', 'gzip');
  return c.req.method === 'HEAD' ? c.body(null) : c.body(body);
}

/** A playlist, with a tag of what it says. */
export const answerPlaylist = (
  c: Context<AppEnv>,
  answer: Pick<TextAnswer, 'text' | 'cacheControl'>,
): Promise<Response> => answerTagged(c, { ...answer, type: PLAYLIST_TYPE });

/** Texts are compared by what they say, however they are compressed. */
export async function answerTagged(c: Context<AppEnv>, answer: TextAnswer): Promise<Response> {
  const { text, cacheControl } = answer;
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  const tag = `"${[...hash.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, '0')).join('')}"`;
  c.header('ETag', `W/${tag}`);
  if (!isNamedIn(c.req.header('if-none-match'), tag)) return answerText(c, answer);
  c.header('Cache-Control', cacheControl);
  c.header('Vary', 'Accept-Encoding');
  return c.body(null, 304);
}

async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
