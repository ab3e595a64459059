import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cueReader } from '../../src/codecs/subtitles.ts';
import { concat } from '../../src/core/bytes.ts';
import { packCues, unpackCues } from '../../src/core/cues.ts';
import type { SubtitleCodec } from '../../src/core/media.ts';
import { expectMediaErrors } from '../helpers/mutations.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const u16 = (value: number): Uint8Array => Uint8Array.of(value >> 8, value & 255);
const NOTHING = new Uint8Array(0);

/** Cues as `settings|text`. */
const shown = (codec: SubtitleCodec, setup: Uint8Array, data: Uint8Array, addition?: Uint8Array): string[] =>
  cueReader(codec, setup)(data, addition).map(({ settings, text }) => `${settings}|${text}`);

describe.each(['subrip', 'text'] as const)('%s', (codec) => {
  test.each([
    { text: 'Hello', cue: '|Hello' },
    { text: 'One\r\nTwo\rThree\n', cue: '|One\nTwo\nThree' },
    { text: '\n\n One \n \n\t\nTwo\n\n', cue: '|One\nTwo' },
    { text: 'Ends with zeros\0\0', cue: '|Ends with zeros' },
    { text: '<i>a</i> <B>b</B> <u>c</u>', cue: '|<i>a</i> <b>b</b> <u>c</u>' },
    { text: '<i>not closed', cue: '|<i>not closed</i>' },
    { text: 'not opened</i>', cue: '|not opened' },
    { text: '<b><i>crossed</b> over</i>', cue: '|<b><i>crossed</i></b><i> over</i>' },
    { text: '<i>two\n\nlines</i>', cue: '|<i>two\nlines</i>' },
    { text: '<i> \n</i>', cue: null },
    { text: '<em>a</em><strong>b</strong>', cue: '|<i>a</i><b>b</b>' },
    { text: '<font color="#fff" size=3>white</font>', cue: '|white' },
    { text: 'a<br/>b<BR>c', cue: '|a\nb\nc' },
    { text: 'I <3 you & <Bob> said 1 > 0', cue: '|I &lt;3 you &amp; &lt;Bob&gt; said 1 &gt; 0' },
    {
      text: 'Tom &amp; Jerry&nbsp;&#233;&eacute; AT&T; AT&T',
      cue: '|Tom &amp; Jerry&nbsp;éé AT&T; AT&amp;T',
    },
    { text: 'a --> b', cue: '|a --&gt; b' },
    { text: '&#39;&apos;&quot;&#x2019;&hellip;&Eacute;', cue: `|''"’…É` },
    { text: '&#60;b&#62; &#38;lt; &#0;&#13;&#xd800;&#x110000;x', cue: '|&lt;b&gt; &amp;lt; x' },
    { text: 'a&#10;&#10;b', cue: '|a\nb' },
    { text: '{\\an8}Top', cue: 'line:0|Top' },
    { text: '{\\an1}{\\an8}The first counts', cue: 'align:left|The first counts' },
    { text: '{\\an6}Right', cue: 'line:50% align:right|Right' },
    { text: '{\\a6}Old numbers', cue: 'line:0|Old numbers' },
    { text: '{\\pos(1,2)\\fad(1,2)}{\\i1}a{\\i0}b{y:i}', cue: '|<i>a</i>b' },
    { text: '{not an override} {', cue: '|{not an override} {' },
    { text: '', cue: null },
  ])('$text', ({ text, cue }) => {
    expect(shown(codec, NOTHING, utf8(text))).toEqual(cue === null ? [] : [cue]);
  });
});

const ASS = utf8(
  [
    '\ufeff[Script Info]',
    '[V4+ Styles]',
    'Format: Name, Fontname, Bold, Italic, Underline, Alignment',
    'Style: Default,Arial,0,0,0,2',
    'Style: Signs,Arial,-1,0,0,8',
    'Style: Thought, Arial ,0,1,0,5',
    'Style: Heavy,Arial,700,0,0,2',
  ].join('\r\n'),
);
const HARD = utf8('[Script Info]\nWrapStyle: 2\n');
const SSA = utf8(
  '[V4 Styles]\nFormat: Name, Bold, Italic, Alignment\nStyle: *Default,0,-1,6\nStyle: Low,0,0,1\nStyle: Mid,0,0,11\n',
);

describe('ass', () => {
  test.each([
    { setup: ASS, event: '0,0,Default,,0,0,0,,Hello, world', cue: '|Hello, world' },
    { setup: ASS, event: '0,0,Signs,,0,0,0,,Inn', cue: 'line:0|<b>Inn</b>' },
    { setup: ASS, event: '0,0,thought,Bob,0,0,0,,Hm', cue: 'line:50%|<i>Hm</i>' },
    { setup: ASS, event: '0,0,Heavy,,0,0,0,,x', cue: '|<b>x</b>' },
    { setup: ASS, event: '0,0,Unknown,,0,0,0,,x', cue: '|x' },
    { setup: ASS, event: '0,0,Default,,0,0,0,,a\\Nb\\nc\\hd', cue: '|a\nb c\u00a0d' },
    { setup: HARD, event: '0,0,Default,,0,0,0,,a\\nb', cue: '|a\nb' },
    {
      setup: ASS,
      event: '0,0,Default,,0,0,0,,{\\i1}a{\\b1}b{\\i0}c{\\b0\\u1}d',
      cue: '|<i>a<b>b</b></i><b>c</b><u>d</u>',
    },
    {
      setup: ASS,
      event: '0,0,Signs,,0,0,0,,{\\b0}a{\\b}b{\\rThought}c{\\r}d',
      cue: 'line:0|a<b>b</b><i>c</i><b>d</b>',
    },
    {
      setup: ASS,
      event: '0,0,Default,,0,0,0,,{\\an7\\pos(3,4)\\bord2\\iclip(1,2)\\be1\\alpha&H80&}x',
      cue: 'line:0 align:left|x',
    },
    { setup: ASS, event: '0,0,Default,,0,0,0,,{\\t(0,5,\\i1)}x{a comment}', cue: '|x' },
    { setup: ASS, event: '0,0,Default,,0,0,0,,{\\t(0,5,\\clip(1,2,3,4)\\i1)}x', cue: '|x' },
    { setup: ASS, event: '0,0,Default,,0,0,0,,{\\p1}m 0 0 l 9 9{\\p0}x', cue: '|x' },
    { setup: ASS, event: '0,0,Default,,0,0,0,,{\\p1}m 0 0 l 9 9', cue: null },
    { setup: ASS, event: '0,0,Default,,0,0,0,,5 < 6 &amp; {', cue: '|5 &lt; 6 &amp;amp; {' },
    { setup: SSA, event: '0,Marked=0,Default,,0,0,0,,top', cue: 'line:0|<i>top</i>' },
    { setup: SSA, event: '0,,Low,,0,0,0,,x', cue: 'align:left|x' },
    { setup: SSA, event: '0,,Mid,,0,0,0,,x', cue: 'line:50% align:right|x' },
    { setup: NOTHING, event: '0,0,Default,,0,0,0,,x', cue: '|x' },
    { setup: ASS, event: '0,0,Default', cue: null },
  ])('$event', ({ setup, event, cue }) => {
    expect(shown('ass', setup, utf8(event))).toEqual(cue === null ? [] : [cue]);
  });
});

describe('webvtt', () => {
  test.each([
    {
      text: '<v Bob>Hi</v> &amp; <c.loud>you</c>',
      addition: null,
      cue: '|<v Bob>Hi</v> &amp; <c.loud>you</c>',
    },
    { text: 'a\r\n\r\nb', addition: 'line:0 position:10%\nid\nnote', cue: 'line:0 position:10%|a\nb' },
    { text: 'x', addition: '\nonly an id', cue: '|x' },
    { text: 'x', addition: 'region:fred align:left --> nonsense', cue: 'align:left|x' },
    { text: 'karao<00:00:01.000>ke --> x', addition: null, cue: '|karaoke --&gt; x' },
    { text: ' ', addition: 'line:0', cue: null },
  ])('$text', ({ text, addition, cue }) => {
    const found = shown(
      'webvtt',
      utf8('WEBVTT\n\nSTYLE\n::cue{}'),
      utf8(text),
      addition === null ? undefined : utf8(addition),
    );
    expect(found).toEqual(cue === null ? [] : [cue]);
  });
});

const box = (type: string, ...parts: readonly Uint8Array[]): Uint8Array => {
  const content = concat(parts);
  return concat([u16(0), u16(content.length + 8), utf8(type), content]);
};

describe('wvtt', () => {
  const cue = (text: string, settings = '') =>
    box('vttc', box('iden', utf8('7')), box('sttg', utf8(settings)), box('payl', utf8(text)));
  test.each([
    { name: 'one cue', data: cue('Hi', 'line:0'), cues: ['line:0|Hi'] },
    { name: 'two at a time', data: concat([cue('a'), box('vtta', utf8('x')), cue('b')]), cues: ['|a', '|b'] },
    { name: 'none', data: box('vtte'), cues: [] },
    { name: 'nothing', data: NOTHING, cues: [] },
    { name: 'a second one cut off', data: concat([cue('a'), cue('b').subarray(0, 20)]), cues: ['|a'] },
    {
      name: 'a box smaller than its header',
      data: concat([cue('a'), u16(0), u16(3), utf8('vttc')]),
      cues: ['|a'],
    },
  ])('$name', ({ data, cues }) => {
    expect(shown('wvtt', NOTHING, data)).toEqual(cues);
    expectMediaErrors(data, (bytes) => cueReader('wvtt', NOTHING)(bytes));
  });
});

describe('tx3g', () => {
  const style = (start: number, end: number, flags: number) =>
    concat([u16(start), u16(end), u16(1), Uint8Array.of(flags, 18, 255, 255, 255, 255)]);
  const sample = (text: Uint8Array, ...styles: readonly Uint8Array[]) =>
    concat([
      u16(text.length),
      text,
      ...(styles.length > 0 ? [box('styl', u16(styles.length), ...styles)] : []),
    ]);
  const entry = ({ across = 1, down = -1, top = 0, flags = 0 }) =>
    concat([
      new Uint8Array(4),
      Uint8Array.of(across & 255, down & 255, 0, 0, 0, 0),
      u16(top),
      new Uint8Array(6),
      style(0, 0, flags),
    ]);
  const plain = entry({});
  const wide = concat([Uint8Array.of(0xfe, 0xff), ...[...'Ĺ'].map((one) => u16(one.charCodeAt(0)))]);
  test.each([
    { name: 'UTF-8', setup: plain, data: sample(utf8('Zürich & <x>')), cues: ['|Zürich &amp; &lt;x&gt;'] },
    { name: 'UTF-16', setup: plain, data: sample(wide), cues: ['|Ĺ'] },
    { name: 'nothing', setup: plain, data: u16(0), cues: [] },
    { name: 'no byte', setup: plain, data: NOTHING, cues: [] },
    { name: 'a length past the end', setup: plain, data: concat([u16(99), utf8('cut')]), cues: ['|cut'] },
    {
      name: 'styles, counted in characters',
      setup: plain,
      data: sample(utf8('😀 ab cd'), style(2, 4, 2), style(5, 7, 5)),
      cues: ['|😀 <i>ab</i> <b><u>cd</u></b>'],
    },
    {
      name: 'styles behind a line end of Windows',
      setup: plain,
      data: sample(utf8('ab\r\ncd ef'), style(4, 6, 2)),
      cues: ['|ab\n<i>cd</i> ef'],
    },
    {
      name: 'a default style',
      setup: entry({ flags: 2 }),
      data: sample(utf8('a b'), style(2, 3, 0)),
      cues: ['|<i>a </i>b'],
    },
    {
      name: 'at the top right',
      setup: entry({ across: -1, down: 0 }),
      data: sample(utf8('x')),
      cues: ['line:0 align:right|x'],
    },
    {
      name: 'at the top of a low box',
      setup: entry({ down: 0, top: 300 }),
      data: sample(utf8('x')),
      cues: ['|x'],
    },
    { name: 'nothing set', setup: entry({ across: 0, down: 0 }), data: sample(utf8('x')), cues: ['|x'] },
    { name: 'no entry', setup: NOTHING, data: sample(utf8('x')), cues: ['|x'] },
  ])('$name', ({ setup, data, cues }) => {
    expect(shown('tx3g', setup, data)).toEqual(cues);
    expectMediaErrors(data, (bytes) => cueReader('tx3g', setup)(bytes));
    expectMediaErrors(setup, (bytes) => cueReader('tx3g', bytes)(data));
  });
});

const CODECS = ['subrip', 'ass', 'webvtt', 'tx3g', 'wvtt', 'text'] as const;

describe.each(CODECS)('%s', (codec) => {
  test('any bytes show texts that WebVTT can hold', () => {
    const pieces = fc.array(
      fc.oneof(fc.string(), fc.constantFrom('<i>', '</b>', '{\\i1}', '\\N', '\n\n', '-->', ',', '{', '<')),
    );
    fc.assert(
      fc.property(fc.uint8Array(), pieces, fc.uint8Array(), (setup, texts, addition) => {
        const read = cueReader(codec, setup);
        for (const data of [utf8(texts.join('')), utf8(`0,0,x,,0,0,0,,${texts.join('')}`), addition]) {
          const cues = read(data, addition);
          for (const { settings, text } of cues) {
            expect(text).not.toMatch(/\r|\0|-->|^\n|\n\n|\n$|^$/);
            expect(settings).not.toMatch(/[\r\n]/);
          }
          expect(unpackCues(packCues(cues))).toEqual(cues);
        }
      }),
    );
  });

  test.each([
    '<',
    '<i>',
    '{\\',
    '{\\i1(',
    '\\N',
    '&',
    '(',
    '<i',
    ' \n',
  ])('a sample of nothing but %j takes no longer than its length asks for', (piece) => {
    const data = utf8(`0,0,x,,0,0,0,,${piece.repeat(400_000 / piece.length)}`);
    const start = performance.now();
    cueReader(codec, data)(data, data);
    expect(performance.now() - start).toBeLessThan(3000);
  });
});

test('a header of nothing but fields and styles takes no time', () => {
  const header = utf8(`[Script Info]\nFormat: ${','.repeat(50_000)}\n${'Style: a\n'.repeat(5500)}`);
  const start = performance.now();
  cueReader('ass', header);
  expect(performance.now() - start).toBeLessThan(500);
});
