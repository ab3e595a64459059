import { MAX_CUE_BYTES } from '../../src/codecs/cue-text.ts';
import { subripBodies } from '../../src/codecs/subrip.ts';
import type { Cue } from '../../src/core/cues.ts';
import { firstTag, type Piece, readMarkup } from './markup.ts';
import { checkCount, cuesOf, type TextFormat } from './text-format.ts';

/** Seconds that the last text stays. */
const USUAL_SECONDS = 4;

/** Languages of one file. */
const MAX_LANGUAGES = 32;

interface Shown {
  readonly start: number;
  /** By class: files hold several languages. */
  readonly texts: Map<string, string>;
}

/** SAMI: what a SYNC names is shown until the next one. Of several languages the first that says something is taken. */
export const samiFormat: TextFormat = {
  name: 'SAMI',
  recognises: (head) => firstTag(head) === 'sami',
  *read(text): Generator<Cue | null> {
    const reader: Reader = { shown: [], current: null, language: '', spoken: null };
    for (const piece of readMarkup(text)) {
      if (piece) step(reader, piece);
      else yield null;
    }
    endText(reader);
    const language = reader.spoken ?? '';
    const own = reader.shown.filter(({ texts }) => texts.has(language));
    for (const [i, { start, texts }] of own.entries()) {
      const end = own[i + 1]?.start ?? start + USUAL_SECONDS * 1000;
      const words = texts.get(language) ?? '';
      if (isInk(words)) yield* cuesOf({ start, end }, subripBodies(words));
      if (i % SYNCS_AT_ONCE === SYNCS_AT_ONCE - 1) yield null;
    }
  },
};

const SYNCS_AT_ONCE = 500;

const isInk = (text: string): boolean => text.replaceAll(/&nbsp;?|<[^<>]*>/gi, '').trim() !== '';

/** Tags that stay in the text: the others are the file's own. */
const KEPT: ReadonlySet<string> = new Set(['b', 'i', 'u', 'br']);

interface Reader {
  readonly shown: Shown[];
  current: Shown | null;
  /** Of what follows. */
  language: string;
  /** The first that says something. */
  spoken: string | null;
}

function step(reader: Reader, piece: Piece): void {
  if (piece.kind === 'open' && piece.name === 'sync') beginText(reader, piece.attributes.get('start') ?? '');
  else if (piece.kind === 'open' && piece.name === 'p') {
    reader.language = (piece.attributes.get('class') ?? '').toLowerCase();
    addWords(reader, '');
  } else addWords(reader, wordsOf(piece));
}

function beginText(reader: Reader, start: string): void {
  endText(reader);
  reader.current = /^\d{1,10}$/.test(start) ? { start: Number(start), texts: new Map() } : null;
  reader.language = '';
  if (reader.current) reader.shown.push(reader.current);
  checkCount(reader.shown.length);
}

function endText(reader: Reader): void {
  reader.spoken ??= [...(reader.current?.texts ?? [])].find(([, text]) => isInk(text))?.[0] ?? null;
}

function addWords({ current, language }: Reader, words: string): void {
  if (!current) return;
  const { texts } = current;
  const text = texts.get(language) ?? '';
  if (text.length > MAX_CUE_BYTES || (texts.size >= MAX_LANGUAGES && !texts.has(language))) return;
  texts.set(language, text + words);
}

function wordsOf(piece: Piece): string {
  if (piece.kind === 'text') return piece.text.replaceAll(/\s+/g, ' ');
  return KEPT.has(piece.name) ? `<${piece.kind === 'close' ? '/' : ''}${piece.name}>` : '';
}
