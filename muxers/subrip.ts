import type { Cue } from '../src/core/cues.ts';
import { timestamp } from './webvtt.ts';

/** A SubRip file, with the tags that its players know. */
export function subripFile(cues: readonly Cue[]): string {
  const blocks = new Set(cues.map(writeCue));
  return [...blocks].map((block, i) => `${i + 1}\n${block}\n`).join('\n');
}

const time = (milliseconds: number): string => timestamp(milliseconds).replace('.', ',');

const TOP = /(^|\s)line:0(\.0*)?%?(?=[\s,]|$)/;

const writeCue = ({ start, end, settings, text }: Cue): string =>
  `${time(start)} --> ${time(end)}\n${TOP.test(settings) ? '{\\an8}' : ''}${plain(text)}`;

const CHARACTERS: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&nbsp;': '\u00a0',
  '&lrm;': '\u200e',
  '&rlm;': '\u200f',
};

/** Without WebVTT's own tags, with characters for what it escapes, and with no line that is empty or a cue's times. */
const plain = (text: string): string =>
  text
    .replaceAll(/<(\/?[biu])(?:[.\s][^<>]*)?>|<[^<>]*>/g, (_, tag?: string) =>
      tag === undefined ? '' : `<${tag}>`,
    )
    .replaceAll(/&(?:amp|lt|gt|nbsp|lrm|rlm);/g, (one) => CHARACTERS[one] ?? one)
    .replaceAll(/(\d[^\S\n]*)-{1,2}>(?=[^\S\n]*\d)/g, '$1→')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .join('\n');
