import { describe, expect, test } from 'vitest';
import { parseVorbisHeaders, vorbisSamples, vorbisStep } from '../../src/codecs/vorbis.ts';
import { bytesOf } from '../helpers/hex.ts';
import { expectMediaErrors } from '../helpers/mutations.ts';

const COMMENT = '03766f72626973';

/** A setup header of which only the end makes sense: what is before it, the modes, the framing bit. */
function setupOf(modes: readonly (0 | 1)[], before: readonly number[] = [0xff, 0x5a]): string {
  const fields: (readonly [value: number, bits: number])[] = [
    ...before.map((byte) => [byte, 8] as const),
    [modes.length - 1, 6],
    ...modes.flatMap((flag, mapping) => [[flag, 1] as const, [0, 32] as const, [mapping, 8] as const]),
    [1, 1],
  ];
  const bits = fields.flatMap(([value, count]) => Array.from({ length: count }, (_, i) => (value >> i) & 1));
  const bytes = Array.from({ length: Math.ceil(bits.length / 8) }, (_, byte) =>
    bits.slice(byte * 8, byte * 8 + 8).reduce((sum, bit, i) => sum + bit * 2 ** i, 0),
  );
  return `05766f72626973${Buffer.from(bytes).toString('hex')}`;
}
const SETUP = setupOf([0, 1]);

/** Private data of Matroska; `sizes` are the laced lengths of the first two headers. */
const headers = (identification: string, comment = COMMENT, setup = SETUP, sizes?: string) => {
  const laced = (header: string) => {
    const size = header.length / 2;
    return 'ff'.repeat(Math.floor(size / 255)) + (size % 255).toString(16).padStart(2, '0');
  };
  const lacing = sizes ?? laced(identification) + laced(comment);
  return bytesOf(`02${lacing}${identification}${comment}${setup}`);
};

/** With one field of the first row written over. */
const FIRST = '01766f72626973000000000180bb0000000000008038010000000000b801';
const changed = (at: number, hex: string) => FIRST.slice(0, at * 2) + hex + FIRST.slice(at * 2 + hex.length);

const row = (identification: string, facts: readonly [number, number], blocks: readonly number[]) => ({
  identification,
  channels: facts[0],
  sampleRate: facts[1],
  blockSizes: blocks.slice(0, 2),
  step: blocks[2],
});

/** Headers of `ffmpeg -f lavfi -i sine=r=… -ac … -c:a libvorbis|vorbis -strict -2 out.mkv`. */
const ENCODED = [
  row(FIRST, [1, 48_000], [256, 2048, 64]),
  row('01766f72626973000000000244ac0000000000000000000000000000bb01', [2, 44_100], [2048, 2048, 1024]),
  row('01766f726269730000000001401f00000000000080570000000000009901', [1, 8000], [512, 512, 256]),
  row('01766f72626973000000000680bb0000000000002036040000000000b801', [6, 48_000], [256, 2048, 64]),
];
const BY_HAND = [
  row(changed(28, '66'), [1, 48_000], [64, 64, 32]),
  row(changed(28, 'd6'), [1, 48_000], [64, 8192, 16]),
  row(changed(28, '76'), [1, 48_000], [64, 128, 16]),
];

describe('headers', () => {
  test.each([...ENCODED, ...BY_HAND])('$identification', ({ identification, step, ...expected }) => {
    const info = parseVorbisHeaders(headers(identification));
    expect(info).toEqual({ ...expected, modeBlocks: expected.blockSizes });
    expect(vorbisStep(info)).toBe(step);
    expectMediaErrors(headers(identification), (bytes) => vorbisStep(parseVorbisHeaders(bytes)));
  });

  /** The three lengths that packets can have, by 4.3.8. */
  test.each([...ENCODED, ...BY_HAND])('every length is a multiple: $blockSizes', ({ blockSizes, step }) => {
    const [short = 0, long = 0] = blockSizes;
    const lengths = [short / 2, long / 2, ...(short === long ? [] : [(short + long) / 4])];
    const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
    expect(lengths.reduce(divisor)).toBe(step);
  });

  test('a comment of more than 255 bytes', () => {
    expect(parseVorbisHeaders(headers(FIRST, COMMENT + '00'.repeat(600))).channels).toBe(1);
  });

  test.each([
    ['nothing', new Uint8Array(0), 'corrupt'],
    ['four headers', bytesOf(`03${'00'.repeat(60)}`), 'corrupt'],
    ['a setup header without modes', headers(FIRST, COMMENT, '05766f72626973'), 'corrupt'],
    ['no setup header', headers(FIRST, COMMENT, COMMENT), 'corrupt'],
    ['lengths beyond the end', headers(FIRST, COMMENT, SETUP, '1eff50'), 'corrupt'],
    ['lengths without an end', bytesOf(`02${'ff'.repeat(50)}`), 'corrupt'],
    ['an identification header cut off', headers(FIRST.slice(0, 58)), 'corrupt'],
    ['another name', headers(changed(1, '56')), 'corrupt'],
    ['a comment in its place', headers(changed(0, '03')), 'corrupt'],
    ['no channels', headers(changed(11, '00')), 'corrupt'],
    ['no rate', headers(changed(12, '00000000')), 'corrupt'],
    ['blocks of 32', headers(changed(28, 'b5')), 'corrupt'],
    ['blocks of 16384', headers(changed(28, 'e8')), 'corrupt'],
    ['short blocks above long ones', headers(changed(28, '8b')), 'corrupt'],
    ['no framing bit', headers(changed(29, '00')), 'corrupt'],
    ['version 1', headers(changed(7, '01')), 'unsupported'],
    ['4 GHz', headers(changed(12, 'ffffffff')), 'unsupported'],
  ])('refused: %s', (_, bytes, code) => {
    expect(() => parseVorbisHeaders(bytes)).toThrow(expect.objectContaining({ code }));
  });
});

describe('packets', () => {
  test.each([
    { modes: [0], blocks: [256] },
    { modes: [1, 0], blocks: [2048, 256] },
    { modes: [0, 1, 1], blocks: [256, 2048, 2048] },
    { modes: Array<0 | 1>(64).fill(1), blocks: Array(64).fill(2048) },
  ] satisfies { modes: (0 | 1)[]; blocks: number[] }[])('modes $modes', ({ modes, blocks }) => {
    for (const before of [[], [0], [0xff, 0xff, 0xff]])
      expect(parseVorbisHeaders(headers(FIRST, COMMENT, setupOf(modes, before))).modeBlocks).toEqual(blocks);
  });

  const info = { modeBlocks: [256, 2048, 2048] };
  // Bit 0 says that it is a header, two more the mode.
  test.each([
    { packet: '00', before: '00', samples: 128 },
    { packet: '02', before: '00', samples: 576 },
    { packet: 'fa', before: '04', samples: 1024 },
    { packet: '06', before: '00', samples: null },
    { packet: '01', before: '00', samples: null },
    { packet: '00', before: '03', samples: null },
    { packet: '', before: '00', samples: null },
  ])('$packet behind $before: $samples', ({ packet, before, samples }) =>
    expect(vorbisSamples(info, bytesOf(packet), bytesOf(before))).toBe(samples));
});
