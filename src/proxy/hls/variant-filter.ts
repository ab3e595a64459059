import { type Attribute, attributeOf, readAttributes } from './attribute-list.ts';
import { type PlaylistLine, URI_LINE } from './line.ts';

/** Which variants of a multivariant playlist stay. */
export type VariantFilter =
  | { readonly kind: 'highest' }
  /** In lines, as people name them: 720 for 720p. */
  | { readonly kind: 'height'; readonly height: number };

interface Entry {
  /** Indexes of its lines. */
  readonly at: readonly number[];
  readonly attributes: readonly Attribute[];
  /** Lines as people name them; null where RESOLUTION does not tell. */
  readonly height: number | null;
  readonly bandwidth: number;
}

const STREAM = '#EXT-X-STREAM-INF';
const I_FRAMES = '#EXT-X-I-FRAME-STREAM-INF';
const MEDIA = '#EXT-X-MEDIA';
const GROUPS = ['AUDIO', 'VIDEO', 'SUBTITLES', 'CLOSED-CAPTIONS'] as const;

/** Heights whose difference is that of cropping, not of quality: 1920x1088 and 1920x1080. */
const SAME = 1.05;

/**
 * Leaves the variants of one height only, all of them: they may differ in codec or sound, and that the player knows
 * better. Without RESOLUTION the one of the highest bandwidth stays, and a wished height changes nothing. Trick play
 * is chosen likewise. Groups of renditions that were used and no longer are go.
 */
export function filterVariants(
  lines: readonly PlaylistLine[],
  filter: VariantFilter,
): readonly PlaylistLine[] {
  const sorts = [readEntries(lines, STREAM), readEntries(lines, I_FRAMES)];
  const kept = new Set(sorts.flatMap((entries) => choose(entries, filter)));
  const gone = sorts.flat().filter((entry) => !kept.has(entry));
  const used = groupsOf([...kept]);
  const lost = groupsOf(gone);
  const dropped = new Set(gone.flatMap(({ at }) => at));
  return lines.filter((line, i) => {
    const group = line.name === MEDIA ? groupOf(line) : null;
    return !dropped.has(i) && (group === null || used.has(group) || !lost.has(group));
  });
}

function readEntries(lines: readonly PlaylistLine[], name: string): readonly Entry[] {
  return lines.flatMap((line, i) => {
    if (line.name !== name) return [];
    const attributes = readAttributes(line.text);
    const uri = name === STREAM ? indexOfUri(lines, i + 1) : null;
    const height = nominalHeight(attributeOf(attributes, 'RESOLUTION') ?? '');
    const bandwidth = Number(attributeOf(attributes, 'BANDWIDTH')) || 0;
    return { at: uri === null ? [i] : [i, uri], attributes, height, bandwidth };
  });
}

/** Comments may stand between; another variant may not. */
function indexOfUri(lines: readonly PlaylistLine[], from: number): number | null {
  for (let i = from; i < lines.length; i++) {
    const name = lines[i]?.name;
    if (name === URI_LINE) return i;
    if (name === STREAM) return null;
  }
  return null;
}

/** 1920x800 is called 1080p and 608x1080 as well: the longer side counts as that of 16:9. */
function nominalHeight(resolution: string): number | null {
  const [, width, height] = /^\s*(\d{1,6})x(\d{1,6})\s*$/i.exec(resolution) ?? [];
  if (width === undefined || height === undefined) return null;
  const [short, long] = [Number(width), Number(height)].sort((a, b) => a - b);
  return Math.max(short ?? 0, Math.round(((long ?? 0) * 9) / 16));
}

function choose(entries: readonly Entry[], filter: VariantFilter): readonly Entry[] {
  const heights = entries.flatMap(({ height }) => height ?? []);
  if (heights.length > 0) {
    const best = filter.kind === 'highest' ? heights.reduce(higher) : nearest(heights, filter.height);
    return entries.filter(({ height }) => height !== null && isSame(height, best));
  }
  if (filter.kind === 'height') return entries;
  const most = entries.reduce((max, { bandwidth }) => Math.max(max, bandwidth), 0);
  return entries.filter(({ bandwidth }) => bandwidth === most).slice(0, 1);
}

const higher = (a: number, b: number): number => Math.max(a, b);

/** Of two that are equally near the lower one: a wish for a height is one for less. */
const nearest = (heights: readonly number[], wanted: number): number =>
  heights.reduce((best, height) => {
    const gain = Math.abs(best - wanted) - Math.abs(height - wanted);
    return gain > 0 || (gain === 0 && height < best) ? height : best;
  });

const isSame = (a: number, b: number): boolean => Math.max(a, b) <= Math.min(a, b) * SAME;

/** `AUDIO/id` of all groups that variants name. */
const groupsOf = (entries: readonly Entry[]): ReadonlySet<string> =>
  new Set(
    entries.flatMap(({ attributes }) =>
      GROUPS.flatMap((type) => {
        const id = attributeOf(attributes, type);
        return id === null ? [] : `${type}/${id}`;
      }),
    ),
  );

function groupOf({ text }: PlaylistLine): string {
  const attributes = readAttributes(text);
  return `${attributeOf(attributes, 'TYPE')}/${attributeOf(attributes, 'GROUP-ID')}`;
}
