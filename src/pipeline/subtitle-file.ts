import type { GuessCharset } from '../../parsers/subtitles/charset.ts';
import { parseSubtitles } from '../../parsers/subtitles/parse-subtitles.ts';
import type { Cue } from '../core/cues.ts';

export interface SubtitleFileOptions {
  /** Milliseconds by which all is shown later. */
  readonly offset: number;
  /** Pictures a second, for files that count pictures; null where nobody knows. */
  readonly frameRate: number | null;
  readonly guessCharset: GuessCharset;
  /** As `TextDecoder` calls it; null where nobody says it. */
  readonly charset: string | null;
  /** Ends the work. */
  readonly signal: AbortSignal;
}

/**
 * What a file with subtitles shows, in any format that is read here, packed or not.
 * @throws MediaError as `parseSubtitles`
 */
export async function readSubtitleFile(bytes: Uint8Array, options: SubtitleFileOptions): Promise<Cue[]> {
  const { offset, frameRate, ...reading } = options;
  const rate = frameRate === null ? {} : { frameRate };
  const { cues } = await parseSubtitles(bytes, { ...reading, ...rate });
  return cues
    .map((cue) => ({ ...cue, start: Math.max(0, cue.start + offset), end: cue.end + offset }))
    .filter(({ start, end }) => start < end);
}
