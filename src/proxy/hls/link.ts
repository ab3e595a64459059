import { isUrl } from '../../core/url.ts';

/** What an address in a playlist leads to; decides how it is proxied. */
export type LinkKind = 'playlist' | 'segment' | 'init' | 'part' | 'key' | 'bytes' | 'assets' | 'steering';

export interface PlaylistLink {
  readonly kind: LinkKind;
  /**
   * Absolute http(s) URL, variables substituted. Where the playlist wrote it absolute it is that text, percent-encoding
   * untouched: signatures cover it.
   */
  readonly url: string;
  /** For the proxied address: players choose their parser by it, and refuse what they do not know. */
  readonly extension: string;
  /** What EXT-X-DEFINE gave, for a child playlist that imports it; absent where nothing is defined. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** What stands around an address and decides about its extension. */
export interface LinkContext {
  /** An EXT-X-MAP came before: segments are fragmented MP4. */
  readonly hasMap: boolean;
  /** EXT-X-IMAGES-ONLY: segments are pictures. */
  readonly isImages: boolean;
}

const TRANSPORT_STREAM = ['ts', 'm2ts', 'mts', 'mpegts'];
const MP4 = ['mp4', 'm4s', 'm4v', 'm4a', 'm4f', 'fmp4', 'cmfv', 'cmfa', 'cmft', 'mov', '3gp'];
const SOUND = ['aac', 'ac3', 'ec3', 'eac3', 'mp2', 'mp3', 'oga', 'ogg', 'opus', 'flac', 'wav'];
/** What lists of channels lead to besides. */
const FILES = ['mkv', 'webm', 'avi', 'flv', 'mpg', 'mpeg', 'wmv', 'ogv'];
const SUBTITLES = ['vtt', 'webvtt'];
const PICTURES = ['jpg', 'jpeg', 'png', 'webp', 'avif', 'gif'];

const MEDIA: ReadonlySet<string> = new Set([...TRANSPORT_STREAM, ...MP4, ...SOUND, ...FILES, ...SUBTITLES]);
const INIT: ReadonlySet<string> = new Set([...TRANSPORT_STREAM, ...MP4]);
const IMAGES: ReadonlySet<string> = new Set(PICTURES);
const BYTES: ReadonlySet<string> = new Set([...MEDIA, ...PICTURES, 'json', 'xml', 'txt', 'srt', 'ttml']);

/** What the URL may be called, and what it is called otherwise. */
const EXTENSIONS: Readonly<
  Record<LinkKind, (context: LinkContext) => readonly [ReadonlySet<string>, string]>
> = {
  playlist: () => [new Set(), 'm3u8'],
  segment: mediaExtensions,
  part: mediaExtensions,
  init: () => [INIT, 'mp4'],
  key: () => [new Set(), 'key'],
  bytes: () => [BYTES, 'bin'],
  assets: () => [new Set(), 'json'],
  steering: () => [new Set(), 'json'],
};

function mediaExtensions({ hasMap, isImages }: LinkContext): readonly [ReadonlySet<string>, string] {
  if (isImages) return [IMAGES, 'jpg'];
  return [MEDIA, hasMap ? 'm4s' : 'ts'];
}

/** Extension for the proxied address of what a URL leads to. */
export function extensionFor(kind: LinkKind, url: string, context: LinkContext): string {
  const [known, otherwise] = EXTENSIONS[kind](context);
  const extension = pathExtension(url);
  return known.has(extension) ? extension : otherwise;
}

/** `ts` of `https://example.org/a/1.TS?b=c`; empty without one. */
export function pathExtension(url: string): string {
  const path = /^[^:]+:\/\/[^/?#]*([^?#]*)/.exec(url)?.[1] ?? '';
  return /\.([a-z0-9]{1,6})$/i.exec(path.slice(-8))?.[1]?.toLowerCase() ?? '';
}

/** Absolute, and of characters that need no escape where it is put: such text is left as it is. */
const WRITTEN_WHOLE = /^https?:\/\/[!#-;=?-[\]-~]+$/i;

/** An address of a playlist as an absolute http(s) URL: RFC 3986, 5.2; null for another scheme and for no URL. */
export function resolveUrl(text: string, base: URL): string | null {
  const written = text.trim();
  if (written === '' || !isUrl(written, base.href)) return null;
  const url = new URL(written, base);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return null;
  return WRITTEN_WHOLE.test(written) ? written : url.href;
}
