import {
  cueBodies,
  cueText,
  escapeMarkup,
  MAX_CUE_BYTES,
  NO_TAGS,
  type Run,
  type Tag,
} from '../../src/codecs/cue-text.ts';
import type { Cue } from '../../src/core/cues.ts';
import { firstTag, type Piece, readMarkup } from './markup.ts';
import { cuesOf, type Span, type TextFormat } from './text-format.ts';
import {
  placeWithin,
  StyleList,
  settingsOf,
  type TtmlPlace,
  type TtmlStyles,
  tagsWithin,
} from './ttml-styles.ts';
import { readClock, readSpan, type TtmlClock } from './ttml-times.ts';

/** Elements one within the other; documents have some six. */
const MAX_DEPTH = 64;

/** What holds within an element. */
interface Level {
  readonly name: string;
  readonly span: Span;
  readonly tags: ReadonlySet<Tag>;
  readonly place: TtmlPlace;
  readonly isKept: boolean;
  /** Where its text goes; null outside of paragraphs. */
  readonly shown: Shown | null;
}

interface Shown {
  readonly span: Span;
  readonly settings: string;
  readonly runs: Run[];
  /** Characters of the runs. */
  size: number;
}

/** TTML, and DFXP before it: its paragraphs and spans with their times, a little of how they look. */
export const ttmlFormat: TextFormat = {
  name: 'TTML',
  recognises: (head) => firstTag(head) === 'tt',
  *read(text): Generator<Cue | null> {
    const styles = yield* readStyles(text);
    const reader: Reader = { clock: { frameRate: 30, tickRate: 1 }, styles, shown: [] };
    const levels: Level[] = [ROOT];
    for (const piece of readMarkup(text)) {
      if (piece) step(reader, levels, piece);
      else yield null;
      if (!levels.at(-1)?.shown) yield* takeShown(reader);
    }
    yield* takeShown(reader);
  },
};

/** The paragraphs that were read to their ends. */
function* takeShown({ shown }: Reader): Generator<Cue> {
  for (const { span, settings, runs } of shown.splice(0))
    if (runs.length > 0 && Number.isFinite(span.end)) yield* cuesOf(span, cueBodies(settings, cueText(runs)));
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
  place: { region: '', align: '' },
  isKept: false,
  shown: null,
};

function step(reader: Reader, levels: Level[], piece: Piece): void {
  const level = levels.at(-1) ?? ROOT;
  if (piece.kind === 'text') addText(level, piece.text);
  else if (piece.kind === 'close') closeLevel(levels, piece.name);
  else if (piece.name === 'br') addRun(level, '\n');
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
  const place = placeWithin(level.place, attributes, reader.styles);
  const settings = begins ? settingsOf(place, attributes, reader.styles) : '';
  const shown = begins ? { span, settings, runs: [], size: 0 } : level.shown;
  if (begins && shown) reader.shown.push(shown);
  return {
    name,
    span,
    tags: tagsWithin(level.tags, attributes, reader.styles),
    place,
    isKept: space === undefined ? level.isKept : space === 'preserve',
    shown: SILENT.has(name) ? null : shown,
  };
}

function closeLevel(levels: Level[], name: string): void {
  const at = levels.findLastIndex((level) => level.name === name);
  if (at > 0) levels.length = at;
}

function addText(level: Level, text: string): void {
  if (level.shown) addRun(level, escapeMarkup(level.isKept ? text : text.replaceAll(/\s+/g, ' ')));
}

function addRun({ shown, tags }: Level, text: string): void {
  if (!shown || shown.size > MAX_CUE_BYTES) return;
  shown.runs.push({ text, tags });
  shown.size += text.length;
}

/** Styles and regions stand in front; a style within a region is the region's. */
function* readStyles(text: string): Generator<null, TtmlStyles> {
  const list = new StyleList();
  for (const piece of readMarkup(text)) {
    if (piece === null) yield null;
    else if (piece.kind === 'open' && piece.name === 'body') break;
    else if (piece.kind === 'close' && piece.name === 'region') list.endRegion();
    else if (piece.kind === 'open' && piece.name === 'style') list.addStyle(piece.attributes);
    else if (piece.kind === 'open' && piece.name === 'region') list.addRegion(piece);
  }
  return list.styles;
}
