import { describe, expect, it } from 'vitest';
import { isSync, readSampleTable } from '../../../parsers/mp4/sample-table.ts';
import { expectMediaErrors } from '../../helpers/mutations.ts';
import { fourcc, full, mvhd, type Part, parse, serialize, trak, u32 } from './movie-writer.ts';

const COUNT = 8;
const TABLES = [
  full('stts', 0, u32(1, COUNT, 100)),
  full('stsc', 0, u32(1, 1, COUNT, 1)),
  full('stsz', 0, u32(10, COUNT)),
  full('stco', 0, u32(1, 0)),
];

/** Numbers, from 1 on, of the samples where decoding may begin. */
function beginnings(...boxes: readonly Part[]): number[] {
  const [track] = parse(mvhd(), trak({ tables: [...TABLES, ...boxes] })).tracks;
  if (!track) throw new Error('There is no track');
  const table = readSampleTable(track.tables, { fileEnd: null });
  return Array.from({ length: table.count }, (_, i) => i + 1).filter((i) => isSync(table, i - 1));
}

const stss = (...samples: readonly number[]) => full('stss', 0, u32(samples.length, ...samples));
/** SampleToGroupBox: runs of samples and the group they are in. */
const sbgp = (type: string, ...runs: readonly (readonly [number, number])[]) =>
  full('sbgp', 0, fourcc(type), u32(runs.length, ...runs.flat()));

describe('where decoding may begin', () => {
  it.each<{ name: string; boxes: readonly Part[]; expected: readonly number[] }>([
    { name: 'as stss says', boxes: [stss(1, 5)], expected: [1, 5] },
    {
      name: 'open GOPs, which stss does not list',
      boxes: [stss(1), sbgp('rap ', [3, 0], [1, 1], [2, 0], [2, 1])],
      expected: [1, 4, 7, 8],
    },
    {
      name: 'with a parameter of the grouping',
      boxes: [stss(1), full('sbgp', 1, fourcc('rap '), u32(9, 2, 2, 0, 1, 1))],
      expected: [1, 3],
    },
    { name: 'other groups say nothing', boxes: [stss(1), sbgp('roll', [8, 1])], expected: [1] },
    {
      name: 'partial sync samples of QuickTime',
      boxes: [stss(1), full('stps', 0, u32(2, 4, 6))],
      expected: [1, 4, 6],
    },
    { name: 'no sync sample, but a group', boxes: [stss(), sbgp('rap ', [1, 1])], expected: [1] },
    {
      name: 'a group of more samples than there are',
      boxes: [stss(2), sbgp('rap ', [4, 0], [9, 1])],
      expected: [2, 5, 6, 7, 8],
    },
    { name: 'a group that is absurd', boxes: [stss(2), sbgp('rap ', [0xffffffff, 1])], expected: [2] },
    { name: 'a group that is cut off', boxes: [stss(2), full('sbgp', 0, fourcc('ra'))], expected: [2] },
    { name: 'everywhere without stss', boxes: [sbgp('rap ', [1, 1])], expected: [1, 2, 3, 4, 5, 6, 7, 8] },
  ])('$name', ({ boxes, expected }) => {
    expect(beginnings(...boxes)).toEqual(expected);
  });
});

it('any byte changed: it returns or throws MediaError', () => {
  const boxes = serialize(stss(1), sbgp('rap ', [3, 0], [1, 1]), full('stps', 0, u32(2, 4, 6)));
  expectMediaErrors(boxes, (bytes) => beginnings(bytes));
});
