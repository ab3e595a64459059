import { describe, expect, it } from 'vitest';
import { readAc3Units } from '../../../src/audio/wasm/ac3-units.ts';
import { silentDependent, silentMain } from './frames.ts';

const CENTRE = ['FL', 'FR', 'FC', 'LFE'];
const main = silentMain();
const bit = (...places: readonly number[]): number =>
  places.reduce((map, place) => map | (1 << (15 - place)), 0);

describe('readAc3Units', () => {
  it.each([
    { name: 'nothing', channels: 1, map: 0, speakers: [...CENTRE, 'SL', 'SR'], decoded: 6, isWhole: true },
    {
      name: 'surrounds anew and backs: 7.1',
      channels: 4,
      map: bit(3, 4, 6),
      speakers: [...CENTRE, 'BL', 'BR', 'SL', 'SR'],
      decoded: 8,
      isWhole: true,
    },
    {
      name: 'fronts of the centre, without the surrounds that have to make room',
      channels: 2,
      map: bit(5),
      speakers: [...CENTRE, 'SL', 'SR'],
      decoded: 6,
      isWhole: false,
    },
    {
      name: 'heights, which have no name here',
      channels: 2,
      map: bit(11),
      speakers: [...CENTRE, 'SL', 'SR'],
      decoded: 8,
      isWhole: true,
    },
  ] as const)('knows what dependent frames add: $name', ({ channels, map, speakers, decoded, isWhole }) => {
    const dependent = silentDependent(channels, map);
    const units = readAc3Units(Buffer.concat([main, dependent]));
    expect(units).toHaveLength(1);
    expect(units[0]?.layouts[0]).toEqual({ speakers, channels: decoded });
    expect(units[0]?.data).toHaveLength(main.length + (isWhole ? dependent.length : 0));
  });

  it('parts frames that follow each other, and leaves out what is none', () => {
    const packet = Buffer.concat([main, main, new Uint8Array(20)]);
    expect(readAc3Units(packet).map(({ data }) => data.length)).toEqual([main.length, main.length]);
    expect(readAc3Units(main.subarray(0, main.length - 1))).toEqual([]);
    expect(readAc3Units(new Uint8Array())).toEqual([]);
  });

  it('leaves out further programmes', () => {
    const second = Uint8Array.from(main);
    second[2] = (second[2] ?? 0) | (1 << 3);
    expect(readAc3Units(Buffer.concat([main, second])).map(({ data }) => data.length)).toEqual([main.length]);
  });
});
