import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MediaError } from '../../src/core/errors.ts';
import { resolved, writeTokens, xmlTokens } from '../../src/guide/xml-tokens.ts';

const rewritten = (xml: string) => writeTokens(xmlTokens(xml));

describe('an element, written again', () => {
  it.each([
    ['as it is', '<a b="1"><c/>x</a>', '<a b="1"><c/>x</a>'],
    ['with other quotation marks', `<a b='"'/>`, '<a b="&quot;"/>'],
    ['entities', '<a>&lt;&amp;&gt; &quot;&apos;</a>', "<a>&lt;&amp;&gt; &quot;'</a>"],
    ['references to characters', '<a>&#233;&#xE9;&#x1F600;</a>', '<a>éé😀</a>'],
    ['references to what XML cannot have', '<a>1&#0;&#8;&#xD800;&#xFFFFFF;2</a>', '<a>12</a>'],
    [
      'entities that somebody declared',
      '<a b="&x;">&nbsp;&lol9;</a>',
      '<a b="&amp;x;">&amp;nbsp;&amp;lol9;</a>',
    ],
    ['ampersands that are none', '<a>R & B &c</a>', '<a>R &amp; B &amp;c</a>'],
    ['CDATA', '<a><![CDATA[<b> & &amp; ]] >]]></a>', '<a>&lt;b&gt; &amp; &amp;amp; ]] &gt;</a>'],
    [
      'names of any letters',
      '<größe Ωmega="1"><時刻 é·="2"/></größe>',
      '<größe Ωmega="1"><時刻 é·="2"/></größe>',
    ],
    ['comments and instructions', '<a><!-- <x> --><?y z?>1</a>', '<a>1</a>'],
    ['control characters', '<a>1\u0000\u0008\ufffe2\t\n</a>', '<a>12\t\n</a>'],
  ])('%s', (_, xml, expected) => {
    expect(rewritten(xml)).toBe(expected);
  });

  it.each([
    '<a>',
    '<a></b>',
    '<a><b></a></b>',
    '</a>',
    '<a b=c></a>',
    '<a b="<"/>',
    '<1/>',
    '<a×/>',
    '<a\u2003="1"/>',
    '<a',
  ])('%s is none', (xml) => {
    expect(() => rewritten(xml)).toThrow(expect.objectContaining({ code: 'corrupt' }));
  });

  it('is the same when it is written once more, and any other text is refused', () => {
    const piece = fc.constantFrom(
      '<a>',
      '</a>',
      '<b c="&lt;"/>',
      '&',
      '&amp;',
      '<![CDATA[',
      ']]>',
      '<!--',
      '-->',
      '\u0001',
      'é',
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const xml = `<a>${pieces.join('')}</a>`;
        let once: string;
        try {
          once = rewritten(xml);
        } catch (error) {
          expect(error).toBeInstanceOf(MediaError);
          return;
        }
        expect(rewritten(once)).toBe(once);
      }),
    );
  });

  it('what was resolved is not resolved again', () => {
    expect(resolved('&amp;lt;&#38;amp;')).toBe('&lt;&amp;');
  });
});
