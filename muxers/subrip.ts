import type { Cue } from '../src/core/cues.ts';
import { timestamp } from './webvtt.ts';

/** A SubRip file, with the tags that its players know. */
export function subripFile(cues: readonly Cue[]): string {
  const blocks = new Set(cues.map(writeCue));
  return [...blocks].map((block, i) => `${i + 1}\n${block}\n`).join('\n');
}

const time = (milliseconds: number): string => timestamp(milliseconds).replace('.', ',');

const writeCue = ({ start, end, settings, text }: Cue): string =>
  `${time(start)} --> ${time(end)}\n${/\bline:0\b(?!%)/.test(settings) ? '{\\an8}' : ''}${plain(text)}`;

const CHARACTERS: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&nbsp;': '\u00a0',
};

/** Without WebVTT's own tags, and with characters for what it escapes. */
const plain = (text: string): string =>
  text
    .replaceAll(/<(?!\/?[biu]>)[^<>]*>/g, '')
    .replaceAll(/&(amp|lt|gt|nbsp);/g, (one) => CHARACTERS[one] ?? one);
