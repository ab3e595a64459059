import { type Attribute, attributeOf, readAttributes } from './attribute-list.ts';
import { type PlaylistLine, URI_LINE } from './line.ts';
import type { LinkContext, LinkKind, PlaylistLink } from './link.ts';
import type { LinkTable } from './link-table.ts';

/** A line as it is, or in pieces where it holds addresses. */
export type LinkedLine = string | readonly (string | PlaylistLink)[];

/** Can be fetched ahead. */
export interface ListedSegment {
  readonly url: string;
  /** It is a part of what the URL leads to. */
  readonly hasRange: boolean;
}

export interface LinkedPlaylist {
  readonly lines: readonly LinkedLine[];
  /** In order, without those that upstream says it does not have. */
  readonly segments: readonly ListedSegment[];
}

type AddressKinds = Readonly<Record<string, LinkKind>>;

/** Attributes that are addresses, by tag: RFC 8216bis, 4.4. */
const TAGS: Readonly<Record<string, (attributes: readonly Attribute[]) => AddressKinds>> = {
  '#EXT-X-KEY': () => ({ URI: 'key' }),
  '#EXT-X-SESSION-KEY': () => ({ URI: 'key' }),
  '#EXT-X-MAP': () => ({ URI: 'init' }),
  '#EXT-X-MEDIA': () => ({ URI: 'playlist' }),
  '#EXT-X-I-FRAME-STREAM-INF': () => ({ URI: 'playlist' }),
  '#EXT-X-IMAGE-STREAM-INF': () => ({ URI: 'playlist' }),
  '#EXT-X-RENDITION-REPORT': () => ({ URI: 'playlist' }),
  '#EXT-X-PART': () => ({ URI: 'part' }),
  '#EXT-X-PRELOAD-HINT': (attributes) => ({
    URI: attributeOf(attributes, 'TYPE') === 'MAP' ? 'init' : 'part',
  }),
  '#EXT-X-DATERANGE': () => ({ 'X-ASSET-URI': 'playlist', 'X-ASSET-LIST': 'assets' }),
  '#EXT-X-CONTENT-STEERING': () => ({ 'SERVER-URI': 'steering' }),
};

/** What was said before a line and decides about it. */
interface Reading extends LinkContext {
  readonly isVariant: boolean;
  readonly hasRange: boolean;
  readonly isGap: boolean;
}

const UNSAID: Omit<Reading, keyof LinkContext> = { isVariant: false, hasRange: false, isGap: false };

const EFFECTS: Readonly<Record<string, Partial<Reading>>> = {
  '#EXT-X-STREAM-INF': { isVariant: true },
  '#EXT-X-BYTERANGE': { hasRange: true },
  '#EXT-X-GAP': { isGap: true },
  '#EXT-X-MAP': { hasMap: true },
  '#EXT-X-IMAGES-ONLY': { isImages: true },
};

/**
 * Finds every address of a playlist.
 * @param plain what a line is that no tag says more about
 * @throws MediaError `limit`
 */
export function linkLines(
  lines: readonly PlaylistLine[],
  table: LinkTable,
  plain: 'playlist' | 'segment',
): LinkedPlaylist {
  const segments: ListedSegment[] = [];
  let reading: Reading = { hasMap: false, isImages: false, ...UNSAID };
  const linked = lines.map((line): LinkedLine => {
    if (line.name !== URI_LINE) {
      const effect = EFFECTS[line.name];
      if (effect) reading = { ...reading, ...effect };
      return linkTag(line, table, reading);
    }
    const kind = reading.isVariant ? 'playlist' : plain;
    const link = table.link({ text: line.text, kind, context: reading });
    if (link?.kind === 'segment' && !reading.isGap)
      segments.push({ url: link.url, hasRange: reading.hasRange });
    reading = { ...reading, ...UNSAID };
    return link === null ? line.text : [link];
  });
  return { lines: linked, segments };
}

/** Values are written quoted, whether they were or not; all around them stays. */
function linkTag({ name, text }: PlaylistLine, table: LinkTable, context: LinkContext): LinkedLine {
  if (!(name in TAGS) && !(name.startsWith('#EXT-X-') && text.includes('URI'))) return text;
  const attributes = readAttributes(text);
  // SESSION-DATA, and tags that vendors made.
  const kinds: AddressKinds = { URI: 'bytes', ...TAGS[name]?.(attributes) };
  const pieces: (string | PlaylistLink)[] = [];
  let done = 0;
  for (const attribute of attributes) {
    const kind = Object.hasOwn(kinds, attribute.name) ? kinds[attribute.name] : undefined;
    const link = kind === undefined ? null : table.link({ text: attribute.value, kind, context });
    if (link === null) continue;
    pieces.push(`${text.slice(done, attribute.start)}"`, link, '"');
    done = attribute.end;
  }
  return pieces.length === 0 ? text : [...pieces, text.slice(done)];
}
