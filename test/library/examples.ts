import { readFileSync } from 'node:fs';

/** Where the examples stand. */
const PLACES = ['../../README.md'];

/** A code block below `<!-- example: NAME -->`, with words of it exchanged for those of a test. */
export function example(name: string, exchanged: Readonly<Record<string, string>> = {}): string {
  const block = new RegExp(`<!-- example: ${name} -->\\n\`\`\`js\\n([^]*?)\`\`\``);
  const texts = PLACES.map((path) => readFileSync(new URL(path, import.meta.url), 'utf8'));
  const [found] = texts.flatMap((text) => block.exec(text)?.[1] ?? []);
  if (found === undefined) throw new Error(`There is no example "${name}"`);
  return Object.entries(exchanged).reduce((text, [word, other]) => {
    if (!text.includes(word)) throw new Error(`The example "${name}" has no ${word}`);
    return text.replace(word, other);
  }, found);
}
