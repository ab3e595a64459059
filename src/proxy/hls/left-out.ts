import { withoutAttributes } from './attribute-list.ts';
import {
  type CarriedTags,
  carriedAfter,
  isNumbered,
  unsaid,
  withoutNumbered,
  withVector,
} from './carried-tags.ts';
import { lineOf, type PlaylistLine, tagValue } from './line.ts';
import { readBlocks, type SegmentBlock } from './media-blocks.ts';
import { checkLimit } from './playlist-limits.ts';
import { isWithin, mergeRanges, type TimeRange } from './time-ranges.ts';
import { DEFINE } from './variables.ts';

const DISCONTINUITY = '#EXT-X-DISCONTINUITY';
const BYTE_RANGE = '#EXT-X-BYTERANGE';
const DATE = '#EXT-X-PROGRAM-DATE-TIME';
const SEQUENCE = '#EXT-X-MEDIA-SEQUENCE';
const DISCONTINUITY_SEQUENCE = '#EXT-X-DISCONTINUITY-SEQUENCE';
const SERVER_CONTROL = '#EXT-X-SERVER-CONTROL';
const ENDLIST = '#EXT-X-ENDLIST';

/** Tags that concern the whole playlist, wherever they stand. */
const WHOLE: ReadonlySet<string> = new Set([
  '#EXT-X-VERSION',
  '#EXT-X-TARGETDURATION',
  SEQUENCE,
  DISCONTINUITY_SEQUENCE,
  '#EXT-X-PLAYLIST-TYPE',
  ENDLIST,
  '#EXT-X-START',
  DEFINE,
  '#EXT-X-INDEPENDENT-SEGMENTS',
  '#EXT-X-I-FRAMES-ONLY',
  SERVER_CONTROL,
  '#EXT-X-PART-INF',
  '#EXT-X-DATERANGE',
]);

/** Of Date: ECMA-262, 21.4.1.1. */
const LAST_DATE = 8.64e15;

/** What is known where a segment begins. */
interface Place {
  /** Seconds of the content. */
  readonly time: number;
  readonly carried: CarriedTags;
  /** Milliseconds since 1970; null where no date was told. */
  readonly date: number | null;
  /** Where a byte range without an offset begins, and in which resource. */
  readonly range: { readonly uri: string; readonly end: number } | null;
}

/** What was written so far. */
interface Output {
  readonly lines: PlaylistLine[];
  /** Characters of the segments' lines. */
  size: number;
  written: CarriedTags;
  /** Segments left out before the first that stays: they raise the sequence number. */
  head: number;
  /** Discontinuities before the first that stays. */
  headDiscontinuities: number;
  /** Segments left out behind it: those that follow have other numbers than upstream. */
  shift: number;
  hasSegments: boolean;
  isSeam: boolean;
}

/**
 * Leaves segments out. What stays can be played as before: keys, initialization sections, dates, byte ranges and the
 * numbers that vectors are made of are said again where they were lost. Only where the list begins with the content:
 * of a window that moves on nobody knows what time its first segment has.
 */
export function leaveOut(
  lines: readonly PlaylistLine[],
  ranges: readonly TimeRange[],
): readonly PlaylistLine[] {
  const merged = mergeRanges(ranges);
  if (merged.length === 0 || !beginsWithContent(lines)) return lines;
  const { header, segments, tail } = readBlocks(lines);
  const output: Output = {
    lines: [...header],
    size: 0,
    written: new Map(),
    head: 0,
    headDiscontinuities: 0,
    shift: 0,
    hasSegments: false,
    isSeam: false,
  };
  const first = numberIn(lines, SEQUENCE);
  let place: Place = { time: 0, carried: new Map(), date: null, range: null };
  segments.forEach((block, i) => {
    const end = place.time + block.duration;
    if (isWithin(merged, place.time, end)) dropBlock(output, block);
    else keepBlock(output, block, place, first + i);
    place = behind(place, block);
  });
  return renumber([...output.lines, ...tail], output).flatMap(withoutDeltas);
}

function beginsWithContent(lines: readonly PlaylistLine[]): boolean {
  const names = new Set(lines.map(({ name }) => name));
  const type = lines.find(({ name }) => name === '#EXT-X-PLAYLIST-TYPE');
  const isWhole = names.has(ENDLIST) || (type !== undefined && /^(VOD|EVENT)$/.test(tagValue(type)));
  return isWhole && !names.has('#EXT-X-SKIP');
}

function dropBlock(output: Output, { lines }: SegmentBlock): void {
  for (const line of lines) if (WHOLE.has(line.name)) write(output, line);
  output.isSeam = true;
  if (output.hasSegments) output.shift++;
  else {
    output.head++;
    output.headDiscontinuities += count(lines, DISCONTINUITY);
  }
}

function keepBlock(output: Output, block: SegmentBlock, place: Place, sequence: number): void {
  const { hasSegments, isSeam, shift } = output;
  const own = isSeam ? withOffset(block, place.range) : block.lines;
  const kept = isSeam && !hasSegments ? own.filter(({ name }) => name !== DISCONTINUITY) : own;
  const seam = isSeam ? seamTags(own, place.date).slice(hasSegments ? 0 : 1) : [];
  // Numbers moved: each key whose vector is the number is said for each segment, with the number it had.
  const written = shift === 0 ? output.written : withoutNumbered(output.written);
  const all = [...seam.flat(), ...unsaid(place.carried, written, own), ...kept];
  for (const line of all) write(output, shift > 0 && isNumbered(line) ? withVector(line, sequence) : line);
  if (isSeam && !hasSegments) output.headDiscontinuities += count(own, DISCONTINUITY);
  output.written = carriedAfter(place.carried, own);
  output.hasSegments = true;
  output.isSeam = false;
}

/** Bounded: a key that is said for each segment is written many times. */
function write(output: Output, line: PlaylistLine): void {
  output.size += line.text.length;
  checkLimit('text', output.size);
  output.lines.push(line);
}

/** Discontinuity, then date: where the segment does not say them itself. */
function seamTags(own: readonly PlaylistLine[], date: number | null): readonly (readonly PlaylistLine[])[] {
  const hasDate = date === null || count(own, DATE) > 0;
  return [
    count(own, DISCONTINUITY) > 0 ? [] : [lineOf(DISCONTINUITY)],
    hasDate ? [] : [lineOf(`${DATE}:${new Date(date).toISOString()}`)],
  ];
}

/** A range that begins where the one before it ended says so when that one is gone: RFC 8216, 4.3.2.2. */
function withOffset({ lines, uri }: SegmentBlock, range: Place['range']): readonly PlaylistLine[] {
  if (range === null || range.uri !== uri) return lines;
  return lines.map((line) =>
    line.name === BYTE_RANGE && !line.text.includes('@')
      ? { ...line, text: `${BYTE_RANGE}:${tagValue(line)}@${range.end}` }
      : line,
  );
}

function behind(place: Place, { lines, uri, duration }: SegmentBlock): Place {
  const told = lines.findLast(({ name }) => name === DATE);
  const date = told === undefined ? place.date : Date.parse(tagValue(told));
  const next = date === null ? Number.NaN : Math.round(date + duration * 1000);
  return {
    time: place.time + duration,
    carried: carriedAfter(place.carried, lines),
    date: Math.abs(next) <= LAST_DATE ? next : null,
    range: rangeBehind(place.range, lines, uri),
  };
}

function rangeBehind(before: Place['range'], lines: readonly PlaylistLine[], uri: string): Place['range'] {
  const tag = lines.findLast(({ name }) => name === BYTE_RANGE);
  const [, size, offset] = /^(\d{1,15})(?:@(\d{1,15}))?/.exec(tag === undefined ? '' : tagValue(tag)) ?? [];
  if (size === undefined) return null;
  const start = offset === undefined ? (before?.uri === uri ? before.end : null) : Number(offset);
  return start === null ? null : { uri, end: start + Number(size) };
}

/** The numbers of the first segment that stays. */
function renumber(lines: readonly PlaylistLine[], output: Output): readonly PlaylistLine[] {
  const raised = raise(lines, SEQUENCE, output.hasSegments ? output.head : 0);
  return raise(raised, DISCONTINUITY_SEQUENCE, output.headDiscontinuities);
}

function raise(lines: readonly PlaylistLine[], name: string, by: number): readonly PlaylistLine[] {
  if (by === 0) return lines;
  const tag = lineOf(`${name}:${numberIn(lines, name) + by}`);
  const [header, ...others] = lines.filter((line) => line.name !== name);
  return header === undefined ? [tag] : [header, tag, ...others];
}

/** 0 where it is not said: RFC 8216, 4.3.3.2. */
function numberIn(lines: readonly PlaylistLine[], name: string): number {
  const tag = lines.find((line) => line.name === name);
  const value = tag === undefined ? 0 : Number(tagValue(tag));
  return Number.isSafeInteger(value) && value >= 0 ? value : 0;
}

/** A delta update counts upstream's segments: RFC 8216bis, 4.4.3.8. */
function withoutDeltas(line: PlaylistLine): readonly PlaylistLine[] {
  if (line.name !== SERVER_CONTROL) return [line];
  const text = withoutAttributes(line.text, ['CAN-SKIP-UNTIL', 'CAN-SKIP-DATERANGES']);
  return text.endsWith(':') ? [] : [{ ...line, text }];
}

const count = (lines: readonly PlaylistLine[], wanted: string): number =>
  lines.filter(({ name }) => name === wanted).length;
