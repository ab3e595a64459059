import { beforeEach, describe, expect, test } from 'vitest';
import { openOgg } from '../../../parsers/ogg/demuxer.ts';
import { mappingOf } from '../../../parsers/ogg/stream-kinds.ts';
import { concat, memorySource } from '../../../src/core/bytes.ts';
import { MediaError } from '../../../src/core/errors.ts';
import { needsFfmpeg } from '../../helpers/ffmpeg.ts';
import { mutantOf } from '../../helpers/mutants.ts';
import { expectMediaErrors } from '../../helpers/mutations.ts';
import { makeSound, NEVER, read } from '../audio-file/sound-files.ts';
import { page, pagesOf, rewritten } from './ogg-files.ts';

beforeEach(needsFfmpeg);

const ROWS = [
  { name: 'Opus', output: ['-c:a', 'libopus', '-f', 'ogg'] },
  { name: 'Vorbis', output: ['-c:a', 'libvorbis', '-f', 'ogg'] },
  { name: 'FLAC', output: ['-c:a', 'flac', '-sample_fmt', 's16', '-f', 'ogg'] },
];

/** Its pages with right checksums, whatever their other bytes: else nothing gets past those. */
function checked(
  file: Uint8Array,
  places: readonly { readonly position: number; readonly size: number }[],
): Uint8Array {
  return concat(
    places.map(({ position, size }) => {
      const bytes = file.subarray(position, position + size);
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      const segments = [...bytes.subarray(27, 27 + (bytes[26] ?? 0))];
      return page({
        serial: view.getUint32(14, true),
        sequence: view.getUint32(18, true),
        granule: Number(view.getBigInt64(6, true)),
        flags: (bytes[5] ?? 0) & 7,
        segments,
        body: bytes.subarray(27 + segments.length),
      });
    }),
  );
}

const isReadOrRefused = async (mutant: Uint8Array, name: string): Promise<boolean> => {
  try {
    await read(await openOgg(memorySource(mutant), NEVER));
    return true;
  } catch (error) {
    expect(error, name).toBeInstanceOf(MediaError);
    return false;
  }
};

describe.each(ROWS)('$name', ({ output }) => {
  let made: Uint8Array | null = null;
  const file = () => {
    made ??= makeSound({ seconds: 0.3, rate: 48_000, channels: 1, output });
    return made;
  };

  test('any changed byte of the pages, with right checksums: read, or refused with a reason', async () => {
    const whole = file();
    const pages = pagesOf(whole);
    const places = pages.flatMap(({ position }) => Array.from({ length: 120 }, (_, i) => position + i));
    let count = 0;
    for (const at of places.filter((place) => place < whole.length))
      for (const value of [0, 255, (whole[at] ?? 0) ^ 1, (whole[at] ?? 0) ^ 0x80]) {
        const mutant = whole.slice();
        mutant[at] = value;
        if (await isReadOrRefused(checked(mutant, pages), `byte ${at} is ${value}`)) count++;
      }
    expect(count).toBeGreaterThan(500);
  });

  test('any damage', async () => {
    const whole = file();
    const starts = pagesOf(whole).map(({ position }) => position);
    for (let seed = 0; seed < 100; seed++)
      await isReadOrRefused(mutantOf(whole, seed, starts), `seed ${seed}`);
  });

  test('any granule position', async () => {
    for (const granule of [-1, -5, 0, 1, 2 ** 31, 2 ** 52, 2 ** 62])
      for (let hit = 0; hit < 4; hit++) {
        const mutant = rewritten(file(), (_, i) => (i === hit ? { granule } : undefined));
        await isReadOrRefused(mutant, `${granule} on page ${hit}`);
      }
  });

  test('any headers', () => {
    const headers = pagesOf(file())
      .filter(({ granule }) => granule === 0 || granule === null)
      .map(({ bytes, headerBytes }) => bytes.slice(headerBytes, headerBytes + 300));
    const [first = new Uint8Array(0), ...rest] = headers;
    const mapping = mappingOf(first);
    expect(() => mapping?.parse(headers)).not.toBeNull();
    expectMediaErrors(first, (changed) => mappingOf(changed)?.parse([changed, ...rest]));
    for (const header of rest)
      expectMediaErrors(header.subarray(0, 80), (changed) => mapping?.parse([first, changed]));
  });
});
