import { isHttpUrl } from '../core/url.ts';
import { headersBehind, headersToldIn } from './channel-list.ts';

/** An address in a list, and all that is said of it. */
export interface M3uEntry {
  /** Lines before the address, but for those that tell headers. */
  readonly tags: readonly string[];
  readonly url: string;
  /** All of it as it was written. */
  readonly lines: readonly string[];
  /** Sent upstream, lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** What it is called. */
  readonly name: string;
}

/** Lines said of one address, and characters of all of them, at most. */
const MAX_TAGS = 64;
const MAX_TOLD = 32 * 1024;

/** Entries of a list of any length, a batch at a time; what is no http or https address is left out. */
export async function* m3uEntries(
  lines: AsyncIterable<readonly string[]>,
): AsyncGenerator<readonly M3uEntry[]> {
  let tags: string[] = [];
  let told = 0;
  for await (const batch of lines) {
    const entries: M3uEntry[] = [];
    for (const line of batch) {
      const trimmed = line.replace(/^\ufeff/, '').trim();
      if (trimmed === '' || /^#EXTM3U/i.test(trimmed)) continue;
      if (trimmed.startsWith('#')) {
        told += trimmed.length;
        if (tags.length < MAX_TAGS && told <= MAX_TOLD) tags.push(trimmed);
        continue;
      }
      const entry = entryOf(tags, trimmed);
      if (entry) entries.push(entry);
      tags = [];
      told = 0;
    }
    if (entries.length > 0) yield entries;
  }
}

function entryOf(said: readonly string[], line: string): M3uEntry | null {
  const [, url = '', behind = ''] = /^([^|]*)\|?(.*)$/.exec(line) ?? [];
  if (!isHttpUrl(url)) return null;
  const told = said.map((tag) => ({ tag, headers: headersToldIn(tag) }));
  const headers = Object.assign({}, ...told.map((each) => each.headers ?? {}), headersBehind(behind));
  const tags = told.filter((each) => each.headers === null).map(({ tag }) => tag);
  const info = tags.findLast((tag) => /^#EXTINF/i.test(tag)) ?? '';
  return { tags, url, lines: [...said, line], headers, name: info.slice(info.lastIndexOf(',') + 1).trim() };
}

/** @param address where it plays now */
export const writeEntry = ({ tags }: M3uEntry, address: string): string =>
  `${[...tags, address].join('\n')}\n`;
