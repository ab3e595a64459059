import type { Context } from 'hono';
import { MediaError } from '../core/errors.ts';
import type { LiveProgress, LiveStream } from '../pipeline/live/live-stream.ts';
import { livePlaylist, type Rendition } from '../pipeline/renditions.ts';
import type { Title } from '../pipeline/title.ts';
import type { AppEnv } from './deps.ts';

interface Growing {
  readonly title: Title;
  readonly rendition: Rendition;
  readonly live: LiveStream;
}

/** The list of a title that can only be read in order, as far as it was read. */
export const growingPlaylist = async (
  c: Context<AppEnv>,
  { title, rendition, live }: Growing,
): Promise<string> => livePlaylist(title, rendition, await progressOf(c, live));

/**
 * How far a title has come. Who asks for a list with a segment that is not there yet waits for it (Blocking Playlist
 * Reload: RFC 8216bis, 6.2.5.2).
 * @throws MediaError `bad-request` for what no list will have soon
 */
async function progressOf(c: Context<AppEnv>, live: LiveStream): Promise<LiveProgress> {
  const asked = c.req.query('_HLS_msn');
  const progress = live.progress();
  if (asked === undefined || progress.isEnded) return progress;
  const n = /^\d{1,9}$/.test(asked) ? Number(asked) : Number.NaN;
  if (!(n < progress.ends.length + 2))
    throw new MediaError(
      'bad-request',
      `_HLS_msn=${asked.slice(0, 20)} is not the number of a segment to come`,
    );
  return live.progressTo(n, c.req.raw.signal);
}

/** One that is not made yet is waited for: a viewer who comes back may be ahead of an input that was let go. */
export async function* liveChunks(
  live: LiveStream,
  { rendition, n }: { readonly rendition: Rendition; readonly n: number },
  signal: AbortSignal,
): AsyncGenerator<readonly Uint8Array[]> {
  yield await live.segment(rendition.name, n, signal);
}
