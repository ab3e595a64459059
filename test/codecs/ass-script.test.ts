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
});
