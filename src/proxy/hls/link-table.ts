import {
  extensionFor,
  type LinkContext,
  type LinkKind,
  type PlaylistLink,
  pathExtension,
  resolveUrl,
} from './link.ts';
import { checkLimit } from './playlist-limits.ts';

/** An address as a playlist holds it. */
export interface WrittenAddress {
  readonly text: string;
  readonly kind: LinkKind;
  readonly context: LinkContext;
}

/** The addresses of a playlist, each one once. */
export interface LinkTable {
  /**
   * Null for what is no http(s) URL.
   * @throws MediaError `limit`
   */
  link(address: WrittenAddress): PlaylistLink | null;
  /** In order of first appearance. */
  links(): readonly PlaylistLink[];
}

export interface LinkTableOptions {
  /** Relative addresses resolve against it. */
  readonly base: URL;
  readonly variables: Readonly<Record<string, string>>;
  /** Takes the place of the URL of keys; null leaves it. */
  readonly keyUrl: URL | null;
  /** Segments whose names are those of playlists are playlists: in a list of channels. */
  readonly hasChannels: boolean;
}

export function createLinkTable(options: LinkTableOptions): LinkTable {
  const links = new Map<string, PlaylistLink>();
  const hasVariables = Object.keys(options.variables).length > 0;
  let size = 0;
  return {
    link({ text, kind, context }) {
      const resolved = resolveUrl(text, options.base);
      if (resolved === null) return null;
      const url = kind === 'key' && options.keyUrl ? movedKey(resolved, options.keyUrl) : resolved;
      size += url.length;
      checkLimit('urls', size);
      const isChannel = options.hasChannels && kind === 'segment' && isPlaylistName(url);
      const link: PlaylistLink = {
        kind: isChannel ? 'playlist' : kind,
        url,
        extension: extensionFor(isChannel ? 'playlist' : kind, url, context),
        ...(kind === 'playlist' && hasVariables ? { variables: options.variables } : {}),
      };
      const name = `${link.kind} ${link.extension} ${url}`;
      const known = links.get(name);
      if (known === undefined) links.set(name, link);
      return known ?? link;
    },
    links: () => [...links.values()],
  };
}

const isPlaylistName = (url: string): boolean => /^m3u8?$/.test(pathExtension(url));

/** Another server with the same path, or another URL altogether where one with a path is given. */
function movedKey(written: string, keyUrl: URL): string {
  if (keyUrl.pathname !== '/' || keyUrl.search !== '') return keyUrl.href;
  const url = new URL(written);
  return `${keyUrl.origin}${url.pathname}${url.search}`;
}
