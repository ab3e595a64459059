import type { Context } from 'hono';
import { subripFile } from '../../../muxers/subrip.ts';
import { webvttFile } from '../../../muxers/webvtt.ts';
import type { Cue } from '../../core/cues.ts';
import { MediaError } from '../../core/errors.ts';
import type { Access } from '../../pipeline/library.ts';
import { allowOrigins } from '../access.ts';
import type { AppEnv } from '../deps.ts';
import { keptBy } from '../lifetimes.ts';
import { answerTagged } from '../playlist-body.ts';
import { readSubtitleBytes } from './subtitle-bytes.ts';
import { readSubtitleRequest } from './subtitle-request.ts';

const FORMS = {
  vtt: { write: webvttFile, type: 'text/vtt; charset=utf-8' },
  srt: { write: subripFile, type: 'application/x-subrip; charset=utf-8' },
} as const satisfies Record<string, { write(cues: readonly Cue[]): string; type: string }>;

/** Players ask again when they are started again: until then the file may have been corrected. */
const FIVE_MINUTES = 'max-age=300';

/** `/subtitles.vtt?d=…`, `/subtitles.srt?d=…`: a file with subtitles of any format in one that players read. */
export async function answerSubtitles(c: Context<AppEnv>, form: keyof typeof FORMS): Promise<Response> {
  const { cues, access } = await readCues(c);
  const { write, type } = FORMS[form];
  return answerTagged(c, { text: write(cues), type, cacheControl: keptBy(access, FIVE_MINUTES) });
}

/** `/subtitlesTracks?subsUrl=…`: the same as data. An error stands in the body, where players look for it. */
export async function answerSubtitleTracks(c: Context<AppEnv>): Promise<Response> {
  try {
    const { cues, access } = await readCues(c);
    c.header('Cache-Control', keptBy(access, FIVE_MINUTES));
    const tracks = cues.map(({ start, end, text }, i) => ({
      number: i,
      startTime: start,
      endTime: end,
      text,
    }));
    return c.json({ error: null, result: { tracks } });
  } catch (error) {
    if (!(error instanceof MediaError) || REFUSALS.has(error.code) || isForLater(error)) throw error;
    allowOrigins(c);
    c.header('Cache-Control', 'no-store');
    return c.json({ error: error.message, code: error.code, result: null });
  }
}

/** These are of this server, and no page of another site is told more of them. */
const REFUSALS: ReadonlySet<string> = new Set(['unauthorized', 'forbidden-address', 'bad-request']);

/** Programs in between know what to do about it by its status. */
const isForLater = ({ code, upstreamStatus, retryAfter }: MediaError): boolean =>
  code === 'rate' || code === 'busy' || upstreamStatus === 429 || retryAfter !== undefined;

async function readCues(c: Context<AppEnv>): Promise<{ readonly cues: Cue[]; readonly access: Access }> {
  const { media, ...wanted } = readSubtitleRequest(c);
  const { bytes, access } = await readSubtitleBytes(c, media);
  const guessCharset = c.var.deps.guessCharset ?? (async () => null);
  // Loaded when it is needed: most servers are asked for films.
  const { readSubtitleFile } = await import('../../pipeline/subtitle-file.ts');
  const { signal } = c.req.raw;
  return { cues: await readSubtitleFile(bytes, { ...wanted, guessCharset, signal }), access };
}
