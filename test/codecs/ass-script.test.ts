import { describe, expect, test } from 'vitest';
import { type AssEvent, assScript } from '../../src/codecs/ass-script.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const event = (start: number, end: number, text: string): AssEvent => ({ start, end, data: bytes(text) });

const FORMAT = 'Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text';
const HEAD = `[Script Info]\nTitle: A film\n\n[Events]\n${FORMAT}`;

describe('assScript', () => {
  test.each([
    { name: 'as it was', header: `${HEAD}\n`, head: HEAD },
    { name: 'with line ends of other systems', header: HEAD.replaceAll('\n', '\r\n'), head: HEAD },
    { name: 'with zeros behind it', header: `${HEAD}\n\0\0`, head: HEAD },
    { name: 'without the format of events', header: HEAD.replace(FORMAT, ''), head: HEAD },
    { name: 'without events', header: '[Script Info]\nTitle: A film\n', head: HEAD },
    {
      name: 'with sections behind its events',
      header: `${HEAD}\n\n[Aegisub Extradata]\nFormat: none\n`,
      head: `${HEAD}\n\n[Aegisub Extradata]\nFormat: none`,
    },
  ])('a header $name', ({ header, head }) => expect(assScript(bytes(header), [])).toBe(`${head}\n`));

  test('events in order of time, those of one time in the order in which they were read', () => {
    const events = [
      event(3_723_456, 3_800_000, '2,1,Sign,,10,0,0,fx,{\\pos(1,2)}text, with commas'),
      event(500, 1495, '1,0,Default,Anna,0,0,0,,second'),
      event(500, 1500, '0,0,Default,,0,0,0,,first\r\n'),
    ];
    expect(assScript(bytes(HEAD), events).slice(HEAD.length + 1)).toBe(
      [
        'Dialogue: 0,0:00:00.50,0:00:01.50,Default,,0,0,0,,first',
        'Dialogue: 0,0:00:00.50,0:00:01.50,Default,Anna,0,0,0,,second',
        'Dialogue: 1,1:02:03.46,1:03:20.00,Sign,,10,0,0,fx,{\\pos(1,2)}text, with commas',
        '',
      ].join('\n'),
    );
  });

  test.each([
    { name: 'another event', text: 'a\nDialogue: 0,0:00:00.00,9:00:00.00,Default,,0,0,0,,b' },
    { name: 'a section', text: 'a\r[Fonts]\r\r\nfontname: x' },
    { name: 'an end of line in another field', text: 'a', style: 'De\nfault' },
  ])('an event is one line: $name', ({ text, style = 'Default' }) => {
    const script = assScript(bytes(HEAD), [event(0, 10, `0,0,${style},,0,0,0,,${text}`)]);
    const lines = script.slice(HEAD.length + 1).split('\n');
    expect(lines).toEqual([
      `Dialogue: 0,0:00:00.00,0:00:00.01,${style},,0,0,0,,${text}`.replaceAll(/[\r\n]+/g, '\\N'),
      '',
    ]);
    expect(script).not.toContain('\r');
  });

  test('events stand under their section, those without all fields nowhere', () => {
    const header = `[Events]\n${FORMAT}\n\n[Aegisub Extradata]\nData: 1,e,x\n`;
    const events = [event(0, 10, '0,0,Default,,0,0,0,,shown'), event(0, 10, '1,0,Default,,0,0,0')];
    expect(assScript(bytes(header), events)).toBe(
      `[Events]\n${FORMAT}\nDialogue: 0,0:00:00.00,0:00:00.01,Default,,0,0,0,,shown\n\n[Aegisub Extradata]\nData: 1,e,x\n`,
    );
  });

  test('a format of another section is none of events', () =>
    expect(assScript(bytes('[Events]\n[Other]\nFormat: x'), [])).toBe(
      `[Events]\n${FORMAT}\n\n[Other]\nFormat: x\n`,
    ));
});
