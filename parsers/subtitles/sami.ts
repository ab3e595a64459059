import { subripBodies } from '../../src/codecs/subrip.ts';
import type { Cue } from '../../src/core/cues.ts';
import { readMarkup } from './markup.ts';
import { cuesOf, type TextFormat } from './text-format.ts';

/** Seconds that the last text stays. */
const USUAL_SECONDS = 4;

interface Shown {
  readonly start: number;
  /** By class: files hold several languages. */
  readonly texts: Map<string, string>;
}

/** SAMI: what a SYNC names is shown until the next one. Of several languages the first that says something is taken. */
export const samiFormat: TextFormat = {
  name: 'SAMI',
  recognises: (head) => /<sami[\s>]/i.test(head),
  *read(text): Generator<Cue> {
    const shown = readSyncs(text);
    const language = shown.flatMap(({ texts }) => [...texts].filter(([, one]) => isInk(one)))[0]?.[0];
    const own = shown.filter(({ texts }) => texts.has(language ?? ''));
    for (const [i, { start, texts }] of own.entries()) {
      const end = own[i + 1]?.start ?? start + USUAL_SECONDS * 1000;
      const words = texts.get(language ?? '') ?? '';
      if (isInk(words)) yield* cuesOf({ start, end }, subripBodies(words));
    }
  },
};

const isInk = (text: string): boolean => text.replaceAll(/&nbsp;?|<[^<>]*>/gi, '').trim() !== '';

/** Tags that stay in the text: the others are the file's own. */
const KEPT: ReadonlySet<string> = new Set(['b', 'i', 'u', 'br']);

function readSyncs(text: string): Shown[] {
  const shown: Shown[] = [];
  let current: Shown | null = null;
  let language = '';
  for (const piece of readMarkup(text)) {
    if (piece.kind === 'open' && piece.name === 'sync') {
      const start = /^\d{1,10}$/.test(piece.attributes.get('start') ?? '')
        ? piece.attributes.get('start')
        : null;
      current = start ? { start: Number(start), texts: new Map() } : null;
      language = '';
      if (current) shown.push(current);
    } else if (piece.kind === 'open' && piece.name === 'p') {
      language = (piece.attributes.get('class') ?? '').toLowerCase();
      current?.texts.set(language, current.texts.get(language) ?? '');
    } else if (current) {
      const { texts } = current;
      texts.set(language, `${texts.get(language) ?? ''}${wordsOf(piece)}`);
    }
  }
  return shown;
}

function wordsOf(piece: { readonly kind: string; readonly text?: string; readonly name?: string }): string {
  if (piece.text !== undefined) return piece.text.replaceAll(/\s+/g, ' ');
  const { kind, name = '' } = piece;
  return KEPT.has(name) ? `<${kind === 'close' ? '/' : ''}${name}>` : '';
}
