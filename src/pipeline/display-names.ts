import { quoted } from '../../muxers/attribute-list.ts';
import type { Track } from '../core/media.ts';

/** What a menu shows: the track's own name, else its language in English. */
export function displayName({ name, language, index }: Track, kind: string): string {
  if (name) return name;
  if (language === 'und') return `${kind} ${index}`;
  return new Intl.DisplayNames(['en'], { type: 'language' }).of(language) ?? language;
}

/** Names are unique in a group as lists have them (RFC 8216, 4.3.4.1.1): repeated ones get a number. */
export function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let unique = name;
    for (let i = 2; taken.has(quoted(unique)); i++) unique = `${name} (${i})`;
    taken.add(quoted(unique));
    return unique;
  });
}
