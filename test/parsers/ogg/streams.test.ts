import { beforeEach, describe, expect, test } from 'vitest';
import { openOgg } from '../../../parsers/ogg/demuxer.ts';
import { createOpusDecoder } from '../../../src/audio/opus-decoder.ts';
import { concat, memorySource } from '../../../src/core/bytes.ts';
import type { Demuxer, Source } from '../../../src/core/contracts.ts';
import { MediaError } from '../../../src/core/errors.ts';
import { needsFfmpeg } from '../../helpers/ffmpeg.ts';
import { makeSound, NEVER, pieces, probed, read, remade } from '../audio-file/sound-files.ts';
import { expectSameFromAnywhere, FIRST, LAST, page, pagesOf, rewritten } from './ogg-files.ts';

beforeEach(needsFfmpeg);

const open = (source: Source) => openOgg(source, NEVER);
const sound = (seconds: number, codec: string, ...options: string[]) =>
  makeSound({ seconds, rate: 48_000, output: ['-c:a', codec, ...options, '-f', 'ogg'] });

const made = new Map<string, Uint8Array>();
function once(name: string, make: () => Uint8Array): Uint8Array {
  const file = made.get(name) ?? make();
  made.set(name, file);
  return file;
}
const opus = () => once('opus', () => sound(2.345, 'libopus'));
const short = () => once('short', () => sound(1.111, 'libopus'));
const vorbis = () => once('vorbis', () => sound(2.345, 'libvorbis'));
const flac = () => once('flac', () => sound(2.345, 'flac', '-sample_fmt', 's16'));
const mono = () =>
  once('mono', () =>
    makeSound({ seconds: 1, rate: 48_000, channels: 1, output: ['-c:a', 'libopus', '-f', 'ogg'] }),
  );

const withSerial = (file: Uint8Array, serial: number) => rewritten(file, () => ({ serial }));
const all = (demuxer: Demuxer) => new Set(demuxer.tracks.map(({ id }) => id));
const crcs = (samples: readonly { crc: number }[]) => samples.map(({ crc }) => crc);
const samplesOf = async (file: Uint8Array) => (await read(await open(memorySource(file)))).samples;

describe('a chain', () => {
  test.each([
    { name: 'Opus', first: opus, second: short, seconds: 3.456 },
    { name: 'Vorbis', first: vorbis, second: vorbis, seconds: 4.69 },
    { name: 'FLAC', first: flac, second: flac, seconds: 4.69 },
  ])('$name: goes on in time', async ({ first, second, seconds }) => {
    const file = concat([withSerial(first(), 7), withSerial(second(), 8)]);
    const demuxer = await open(memorySource(file));
    expect(demuxer.duration).toBe(Math.round(seconds * 1e9));
    const { samples, skipped } = await read(demuxer);
    expect(skipped).toBe(0);
    expect(crcs(samples)).toEqual([...crcs(await samplesOf(first())), ...crcs(await samplesOf(second()))]);
    for (const [i, { time }] of samples.entries())
      if (i > 0) expect(time, `packet ${i}`).toBeGreaterThan(samples[i - 1]?.time ?? 0);
    const last = samples.at(-1);
    expect((last?.time ?? 0) + (last?.duration ?? 0)).toBe(demuxer.duration);
    await expectSameFromAnywhere(open, pieces(file, 1000));
    const source = { ...pieces(file, 1000), size: Number.MAX_SAFE_INTEGER };
    expect(await read(await openOgg(source, NEVER, { access: 'in order' }))).toEqual({ samples, skipped });
  });

  test('links may have the same serial number, and granule positions that begin anywhere', async () => {
    const late = rewritten(short(), ({ granule }, i) =>
      i > 1 && granule !== null ? { granule: granule + 1e9 } : undefined,
    );
    const plain = concat([withSerial(opus(), 7), withSerial(short(), 8)]);
    const odd = concat([withSerial(opus(), 7), withSerial(late, 7)]);
    expect(await samplesOf(odd)).toEqual(await samplesOf(plain));
  });

  test('what the first link has too much and the second puts before its sound is not heard', async () => {
    const file = concat([withSerial(opus(), 7), withSerial(short(), 8)]);
    const demuxer = await open(memorySource(file));
    const [track] = demuxer.tracks;
    const record = track?.kind === 'audio' ? track.configs[0]?.record : undefined;
    const decoder = await createOpusDecoder(record ?? new Uint8Array(0));
    let heard = 0;
    const { start, end } = demuxer.payload;
    for await (const { samples } of demuxer.samples({ start, soft: end, end, tracks: new Set([1]) }, NEVER))
      for (const { data, discard = 0, time } of samples) {
        const cut = Math.round((discard * 48_000) / 1e9);
        const begins = Math.round((time * 48_000) / 1e9) + Math.max(0, -cut);
        expect(begins).toBe(heard - 312);
        heard += (decoder.decode(data, 0)?.channels[0]?.length ?? 0) - Math.abs(cut);
      }
    expect(heard).toBe(3.456 * 48_000 + 312);
  });

  test.each([
    { name: 'other channels', other: mono },
    { name: 'another codec', other: vorbis },
    {
      name: 'a codec that is not read',
      other: () =>
        once('speex', () =>
          makeSound({ seconds: 1, rate: 16_000, channels: 1, output: ['-c:a', 'libspeex', '-f', 'ogg'] }),
        ),
    },
  ])('a link with $name is left out and told; those behind it go on', async ({ other }) => {
    const foreign = withSerial(other(), 8);
    const whole = await samplesOf(opus());
    const ended = await open(memorySource(concat([withSerial(opus(), 7), foreign])));
    expect(ended.payload.end).toBe(opus().length);
    expect(await read(ended)).toEqual({ samples: whole, skipped: expect.any(Number) });
    expect((await read(ended)).skipped).toBeGreaterThan(foreign.length * 0.9 - 5000);
    const file = concat([withSerial(opus(), 7), foreign, withSerial(short(), 9)]);
    const between = await open(memorySource(file));
    expect(between.duration).toBe(3.456e9);
    const { samples, skipped } = await read(between);
    expect(samples.map(({ time, crc }) => ({ time, crc }))).toEqual(
      (await samplesOf(concat([withSerial(opus(), 7), withSerial(short(), 9)]))).map(({ time, crc }) => ({
        time,
        crc,
      })),
    );
    expect(skipped).toBeGreaterThan(foreign.length * 0.9 - 5000);
    await expectSameFromAnywhere(open, pieces(file, 1000));
  });
});

describe('several streams', () => {
  const two = () =>
    once('two', () =>
      remade(vorbis(), [
        '-filter_complex',
        'asplit[a][b]',
        '-map',
        '[a]',
        '-map',
        '[b]',
        '-c:a:0',
        'libopus',
        '-c:a:1',
        'flac',
        '-f',
        'ogg',
      ]),
    );
  const film = () =>
    once('film', () =>
      remade(vorbis(), [
        '-f',
        'lavfi',
        '-i',
        'testsrc=d=2:s=64x64:r=10',
        '-map',
        '1',
        '-map',
        '0',
        '-c:v',
        'libtheora',
        '-c:a',
        'copy',
        '-f',
        'ogg',
      ]),
    );

  test('every sound is a track', async () => {
    const demuxer = await open(memorySource(two()));
    expect(demuxer.tracks).toMatchObject([
      { id: 1, index: 0, kind: 'audio', sourceCodec: 'opus', isDefault: true },
      { id: 2, index: 1, kind: 'audio', sourceCodec: 'flac', isDefault: false },
    ]);
    for (const [i, id] of [1, 2].entries()) {
      const { samples } = await read(demuxer, { tracks: new Set([id]) });
      expect(samples.map(({ size, crc }) => ({ size, crc }))).toEqual(
        probed(two(), ['-select_streams', `a:${i}`]).map(({ size, crc }) => ({ size, crc })),
      );
      expect(demuxer.seekPoints(id)?.length).toBeGreaterThan(1);
    }
    await expectSameFromAnywhere(open, pieces(two(), 1000));
  });

  test('links of several sounds begin together', async () => {
    const again = rewritten(two(), ({ serial }) => ({ serial: serial ^ 1 }));
    const file = concat([two(), again]);
    const demuxer = await open(memorySource(file));
    const { samples } = await read(demuxer, { tracks: all(demuxer) });
    const once = await open(memorySource(two()));
    const end = once.duration ?? 0;
    for (const id of [1, 2]) {
      const own = samples.filter(({ trackId }) => trackId === id);
      const second = own[own.length >> 1];
      const first = own[0]?.time ?? 0;
      expect(Math.abs((second?.time ?? 0) - end - first)).toBeLessThan(7e6);
    }
    await expectSameFromAnywhere(open, pieces(file, 1000));
  });

  test('pictures are named and left out; the sound beside them is offered', async () => {
    const demuxer = await open(memorySource(film()));
    expect(demuxer.tracks).toMatchObject([
      { kind: 'video', sourceCodec: 'Theora', unreadable: 'Theora in Ogg is not read' },
      { kind: 'audio', sourceCodec: 'vorbis', unreadable: null, isDefault: true },
    ]);
    const { samples, skipped } = await read(demuxer, { tracks: all(demuxer) });
    expect(crcs(samples)).toEqual(crcs(await samplesOf(vorbis())));
    expect(skipped).toBe(0);
    await expectSameFromAnywhere(open, pieces(film(), 1000));
  });

  test('Skeleton is no track', async () => {
    const fishead = concat([new TextEncoder().encode('fishead\0'), new Uint8Array(56)]);
    const fisbone = concat([new TextEncoder().encode('fisbone\0'), new Uint8Array(44)]);
    const [first, ...rest] = pagesOf(opus());
    const file = concat([
      page({ serial: 5, flags: FIRST, packets: [fishead] }),
      first?.bytes ?? new Uint8Array(0),
      page({ serial: 5, sequence: 1, packets: [fisbone] }),
      page({ serial: 5, sequence: 2, flags: LAST, packets: [new Uint8Array(0)] }),
      ...rest.map(({ bytes }) => bytes),
    ]);
    const demuxer = await open(memorySource(file));
    expect(demuxer.tracks).toMatchObject([{ id: 1, index: 0, sourceCodec: 'opus' }]);
    const { samples, skipped } = await read(demuxer);
    expect(crcs(samples)).toEqual(crcs(await samplesOf(opus())));
    expect(skipped).toBe(0);
  });

  test.each([
    { mark: '\x80theora', kind: 'video', name: 'Theora' },
    { mark: 'BBCD\0', kind: 'video', name: 'Dirac' },
    { mark: 'OVP80', kind: 'video', name: 'VP8' },
    { mark: '\x01video\0\0\0XVID', kind: 'video', name: 'OGM video' },
    { mark: 'Speex   1.2', kind: 'audio', name: 'Speex' },
    { mark: 'CELT    ', kind: 'audio', name: 'CELT' },
    { mark: 'PCM     ', kind: 'audio', name: 'PCM' },
    { mark: '\x80kate\0\0\0', kind: 'subtitle', name: 'Kate' },
    { mark: 'something', kind: 'other', name: 'unknown' },
  ])('$name alone is named', async ({ mark, kind, name }) => {
    const packet = Uint8Array.from(mark, (char) => char.charCodeAt(0));
    const file = concat([
      page({ flags: FIRST, packets: [packet] }),
      page({ sequence: 1, packets: [packet] }),
    ]);
    const demuxer = await open(memorySource(file));
    expect(demuxer.tracks).toMatchObject([
      { kind, sourceCodec: name, unreadable: expect.stringContaining('is not read') },
    ]);
    expect((await read(demuxer)).samples).toEqual([]);
  });

  test('headers that do not end make a track that cannot be read', async () => {
    const file = rewritten(vorbis(), (_, i) => (i === 0 ? undefined : null));
    const { tracks } = await open(memorySource(file));
    expect(tracks).toMatchObject([
      { kind: 'audio', sourceCodec: 'vorbis', unreadable: 'The headers of vorbis do not end' },
    ]);
  });

  test('a hundred thousand streams are refused', async () => {
    const bytes = new Uint8Array(page({ flags: FIRST, packets: [new Uint8Array(8)] }).length * 100_000);
    const size = bytes.length / 100_000;
    for (let i = 0; i < 1000; i++)
      bytes.set(page({ serial: i, flags: FIRST, packets: [new Uint8Array(8)] }), i * size);
    await expect(open(memorySource(bytes))).rejects.toBeInstanceOf(MediaError);
  });

  test('a million links take time in proportion', async () => {
    const [head, tags] = pagesOf(opus());
    const links: Uint8Array[] = [];
    for (let i = 0; i < 30_000; i++)
      links.push(
        page({
          serial: i,
          flags: FIRST,
          segments: [19],
          body: head?.bytes.subarray(28) ?? new Uint8Array(19),
        }),
      );
    const begun = performance.now();
    const demuxer = await open(memorySource(concat([opus(), ...links, tags?.bytes ?? new Uint8Array(0)])));
    expect((await read(demuxer)).samples).toEqual(await samplesOf(opus()));
    expect(performance.now() - begun).toBeLessThan(5000);
  });
});
