import { isHttpUrl } from '../core/url.ts';

/** One channel of a list, as a tuner offers it. */
export interface Channel {
  /** From 1 on: its own, where the list gives one, else its place. */
  readonly number: string;
  readonly name: string;
  readonly url: string;
  /** Sent upstream, lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** What guides call it; empty where nobody says. */
  readonly guideId: string;
  /** Minutes by which it is later than guides say. */
  readonly shift: number;
  /** Address of a picture; empty where there is none. */
  readonly logo: string;
  readonly group: string;
}

/** Channels of a list: the largest on offer have a hundred thousand, of which nobody browses so many. */
const MAX_CHANNELS = 20_000;
const MAX_LINE = 16 * 1024;
/** Guides that one list names. */
const MAX_GUIDES = 16;

/**
 * Reads an M3U list as IPTV has it: `#EXTINF:-1 tvg-id="…" tvg-logo="…" group-title="…",Name`, `#EXTGRP:`,
 * `#EXTVLCOPT:http-user-agent=` and `http-referrer=`, and headers behind a bar in the address (`url|User-Agent=…`).
 * What is no http or https address is left out, and so is what is behind the 20 000th.
 * @param isTaken which addresses are not left out
 */
export function parseChannelList(text: string, isTaken = isHttpUrl): readonly Channel[] {
  const channels: Channel[] = [];
  let told: Told = NOTHING;
  for (const line of text.split(/\r?\n|\r/)) {
    const trimmed = line.slice(0, MAX_LINE).trim();
    if (trimmed === '') continue;
    if (trimmed.startsWith('#')) {
      told = { ...told, ...readTag(trimmed, told) };
      continue;
    }
    const channel = channelOf(trimmed, told, channels.length + 1);
    if (isTaken(channel.url)) channels.push(channel);
    if (channels.length === MAX_CHANNELS) break;
    told = NOTHING;
  }
  return channels;
}

/** What was said of the next address. */
interface Told {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly group: string;
  readonly headers: Readonly<Record<string, string>>;
}

const NOTHING: Told = { name: '', attributes: new Map(), group: '', headers: {} };

/** What VLC calls the headers that lists give. */
const VLC_HEADERS: ReadonlyMap<string, string> = new Map([
  ['http-user-agent', 'user-agent'],
  ['http-referrer', 'referer'],
  ['http-referer', 'referer'],
  ['http-origin', 'origin'],
  ['http-cookie', 'cookie'],
]);

function readTag(line: string, told: Told): Partial<Told> {
  const [, tag = '', rest = ''] = /^#([A-Z0-9-]+)\s*:?(.*)$/i.exec(line) ?? [];
  switch (tag.toUpperCase()) {
    case 'EXTINF':
      return readInfo(rest);
    case 'EXTGRP':
      return { group: rest.trim() };
    default: {
      const headers = headersToldIn(line);
      return headers ? { headers: { ...told.headers, ...headers } } : {};
    }
  }
}

/** Headers that a tag tells: `#EXTVLCOPT:http-user-agent=…`, `#EXTHTTP:{"…":"…"}`. Null for any other tag. */
export function headersToldIn(line: string): Readonly<Record<string, string>> | null {
  const [, tag = '', rest = ''] = /^#(EXTVLCOPT|EXTHTTP)\s*:(.*)$/i.exec(line) ?? [];
  if (/^EXTHTTP$/i.test(tag)) return headersInJson(rest);
  const [name, value] = cutAt(rest, '=');
  const header = VLC_HEADERS.get(name.trim().toLowerCase());
  return header ? { [header]: value.trim() } : null;
}

function headersInJson(text: string): Readonly<Record<string, string>> {
  try {
    const told: unknown = JSON.parse(text);
    return namedHeaders(typeof told === 'object' ? Object.entries(told ?? {}) : []);
  } catch {
    return {};
  }
}

const namedHeaders = (pairs: Iterable<readonly [string, unknown]>): Record<string, string> =>
  Object.fromEntries(
    [...pairs].flatMap(([name, value]) =>
      /^[\w-]{1,64}$/.test(name) && typeof value === 'string' && value !== ''
        ? [[name.toLowerCase(), value]]
        : [],
    ),
  );

/** The name stands behind the first comma that is in no quotation marks. */
function readInfo(rest: string): Partial<Told> {
  const attributes = new Map<string, string>();
  let end = 0;
  for (const match of rest.matchAll(/([\w-]{1,64})=(?:"([^"]*)"|([^\s,"]*))/g)) {
    const comma = rest.indexOf(',', end);
    if (comma >= 0 && comma < match.index) break;
    attributes.set((match[1] ?? '').toLowerCase(), (match[2] ?? match[3] ?? '').trim());
    end = match.index + match[0].length;
  }
  const comma = rest.indexOf(',', end);
  return { attributes, name: comma < 0 ? '' : rest.slice(comma + 1).trim() };
}

function channelOf(line: string, { name, attributes, group, headers }: Told, place: number): Channel {
  const [url, behind] = cutAt(line, '|');
  const given = (key: string) => attributes.get(key) ?? '';
  return {
    number: given('tvg-chno') || given('channel-number') || String(place),
    name: name || given('tvg-name') || `Channel ${place}`,
    url,
    headers: { ...headers, ...headersBehind(behind) },
    guideId: given('tvg-id'),
    shift: shiftOf(given('tvg-shift')),
    logo: /^https?:\/\//i.test(given('tvg-logo')) ? given('tvg-logo') : '',
    group: given('group-title') || group,
  };
}

/** Hours in the list: `-1`, `+5.5`. */
function shiftOf(text: string): number {
  return /^[+-]?\d{1,2}(\.\d{1,2})?$/.test(text) ? Math.round(Number(text) * 60) : 0;
}

/** Where a list says that its guides are: `#EXTM3U url-tvg="http://…,http://…"`, or `x-tvg-url=`. */
export function parseGuideUrls(text: string): readonly string[] {
  const line = /^\ufeff?#EXTM3U[^\r\n]{0,16384}/i.exec(text)?.[0] ?? '';
  const given = [...line.matchAll(/\s(?:url-tvg|x-tvg-url|tvg-url)=(?:"([^"]*)"|([^\s"]+))/gi)];
  const urls = given.flatMap(([, quoted, bare = '']) => (quoted ?? bare).split(/[,\s]+(?=https?:)/i));
  return [...new Set(urls.map((url) => url.trim()))].filter(isHttpUrl).slice(0, MAX_GUIDES);
}

/** Headers as players take them behind the bar of an address. */
export const headersBehind = (text: string): Record<string, string> =>
  namedHeaders(new URLSearchParams(text));

function cutAt(text: string, mark: string): [before: string, behind: string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
