import { describe, expect, test } from 'vitest';
import {
  readContainerRange,
  readContentLight,
  readDolbyVisionConfig,
  readEnhancementLayerConfig,
  readMastering,
} from '../../../parsers/matroska/colour.ts';
import { Master } from '../../../parsers/matroska/ebml.ts';
import * as w from '../../helpers/matroska-writer.ts';

const { ID } = w;
const video = (...colour: readonly w.Content[]) => new Master(w.element(ID.Colour, colour), 0);

/** BT.2020 primaries, D65, 1000 and 0.0001 cd/m², as mkvmerge writes `--chromaticity-coordinates` for HDR10. */
const VALUES: readonly (readonly [number, number])[] = [
  [ID.PrimaryRChromaticityX, 0.708],
  [ID.PrimaryRChromaticityY, 0.292],
  [ID.PrimaryGChromaticityX, 0.17],
  [ID.PrimaryGChromaticityY, 0.797],
  [ID.PrimaryBChromaticityX, 0.131],
  [ID.PrimaryBChromaticityY, 0.046],
  [ID.WhitePointChromaticityX, 0.3127],
  [ID.WhitePointChromaticityY, 0.329],
  [ID.LuminanceMax, 1000],
  [ID.LuminanceMin, 0.0001],
];
const mastering = (values: readonly (readonly [number, number])[], length: 4 | 8 = 8) =>
  w.element(
    ID.MasteringMetadata,
    values.map(([id, value]) => w.float(id, value, length)),
  );

describe('mastering display', () => {
  test.each([4, 8] as const)('floats of %i bytes', (length) => {
    const { masteringDisplay } = readContainerRange(video(mastering(VALUES, length)));
    // ITU-T H.265, D.3.28: green, blue, red, white in 0.00002, then luminance in 0.0001.
    const units = [8500, 39850, 6550, 2300, 35400, 14600, 15635, 16450];
    const expected = units.map((value) => value.toString(16).padStart(4, '0')).join('');
    expect(Buffer.from(masteringDisplay ?? []).toString('hex')).toBe(`${expected}0098968000000001`);
  });

  test.each([
    { name: 'none', element: [] },
    { name: 'a value missing', element: mastering(VALUES.slice(1)) },
    { name: 'empty', element: mastering([]) },
    {
      name: 'a chromaticity above 1',
      element: mastering([[ID.PrimaryRChromaticityX, 35_400], ...VALUES.slice(1)]),
    },
    {
      name: 'not a number',
      element: mastering([[ID.PrimaryRChromaticityX, Number.NaN], ...VALUES.slice(1)]),
    },
    {
      name: 'darker than black',
      element: mastering([...VALUES.slice(0, 8), [ID.LuminanceMax, 0], [ID.LuminanceMin, 0]]),
    },
    {
      name: 'brighter than the box can say',
      element: mastering([...VALUES.slice(0, 8), [ID.LuminanceMax, 1e9], [ID.LuminanceMin, 0]]),
    },
  ])('$name: null', ({ element }) => {
    expect(readMastering(video(element))).toBeNull();
  });
});

test.each([
  { cll: 1000, fall: 400, expected: { maxCll: 1000, maxFall: 400 }, box: '03e80190' },
  { cll: 1000, fall: null, expected: { maxCll: 1000, maxFall: 0 }, box: '03e80000' },
  { cll: 0, fall: 0, expected: null, box: '' },
  { cll: null, fall: null, expected: null, box: '' },
  { cll: 70_000, fall: 1, expected: null, box: '' },
])('content light $cll, $fall', ({ cll, fall, expected, box }) => {
  const element = video(
    cll === null ? [] : w.uint(ID.MaxCLL, cll),
    fall === null ? [] : w.uint(ID.MaxFALL, fall),
  );
  expect(readContentLight(element)).toEqual(expected);
  expect(Buffer.from(readContainerRange(element).contentLight ?? []).toString('hex')).toBe(box);
});

describe('BlockAdditionMapping', () => {
  const mapping = (type: string, data: string) =>
    w.element(
      ID.BlockAdditionMapping,
      w.uint(ID.BlockAddIDType, Number.parseInt(Buffer.from(type).toString('hex'), 16)),
      w.element(ID.BlockAddIDExtraData, w.hex(data)),
    );
  const hdr10plus = w.element(
    ID.BlockAdditionMapping,
    w.uint(ID.BlockAddIDType, 4),
    w.uint(ID.BlockAddIDValue, 4),
  );
  const hexOf = (data: Uint8Array | null) => data && Buffer.from(data).toString('hex');

  test.each([
    { name: 'none', entry: [], dolbyVision: null, enhancement: null },
    { name: 'profile 5', entry: [mapping('dvcC', '01000a25')], dolbyVision: '01000a25', enhancement: null },
    {
      name: 'profile 8',
      entry: [hdr10plus, mapping('dvvC', '01001025')],
      dolbyVision: '01001025',
      enhancement: null,
    },
    {
      name: 'profile 7 with its enhancement layer',
      entry: [mapping('hvcE', '0102'), mapping('dvcC', '01000e37')],
      dolbyVision: '01000e37',
      enhancement: '0102',
    },
    {
      name: 'a broken one before it',
      entry: [w.element(ID.BlockAdditionMapping, w.hex('41')), mapping('dvcC', '01')],
      dolbyVision: '01',
      enhancement: null,
    },
    { name: 'without data', entry: [hdr10plus], dolbyVision: null, enhancement: null },
  ])('$name', ({ entry, dolbyVision, enhancement }) => {
    const master = new Master(w.bytes(entry), 0);
    expect(hexOf(readDolbyVisionConfig(master))).toBe(dolbyVision);
    expect(hexOf(readEnhancementLayerConfig(master))).toBe(enhancement);
  });
});
