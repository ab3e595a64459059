import { describe, expect, test } from 'vitest';
import { type OrderedPicture, PictureTimes } from '../../../parsers/mpegts/video/picture-times.ts';

interface Picture extends OrderedPicture {
  readonly name: string;
}

const FRAME = 3600;

/** `I`, `P`, `B`, each with its number in the order of display; `!` behind those that are stamped, `+` with three fields. */
function picturesOf(text: string): Picture[] {
  return text.split(' ').map((name) => {
    const number = Number(name.replace(/\D/g, ''));
    return {
      ...{ name, isB: name.startsWith('B'), cycle: 1024 * FRAME, phase: number * FRAME },
      stamp: name.endsWith('!') ? 90_000 + number * FRAME : null,
      duration: name.includes('+') ? FRAME * 1.5 : FRAME,
    };
  });
}

function timesOf(pictures: readonly Picture[]): string[] {
  const times = new PictureTimes<Picture>();
  const given = [...pictures.flatMap((one) => times.add(one)), ...times.flush()];
  expect(given.map(({ picture }) => picture)).toEqual(pictures);
  expect(times.held).toBeNull();
  return given.map(({ time }) => (time === null ? '-' : String((time - 90_000) / FRAME)));
}

describe('times of presentation', () => {
  test.each([
    { name: 'all stamped', pictures: 'I2! B0! B1! P5! B3! B4!', times: '2 0 1 5 3 4' },
    { name: 'one stamp', pictures: 'I0! P3 B1 B2 P6 B4 B5', times: '0 3 1 2 6 4 5' },
    {
      name: 'a stamp on those that are no B-pictures',
      pictures: 'I2! B0 B1 P5! B3 B4',
      times: '2 0 1 5 3 4',
    },
    { name: 'no B-pictures', pictures: 'I0! P1 P2 P3', times: '0 1 2 3' },
    { name: 'three fields of every other', pictures: 'I0+! P2 B1 P4+ B3', times: '0 2.5 1.5 4.5 3.5' },
    { name: 'the first stamp on a B-picture', pictures: 'I2 B0! B1 P5 B3 B4', times: '2 0 1 5 3 4' },
    { name: 'nothing to go by', pictures: 'I0 P1 P2', times: '- - -' },
    { name: 'stamps from later on', pictures: 'P0 P1! P2', times: '- 1 2' },
  ])('$name', ({ pictures, times }) => {
    expect(timesOf(picturesOf(pictures)).join(' ')).toBe(times);
  });

  test('are the same from every stamped picture on that others need', () => {
    const all = picturesOf('I2! B0 B1 P5 B3 B4 P8! B6 B7 I11 B9 B10 P14! B12 B13');
    const times = timesOf(all);
    for (const [i, { stamp }] of all.entries())
      if (stamp !== null) expect(timesOf(all.slice(i))).toEqual(times.slice(i));
  });

  test('of nothing but B-pictures none is held', () => {
    const times = new PictureTimes<Picture>();
    const [first, b] = picturesOf('I9 B1');
    if (first) times.add(first);
    let given = 0;
    for (let i = 0; i < 1000; i++) given += b ? times.add(b).length : 0;
    expect(given).toBeGreaterThan(900);
  });
});
