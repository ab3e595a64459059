import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ElementCutter } from '../../src/guide/element-cutter.ts';

const cutAll = (parts: readonly string[], isWanted: (tag: string) => boolean = () => true) => {
  const cutter = new ElementCutter(['channel', 'programme'], (_, tag) => isWanted(tag));
  return parts.flatMap((part) => [...cutter.cut(part)]);
};

const ROWS: readonly (readonly [name: string, xml: string, elements: readonly string[]])[] = [
  ['nothing', '', []],
  ['a guide without any', '<?xml version="1.0"?><tv><other><x/></other></tv>', []],
  [
    'one after the other',
    '<tv><channel id="a"><display-name>A</display-name></channel>\n<programme channel="a"/></tv>',
    ['<channel id="a"><display-name>A</display-name></channel>', '<programme channel="a"/>'],
  ],
  [
    'brackets in quotation marks',
    `<tv><programme channel="a>b" x='"'><title>T</title></programme></tv>`,
    [`<programme channel="a>b" x='"'><title>T</title></programme>`],
  ],
  [
    'ends in comments and CDATA, which are none',
    '<tv><programme><!-- </programme> --><desc><![CDATA[</programme> > ]]></desc></programme></tv>',
    ['<programme><!-- </programme> --><desc><![CDATA[</programme> > ]]></desc></programme>'],
  ],
  [
    'a comment around one',
    '<tv><!-- <programme>no</programme> --><programme>1</programme></tv>',
    ['<programme>1</programme>'],
  ],
  [
    'names that begin alike',
    '<tv><programmes/><programme><programme-x></programme-x></programme ></tv>',
    ['<programme><programme-x></programme-x></programme >'],
  ],
  [
    'a document type with declarations',
    '<!DOCTYPE tv [<!ENTITY a "<programme>&b;</programme>"> ]><tv><programme>1</programme></tv>',
    ['<programme>1</programme>'],
  ],
  ['one that does not end', '<tv><programme>1', []],
];

describe('what is cut out', () => {
  it.each(ROWS)('%s', (_, xml, elements) => {
    expect(cutAll([xml])).toEqual(elements);
  });

  it.each(ROWS)('%s: the same character by character', (_, xml, elements) => {
    expect(cutAll([...xml])).toEqual(elements);
  });

  it('what is not wanted is passed over', () => {
    const xml = '<tv><programme channel="a">1</programme><programme channel="b">2</programme></tv>';
    expect(cutAll([xml], (tag) => tag.includes('"b"'))).toEqual(['<programme channel="b">2</programme>']);
  });

  it('an element that is too long is left out, and the next one is there', () => {
    const long = Array.from({ length: 40 }, () => 'x'.repeat(64 * 1024));
    expect(cutAll(['<tv><programme>', ...long, '</programme>', '<programme>1</programme></tv>'])).toEqual([
      '<programme>1</programme>',
    ]);
  });

  it('an element that is too long is left out when it comes at once, too', () => {
    const one = `<programme>${'<a/>'.repeat(40_000)}</programme>`;
    expect(cutAll([`<tv>${one}<programme>1</programme></tv>`])).toEqual(['<programme>1</programme>']);
  });

  it('declarations are read in a moment, however many there are', () => {
    const begun = performance.now();
    cutAll(['<!>'.repeat(600_000)]);
    expect(performance.now() - begun).toBeLessThan(2000);
  });

  it.each(['<programme x="', '<!-- ', '<?x '])('%s without an end is no XML', (begin) => {
    const long = Array.from({ length: 40 }, () => 'x'.repeat(64 * 1024));
    expect(() => cutAll(['<tv>', begin, ...long])).toThrow(expect.objectContaining({ code: 'corrupt' }));
  });

  it('any text is cut in the same way however it comes, in a moment', () => {
    const piece = fc.constantFrom(
      '<programme>',
      '</programme>',
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      '<',
      '>',
      '"',
      'x',
      '<!DOCTYPE',
      '[',
      ']',
      '<channel id="',
      '/>',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), fc.nat(7), (pieces, size) => {
        const text = pieces.join('');
        const parts = text.match(new RegExp(`[^]{1,${size + 1}}`, 'g')) ?? [];
        expect(cutAll(parts)).toEqual(cutAll([text]));
      }),
    );
    const begun = performance.now();
    cutAll(Array.from({ length: 13 }, () => '<'.repeat(10_000)));
    expect(() => cutAll(Array.from({ length: 90 }, () => '<'.repeat(10_000)))).toThrow(/does not end/);
    expect(performance.now() - begun).toBeLessThan(2000);
  });
});
