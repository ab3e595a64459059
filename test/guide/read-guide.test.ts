import { describe, expect, it } from 'vitest';
import { programmesOf, readGuide } from '../../src/guide/read-guide.ts';
import { parseChannelList } from '../../src/proxy/channel-list.ts';

const LIST = parseChannelList('#EXTM3U\n#EXTINF:-1 tvg-id="one",One\nhttp://a/1\n');

async function* inPieces(text: string, size: number): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
}

async function contents(xml: string, size = 1000): Promise<readonly string[]> {
  const guide = await readGuide(inPieces(xml, size), LIST);
  return LIST.flatMap((channel) => [...(programmesOf(guide, channel) ?? [])].map(({ content }) => content));
}

const programme = (content: string) =>
  `<programme channel="one" start="20261122203000 +0100">${content}</programme>`;

describe('what is kept of a guide', () => {
  it.each([
    ['what has a title', '<title>A</title>', ['<title>A</title>']],
    ['of several titles one that says something', '<title/><title>A</title>', ['<title/><title>A</title>']],
    ['not what has none', '<desc>A</desc>', []],
    ['not what has one that is empty', '<title> </title>', []],
  ])('%s', async (_, content, expected) => {
    for (const size of [1, 7, 1000])
      expect(await contents(`<tv>${programme(content)}</tv>`, size)).toEqual(expected);
  });

  it.each([
    ['a comment', '<!--', '-->'],
    ['a tag', '<other x="', '"/>'],
    ['an instruction', '<?x ', '?>'],
    ['an element', '<programme channel="one" start="1"><title>', '</title></programme>'],
  ])('is read in a moment where %s of 100 kB comes in single characters', async (_, begin, end) => {
    const xml = `<tv>${begin}${'- '.repeat(50_000)}${end}${programme('<title>A</title>')}</tv>`;
    const begun = performance.now();
    expect((await contents(xml, 1)).at(-1)).toBe('<title>A</title>');
    expect(performance.now() - begun).toBeLessThan(3000);
  });
});
