import { MAX_CUE_BYTES, plainLines } from '../../src/codecs/cue-text.ts';
import type { Cue } from '../../src/core/cues.ts';
import { MediaError, unsupported } from '../../src/core/errors.ts';
import { assFormat } from './ass.ts';
import { decodeText, type GuessCharset } from './charset.ts';
import { microdvdFormat } from './microdvd.ts';
import { mpl2Format } from './mpl2.ts';
import { samiFormat } from './sami.ts';
import { subripFormat } from './subrip.ts';
import { subviewerFormat } from './subviewer.ts';
import type { TextFormat } from './text-format.ts';
import { ttmlFormat } from './ttml.ts';
import { startsWith, unpackSubtitles } from './unpack.ts';
import { webvttFormat } from './webvtt.ts';

/** The more certain ones first. */
const FORMATS: readonly TextFormat[] = [
  webvttFormat,
  ttmlFormat,
  samiFormat,
  assFormat,
  subripFormat,
  microdvdFormat,
  mpl2Format,
  subviewerFormat,
];

/** Characters that a format is recognised by: scripts begin with comments, archives' texts with greetings. */
const HEAD = 16 * 1024;

/** Texts of one file; a film has some 2000, a script that is all effects 100 000. */
const MAX_CUES = 500_000;

/** Texts after which others are let do their work: some milliseconds. */
const AT_ONCE = 2000;

/** Times past this are no film's: ten days. */
const MAX_TIME = 864_000_000;

export interface SubtitleFile {
  /** As the field calls it: `SubRip`. */
  readonly format: string;
  /** By when they begin. */
  readonly cues: readonly Cue[];
}

export interface ParseOptions {
  /** Asked for texts that are neither UTF-8 nor UTF-16. */
  readonly guessCharset: GuessCharset;
  /** Pictures a second, for formats that count pictures and do not say it themselves; 23.976 without it. */
  readonly frameRate?: number;
}

const USUAL_RATE = 24_000 / 1001;

/**
 * Reads a file with subtitles, packed or not, whatever it is called and however it is written.
 * @throws MediaError `unsupported` saying what it is instead; `limit`, `corrupt` for what is packed
 */
export async function parseSubtitles(bytes: Uint8Array, options: ParseOptions): Promise<SubtitleFile> {
  const unpacked = unpackSubtitles(bytes);
  const other = OTHERS.find(({ start }) => startsWith(unpacked, start));
  if (other) throw unsupported(`This is ${other.name}, no text with subtitles`);
  const text = plainLines(await decodeText(unpacked, options.guessCharset)).trimStart();
  const head = text.slice(0, HEAD);
  const format = FORMATS.find((one) => one.recognises(head));
  if (!format) throw unsupported(`${nameOf(head)}, no subtitles in a format that is read here`);
  const cues: Cue[] = [];
  let read = 0;
  for (const cue of format.read(text, { frameRate: options.frameRate ?? USUAL_RATE })) {
    addCue(cues, cue);
    if (++read % AT_ONCE === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return { format: format.name, cues: cues.sort((a, b) => a.start - b.start) };
}

function addCue(cues: Cue[], cue: Cue): void {
  if (cue.end <= cue.start || cue.end > MAX_TIME || cue.text.length > MAX_CUE_BYTES) return;
  if (cues.length >= MAX_CUES) throw new MediaError('limit', `More than ${MAX_CUES} texts in one file`);
  cues.push(cue);
}

/** What links to subtitles lead to instead. */
const OTHERS: readonly { readonly start: string; readonly name: string }[] = [
  { start: '%PDF', name: 'a PDF' },
  { start: 'Rar!', name: 'a RAR archive' },
  { start: '7z\xbc\xaf', name: 'a 7-Zip archive' },
  { start: '# VobSub', name: 'the index of VobSub pictures' },
  { start: 'PG', name: 'a stream of PGS pictures' },
  { start: '\x00\x00\x01\xba', name: 'an MPEG program stream, perhaps VobSub pictures' },
  { start: '\x1aE\xdf\xa3', name: 'a Matroska file' },
];

function nameOf(head: string): string {
  if (head === '') return 'This is empty';
  if (/^<(!doctype html|html|head|body)/i.test(head)) return 'This is a web page';
  if (/^[[{]/.test(head)) return 'This looks like JSON';
  return /\p{Cc}/u.test(head.replaceAll(/[\n\t\f]/g, ''))
    ? 'These are bytes without text'
    : 'This is some text';
}
