import { MediaError } from '../../core/errors.ts';
import { isUrl } from '../../core/url.ts';
import { leaveOut } from './left-out.ts';
import { HEADER, lineOf, type PlaylistLine, splitLines, tagValue, withoutBlank } from './line.ts';
import { type PlaylistLink, resolveUrl } from './link.ts';
import { createLinkTable } from './link-table.ts';
import { type LinkedLine, type ListedSegment, linkLines } from './linked-lines.ts';
import { checkLimit } from './playlist-limits.ts';
import type { TimeRange } from './time-ranges.ts';
import { substituteVariables } from './variables.ts';
import { filterVariants, type VariantFilter } from './variant-filter.ts';

export type { LinkKind, PlaylistLink } from './link.ts';

export interface PlaylistOptions {
  /** That the text came from, after redirects: relative addresses resolve against it. */
  readonly url: string;
  /** Of the multivariant playlist that led here: EXT-X-DEFINE imports them. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Which variants of a multivariant playlist stay. */
  readonly filter?: VariantFilter;
  /** Seconds of the content that are left out of a media playlist which begins with it: VOD, EVENT or ended. */
  readonly skip?: readonly TimeRange[];
  /** Seconds where players shall begin, from the end where negative; a multivariant playlist gets it only in place of its own. */
  readonly startOffset?: number;
  /** Where keys are instead: a server with the same path, or a whole URL where it has a path of its own. */
  readonly keyUrl?: string;
}

export interface ReadPlaylist {
  readonly kind: 'multivariant' | 'media';
  /** Nothing will be added to a media playlist: ENDLIST, or PLAYLIST-TYPE VOD. */
  readonly isEnded: boolean;
  /** Seconds; null in a multivariant playlist and in lists of channels. */
  readonly targetDuration: number | null;
  /** Unique, in order of first appearance. */
  readonly links: readonly PlaylistLink[];
  /** What can be fetched ahead; none in lists of channels. */
  readonly segments: readonly ListedSegment[];
  /**
   * The text with each link's URL replaced by what `address` gives for it; null puts the absolute URL there.
   * @throws MediaError `limit`
   */
  write(address: (link: PlaylistLink) => string | null): string;
}

const MULTIVARIANT = ['#EXT-X-STREAM-INF', '#EXT-X-I-FRAME-STREAM-INF', '#EXT-X-MEDIA'];
const TARGET_DURATION = '#EXT-X-TARGETDURATION';
const START = '#EXT-X-START';
/** Of the first bytes: enough for blank lines before the header. */
const HEAD = 1024;

/** Whether the first bytes of something are those of a playlist. */
export function isPlaylist(head: Uint8Array | string): boolean {
  const text =
    typeof head === 'string' ? head.slice(0, HEAD) : new TextDecoder().decode(head.subarray(0, HEAD));
  return withoutBlank(text).startsWith(HEADER);
}

/**
 * Reads a playlist of RFC 8216 or 8216bis, or a list of channels. Lines that hold no address stay as they are; line
 * ends become LF.
 * @throws MediaError `upstream` for what is no playlist and for variables without a value, `limit`
 */
export function readPlaylist(text: string, options: PlaylistOptions): ReadPlaylist {
  const base = urlFrom(options.url, 'playlist');
  const all = splitLines(text);
  const kind = all.some(({ name }) => MULTIVARIANT.includes(name)) ? 'multivariant' : 'media';
  const chosen = withStart(choose(all, kind, options), kind, options.startOffset);
  const imported = options.variables ?? {};
  const { lines, variables } = substituteVariables(chosen, { url: base, imported });
  const handedOn = kind === 'multivariant' ? variables : imported;
  checkLimit('variables', Object.entries(handedOn).flat().join('').length);
  const targetDuration = kind === 'media' ? targetDurationOf(all) : null;
  const table = createLinkTable({
    base,
    variables: handedOn,
    keyUrl: options.keyUrl === undefined ? null : urlFrom(options.keyUrl, 'keys'),
    hasChannels: targetDuration === null,
  });
  const linked = linkLines(lines, table, kind === 'multivariant' ? 'playlist' : 'segment');
  return {
    kind,
    isEnded: kind === 'media' && isEnded(all),
    targetDuration,
    links: table.links(),
    segments: targetDuration === null ? [] : linked.segments,
    write: (address) => write(linked.lines, address),
  };
}

function urlFrom(text: string, what: string): URL {
  const url = isUrl(text) ? new URL(text) : null;
  if (url === null || resolveUrl(text, url) === null)
    throw new MediaError(
      'bad-request',
      `The URL of the ${what} cannot be read; it begins with https:// or http://`,
    );
  return url;
}

function choose(
  lines: readonly PlaylistLine[],
  kind: ReadPlaylist['kind'],
  { filter, skip }: PlaylistOptions,
): readonly PlaylistLine[] {
  if (kind === 'multivariant') return filter ? filterVariants(lines, filter) : lines;
  return skip ? leaveOut(lines, skip) : lines;
}

/** RFC 8216, 4.3.5.2: what a multivariant playlist says must not contradict its media playlists. */
function withStart(
  lines: readonly PlaylistLine[],
  kind: ReadPlaylist['kind'],
  offset: number | undefined,
): readonly PlaylistLine[] {
  if (offset === undefined || !Number.isFinite(offset)) return lines;
  const others = lines.filter(({ name }) => name !== START);
  if (kind === 'multivariant' && others.length === lines.length) return lines;
  const seconds = Math.round(offset * 1000) / 1000;
  return [...others.slice(0, 1), lineOf(`${START}:TIME-OFFSET=${seconds},PRECISE=YES`), ...others.slice(1)];
}

function isEnded(lines: readonly PlaylistLine[]): boolean {
  return lines.some(
    (line) =>
      line.name === '#EXT-X-ENDLIST' || (line.name === '#EXT-X-PLAYLIST-TYPE' && tagValue(line) === 'VOD'),
  );
}

function targetDurationOf(lines: readonly PlaylistLine[]): number | null {
  const tag = lines.find(({ name }) => name === TARGET_DURATION);
  const seconds = tag === undefined ? Number.NaN : Number.parseFloat(tagValue(tag));
  return seconds >= 0 && Number.isFinite(seconds) ? seconds : null;
}

function write(lines: readonly LinkedLine[], address: (link: PlaylistLink) => string | null): string {
  const given = new Map<PlaylistLink, string>();
  let size = 0;
  const addressOf = (link: PlaylistLink): string => {
    const text = given.get(link) ?? address(link) ?? link.url;
    given.set(link, text);
    size += text.length;
    checkLimit('written', size);
    return text;
  };
  const written = lines.map((line) =>
    typeof line === 'string'
      ? line
      : line.map((piece) => (typeof piece === 'string' ? piece : addressOf(piece))).join(''),
  );
  return `${written.join('\n')}\n`;
}
