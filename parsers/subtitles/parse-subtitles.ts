import { plainLines } from '../../src/codecs/cue-text.ts';
import type { Cue } from '../../src/core/cues.ts';
import { MediaError, unsupported } from '../../src/core/errors.ts';
import { assFormat, withoutFonts } from './ass.ts';
import { decodeText, type GuessCharset } from './charset.ts';
import { microdvdFormat } from './microdvd.ts';
import { mpl2Format } from './mpl2.ts';
import { samiFormat } from './sami.ts';
import { beginsAsSubrip, subripFormat } from './subrip.ts';
import { subviewerFormat } from './subviewer.ts';
import { AT_ONCE, checkCount, type TextFormat } from './text-format.ts';
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

/** Characters of a file's text; films have some 100 000, scripts that are all effects some millions. */
export const MAX_TEXT = 8 * 1024 * 1024;

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
  /** As `TextDecoder` calls it, where somebody knows it. */
  readonly charset?: string | null;
  /** Pictures a second, for formats that count pictures and do not say it themselves; 23.976 without it. */
  readonly frameRate?: number;
  /** Ends the work. */
  readonly signal?: AbortSignal;
}

const USUAL_RATE = 24_000 / 1001;

/**
 * Reads a file with subtitles, packed or not, whatever it is called and however it is written. Others get their turn every
 * few milliseconds.
 * @throws MediaError `unsupported` saying what it is instead; `limit`, `corrupt` for what is packed; the reason of the signal
 */
export async function parseSubtitles(bytes: Uint8Array, options: ParseOptions): Promise<SubtitleFile> {
  const { guessCharset, charset = null, frameRate = USUAL_RATE, signal } = options;
  const pause = async () => {
    await new Promise((resolve) => setTimeout(resolve, 0));
    signal?.throwIfAborted();
  };
  const unpacked = await unpackSubtitles(bytes);
  signal?.throwIfAborted();
  const other = OTHERS.find(({ isIt }) => isIt(unpacked));
  if (other) throw unsupported(`This is ${other.name}, no text with subtitles`);
  const whole = await withPlainLines(await decodeText(unpacked, { guessCharset, charset, pause }), pause);
  const format = formatOf(whole.slice(0, HEAD));
  const text = format === assFormat ? withoutFonts(whole) : whole;
  if (text.length > MAX_TEXT) throw new MediaError('limit', `Subtitles of more than ${MAX_TEXT} characters`);
  const cues: Cue[] = [];
  for (const cue of format.read(text, { frameRate })) {
    if (cue) addCue(cues, cue);
    else await pause();
  }
  return { format: format.name, cues: cues.sort((a, b) => a.start - b.start) };
}

async function withPlainLines(text: string, pause: () => Promise<void>): Promise<string> {
  const parts: string[] = [];
  for (let at = 0; at < text.length; ) {
    if (at > 0) await pause();
    // the line feed behind it belongs to it
    const isCut = text[at + AT_ONCE - 1] === '\r';
    const end = at + AT_ONCE + (isCut ? 2 : 0);
    parts.push(plainLines(text.slice(at, end)));
    at = end;
  }
  return parts.join('').trimStart();
}

function formatOf(head: string): TextFormat {
  const format = beginsAsSubrip(head) ? subripFormat : FORMATS.find((one) => one.recognises(head));
  if (!format) throw unsupported(`${nameOf(head)}, no subtitles in a format that is read here`);
  return format;
}

function addCue(cues: Cue[], cue: Cue): void {
  if (cue.end <= cue.start || cue.end > MAX_TIME) return;
  checkCount(cues.length + 1);
  cues.push(cue);
}

const begins =
  (start: string) =>
  (bytes: Uint8Array): boolean =>
    startsWith(bytes, start);

/** What links to subtitles lead to instead. */
const OTHERS: readonly { isIt(bytes: Uint8Array): boolean; readonly name: string }[] = [
  { isIt: begins('%PDF'), name: 'a PDF' },
  { isIt: begins('Rar!'), name: 'a RAR archive' },
  { isIt: begins('7z\xbc\xaf'), name: 'a 7-Zip archive' },
  { isIt: begins('# VobSub'), name: 'the index of VobSub pictures' },
  { isIt: isPgs, name: 'a stream of PGS pictures' },
  { isIt: begins('\x00\x00\x01\xba'), name: 'an MPEG program stream, perhaps VobSub pictures' },
  { isIt: begins('\x1aE\xdf\xa3'), name: 'a Matroska file' },
];

/** Two letters, two times, and one of five kinds of segments. */
function isPgs(bytes: Uint8Array): boolean {
  return startsWith(bytes, 'PG') && [0x14, 0x15, 0x16, 0x17, 0x80].includes(bytes[10] ?? 0);
}

function nameOf(head: string): string {
  if (head === '') return 'This is empty';
  if (/^<(!doctype html|html|head|body)/i.test(head)) return 'This is a web page';
  if (/^[[{]/.test(head)) return 'This looks like JSON';
  return /\p{Cc}/u.test(head.replaceAll(/[\n\t\f]/g, ''))
    ? 'These are bytes without text'
    : 'This is some text';
}
