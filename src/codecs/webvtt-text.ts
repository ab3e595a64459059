import type { CueBody } from '../core/cues.ts';
import { cueBodies, cutEscaped, decodeLines, plainLines, plainReferences } from './cue-text.ts';

/**
 * A sample is the text of one cue, and its addition the settings, on the first line, and what else stood around it:
 * S_TEXT/WEBVTT of Matroska.
 */
export const webvttReader =
  () =>
  (data: Uint8Array, addition?: Uint8Array | null): readonly CueBody[] =>
    webvttBodies(addition ? (decodeLines(addition).split('\n')[0] ?? '') : '', decodeLines(data));

/** What a cue of WebVTT shows. */
export const webvttBodies = (settings: string, text: string): CueBody[] =>
  cueBodies(cleanSettings(settings), cleanText(cutEscaped(text)));

/** Those that say where a cue stands by itself: regions are not passed on. W3C WebVTT, 4.4. */
export const cleanSettings = (settings: string): string =>
  settings
    .split(/\s+/)
    .filter((one) => /^(vertical|line|position|size|align):[\w.,%-]+$/.test(one))
    .join(' ');

/** Without empty lines and arrows, and without times inside, which are those of another clock. */
function cleanText(text: string): string {
  const lines = plainLines(plainReferences(text))
    .replaceAll(/<[\d:.]+>/g, '')
    .replaceAll('-->', '--&gt;')
    .split('\n');
  const inked = lines.map((line) => line.trim()).filter((line) => line !== '');
  return cutEscaped(inked.join('\n'));
}
