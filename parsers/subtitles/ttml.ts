import { cueBodies, cueText, escapeMarkup, NO_TAGS, type Run, type Tag } from '../../src/codecs/cue-text.ts';
import type { Cue } from '../../src/core/cues.ts';
import { type Piece, readMarkup } from './markup.ts';
import { cuesOf, type Span, type TextFormat } from './text-format.ts';
import { settingsOf, type TtmlStyles, tagsWithin } from './ttml-styles.ts';
import { readClock, readSpan, type TtmlClock } from './ttml-times.ts';

/** Elements one within the other; documents have some six. */
const MAX_DEPTH = 64;

/** What holds within an element. */
interface Level {
  readonly name: string;
  readonly span: Span;
  readonly tags: ReadonlySet<Tag>;
  readonly isKept: boolean;
  /** Where its text goes; null outside of paragraphs. */
  readonly shown: Shown | null;
}

interface Shown {
  readonly span: Span;
  readonly settings: string;
  readonly runs: Run[];
}

/** TTML, and DFXP before it: its paragraphs and spans with their times, a little of how they look. */
export const ttmlFormat: TextFormat = {
  name: 'TTML',
  recognises: (head) => /<(\w{1,20}:)?tt[\s>]/.test(head),
  *read(text): Generator<Cue> {
    const reader: Reader = { clock: { frameRate: 30, tickRate: 1 }, styles: readStyles(text), shown: [] };
    const levels: Level[] = [ROOT];
    for (const piece of readMarkup(text)) {
      step(reader, levels, piece);
      if (!levels.at(-1)?.shown) yield* takeShown(reader);
    }
    yield* takeShown(reader);
  },
};

/** The paragraphs that were read to their ends. */
function* takeShown({ shown }: Reader): Generator<Cue> {
  for (const { span, settings, runs } of shown.splice(0))
    if (Number.isFinite(span.end)) yield* cuesOf(span, cueBodies(settings, cueText(runs)));
}

interface Reader {
  clock: TtmlClock;
  readonly styles: TtmlStyles;
  readonly shown: Shown[];
}

const ROOT: Level = {
  name: '',
  span: { start: 0, end: Number.POSITIVE_INFINITY },
  tags: NO_TAGS,
  isKept: false,
  shown: null,
};

function step(reader: Reader, levels: Level[], piece: Piece): void {
  const level = levels.at(-1) ?? ROOT;
  if (piece.kind === 'text') addText(level, piece.text);
  else if (piece.kind === 'close') closeLevel(levels, piece.name);
  else if (piece.name === 'br') level.shown?.runs.push({ text: '\n', tags: level.tags });
  else if (!piece.isEmpty && levels.length < MAX_DEPTH) levels.push(openLevel(reader, level, piece));
}

/** Elements that show nothing by themselves, though text stands in them. */
const SILENT: ReadonlySet<string> = new Set(['metadata', 'title', 'desc', 'copyright']);

function openLevel(reader: Reader, level: Level, { name, attributes }: Piece & { kind: 'open' }): Level {
  if (name === 'tt') reader.clock = readClock(attributes);
  const span = readSpan(attributes, level.span, reader.clock);
  const isTimed = attributes.has('begin') || attributes.has('end') || attributes.has('dur');
  const space = attributes.get('space');
  const begins = name === 'p' || (name === 'span' && isTimed);
  const shown = begins ? { span, settings: settingsOf(attributes, reader.styles), runs: [] } : level.shown;
  if (begins && shown) reader.shown.push(shown);
  return {
    name,
    span,
    tags: tagsWithin(level.tags, attributes, reader.styles),
    isKept: space === undefined ? level.isKept : space === 'preserve',
    shown: SILENT.has(name) ? null : shown,
  };
}

function closeLevel(levels: Level[], name: string): void {
  const at = levels.findLastIndex((level) => level.name === name);
  if (at > 0) levels.length = at;
}

function addText({ shown, tags, isKept }: Level, text: string): void {
  const words = isKept ? text : text.replaceAll(/\s+/g, ' ');
  shown?.runs.push({ text: escapeMarkup(words), tags });
}

/** Styles and regions stand in front; a style within a region is the region's. */
function readStyles(text: string): TtmlStyles {
  const styles = new Map<string, Map<string, string>>();
  const regions = new Map<string, Map<string, string>>();
  let region: Map<string, string> | null = null;
  for (const piece of readMarkup(text)) {
    if (piece.kind === 'open' && piece.name === 'body') break;
    if (piece.kind === 'close' && piece.name === 'region') region = null;
    if (piece.kind !== 'open' || (piece.name !== 'style' && piece.name !== 'region')) continue;
    const { name, isEmpty } = piece;
    const attributes = new Map(piece.attributes);
    if (name === 'style' && region) for (const [key, value] of attributes) region.set(key, value);
    else (name === 'style' ? styles : regions).set(attributes.get('id') ?? '', attributes);
    if (name === 'region' && !isEmpty) region = attributes;
  }
  return { styles, regions };
}
