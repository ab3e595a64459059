import { describe, expect, test } from 'vitest';
import { bcp47 } from '../../src/core/language.ts';

describe('bcp47', () => {
  test.each([
    { code: 'eng', tag: 'en' },
    { code: 'ger', tag: 'de' },
    { code: 'deu', tag: 'de' },
    { code: 'GER', tag: 'de' },
    { code: 'fre', tag: 'fr' },
    { code: 'chi', tag: 'zh' },
    { code: 'pt-br', tag: 'pt-BR' },
    { code: 'zh-hant-tw', tag: 'zh-Hant-TW' },
    { code: 'jpn', tag: 'ja' },
    { code: 'und', tag: 'und' },
    { code: 'mul', tag: 'mul' },
    { code: '', tag: 'und' },
    { code: null, tag: 'und' },
    { code: 'x', tag: 'und' },
    { code: 'not a language', tag: 'und' },
    // names that every object has
    { code: 'constructor', tag: 'und' },
    { code: '__proto__', tag: 'und' },
    { code: 'valueOf', tag: 'valueof' },
  ])('$code is $tag', ({ code, tag }) => {
    expect(bcp47(code)).toBe(tag);
  });
});
