import { beforeEach, describe, expect, test } from 'vitest';
import { openOgg, scoreOgg } from '../../../parsers/ogg/demuxer.ts';
import { createFlacDecoder } from '../../../src/audio/flac-decoder.ts';
import { createOpusDecoder } from '../../../src/audio/opus-decoder.ts';
import type { PacketDecoder } from '../../../src/audio/pcm.ts';
import { createVorbisDecoder } from '../../../src/audio/vorbis-decoder.ts';
import { soundConfig } from '../../../src/codecs/decode-only.ts';
import { parseDops } from '../../../src/codecs/opus.ts';
import { concat, memorySource } from '../../../src/core/bytes.ts';
import type { Demuxer, Sample, Source } from '../../../src/core/contracts.ts';
import type { AudioTrack } from '../../../src/core/media.ts';
import { needsFfmpeg } from '../../helpers/ffmpeg.ts';
import { makeSound, NEVER, pieces, probed, read, type SoundOptions } from '../audio-file/sound-files.ts';
import { expectSameFromAnywhere, LAST, page, pagesOf, repaged, rewritten } from './ogg-files.ts';

beforeEach(needsFfmpeg);

const open = (source: Source) => openOgg(source, NEVER);
const opus = (...options: string[]) => ['-c:a', 'libopus', ...options, '-f', 'ogg'];
const vorbis = ['-c:a', 'libvorbis', '-f', 'ogg'];
const flac = (...options: string[]) => ['-c:a', 'flac', '-sample_fmt', 's16', ...options, '-f', 'ogg'];

interface Row extends SoundOptions {
  readonly name: string;
  readonly codec: 'opus' | 'vorbis' | 'flac';
  /** How exactly ffprobe knows the times: seconds. Of Vorbis it takes the window before for another one now and then. */
  readonly tolerance?: number;
}

const SECONDS = 3.345;
const WINDOWS = 0.05;
const ROWS: readonly Row[] = [
  { name: 'Opus', codec: 'opus', rate: 48_000, output: opus() },
  {
    name: 'Opus, mono, short frames',
    codec: 'opus',
    rate: 48_000,
    channels: 1,
    output: opus('-frame_duration', '2.5'),
  },
  { name: 'Opus, 60 ms', codec: 'opus', rate: 48_000, output: opus('-frame_duration', '60') },
  { name: 'Opus, 5.1', codec: 'opus', rate: 48_000, channels: 6, output: opus('-mapping_family', '1') },
  { name: 'Opus, mapping family 255', codec: 'opus', rate: 48_000, output: opus('-mapping_family', '255') },
  { name: 'Vorbis', codec: 'vorbis', output: vorbis, tolerance: WINDOWS },
  { name: 'Vorbis of ffmpeg, 5.1', codec: 'vorbis', channels: 6, output: vorbis, tolerance: WINDOWS },
  { name: 'Vorbis, 8 kHz', codec: 'vorbis', rate: 8000, channels: 1, output: vorbis, tolerance: WINDOWS },
  { name: 'FLAC', codec: 'flac', output: flac() },
  { name: 'FLAC, short frames', codec: 'flac', output: flac('-frame_size', '256') },
];

const made = new Map<string, Uint8Array>();
function fileOf(row: Row): Uint8Array {
  const file = made.get(row.name) ?? makeSound({ seconds: SECONDS, ...row });
  made.set(row.name, file);
  return file;
}
const named = (name: string): Uint8Array => fileOf(ROWS.find((row) => row.name === name) ?? (ROWS[0] as Row));

function soundOf(demuxer: Demuxer): AudioTrack {
  const track = demuxer.tracks.find((own) => own.kind === 'audio');
  if (!track) throw new Error('No sound');
  return track;
}

const DECODERS = { opus: createOpusDecoder, vorbis: createVorbisDecoder, flac: createFlacDecoder };

function decoderOf({ tracks: [track] }: Demuxer): Promise<PacketDecoder> {
  const config = track?.kind === 'audio' ? soundConfig(track) : null;
  if (config?.codec !== 'opus' && config?.codec !== 'vorbis' && config?.codec !== 'flac')
    throw new Error('No decoder');
  return DECODERS[config.codec](config.record);
}

async function samplesOf(demuxer: Demuxer): Promise<Sample[]> {
  const { start, end } = demuxer.payload;
  const samples: Sample[] = [];
  for await (const batch of demuxer.samples({ start, soft: end, end, tracks: new Set([1]) }, NEVER))
    samples.push(...batch.samples);
  return samples;
}

describe.each(ROWS)('$name', (row) => {
  const { codec, rate = 44_100, channels = 2, tolerance = 2e-6 } = row;

  test('is recognised and described', async () => {
    expect(scoreOgg(fileOf(row))).toBe(0.9);
    const demuxer = await open(memorySource(fileOf(row)));
    expect(demuxer).toMatchObject({
      container: 'ogg',
      tracks: [
        { kind: 'audio', sourceCodec: codec, sampleRate: rate, channels, isDefault: true, unreadable: null },
      ],
    });
    expect(demuxer.duration).toBe(Math.round(Math.round(SECONDS * rate) * (1e9 / rate)));
    expect(demuxer.statistics.get(1)?.duration).toBe(demuxer.duration);
  });

  test('has the packets that ffprobe reads, when they are heard', async () => {
    const { samples, skipped } = await read(await open(memorySource(fileOf(row))));
    const packets = probed(fileOf(row));
    expect(skipped).toBe(0);
    expect(samples.map(({ size, crc }) => ({ size, crc }))).toEqual(
      packets.map(({ size, crc }) => ({ size, crc })),
    );
    for (const [i, { time }] of samples.entries())
      expect(Math.abs(time / 1e9 - (packets[i]?.time ?? Number.NaN)), `packet ${i}`).toBeLessThan(tolerance);
  });

  test('lasts packet by packet what a decoder makes of it, and in all what was encoded', async () => {
    const demuxer = await open(memorySource(fileOf(row)));
    const decoder = await decoderOf(demuxer);
    const inSamples = (time: number) => Math.round((time * rate) / 1e9);
    let heard = 0;
    for (const [i, { time, duration, discard = 0, data }] of (await samplesOf(demuxer)).entries()) {
      const decoded = decoder.decode(data, i)?.channels[0]?.length ?? 0;
      const cut = inSamples(discard);
      if (codec === 'vorbis' && i === 0) {
        expect(decoded).toBe(0);
        continue;
      }
      expect(decoded, `packet ${i}`).toBe(inSamples(duration ?? 0) + cut);
      expect(inSamples(time), `packet ${i}`).toBe(heard - inSamples(soundOf(demuxer).codecDelay));
      heard += decoded - cut;
    }
    expect(heard).toBe(Math.round(SECONDS * rate) + inSamples(soundOf(demuxer).codecDelay));
  });

  test('is the same from anywhere, in any pieces and on other pages', async () => {
    const file = fileOf(row);
    await expectSameFromAnywhere(open, pieces(file, 4096));
    const whole = await read(await open(memorySource(file)));
    for (const size of [611, 65_536]) expect(await read(await open(pieces(file, size)))).toEqual(whole);
    const other = repaged(file, 11);
    await expectSameFromAnywhere(open, pieces(other, 4096));
    const plain = ({ samples }: typeof whole) =>
      samples.map(({ time, duration, discard, crc }) => ({ time, duration, discard, crc }));
    expect(plain(await read(await open(memorySource(other))))).toEqual(plain(whole));
  });

  test('is read in order, without a look at its end', async () => {
    const file = fileOf(row);
    const source = pieces(file, 1000);
    const demuxer = await openOgg({ ...source, size: Number.MAX_SAFE_INTEGER }, NEVER, {
      access: 'in order',
    });
    expect(demuxer.seekPoints(1)).toBeNull();
    expect(source.reads.every(({ start }) => start === 0)).toBe(true);
    expect((await read(demuxer)).samples).toEqual((await read(await open(memorySource(file)))).samples);
  });
});

describe('Opus', () => {
  test('the identification header becomes the record', async () => {
    const file = named('Opus');
    const head = pagesOf(file)[0];
    const changed = rewritten(file, (_, i) => {
      if (i > 0 || !head) return undefined;
      const body = head.bytes.slice(head.headerBytes);
      body.set([0x00, 0xfb], 16);
      return { body };
    });
    const track = soundOf(await open(memorySource(changed)));
    const record = track.configs[0]?.record ?? new Uint8Array(0);
    expect(parseDops(record)).toMatchObject({ channels: 2, preSkip: 312, gain: -1280, mappingFamily: 0 });
    expect(track).toMatchObject({ codecDelay: 6_500_000, seekPreRoll: 80_000_000 });
  });

  test('a file cut out of a longer stream begins later', async () => {
    const file = named('Opus');
    const shifted = rewritten(file, ({ granule }, i) =>
      i > 1 && granule !== null ? { granule: granule + 480_000 } : undefined,
    );
    const whole = await read(await open(memorySource(file)));
    const { samples } = await read(await open(memorySource(shifted)));
    expect(samples.map(({ time }) => time)).toEqual(whole.samples.map(({ time }) => time + 1e10));
    expect(samples.at(-1)?.discard).toBe(whole.samples.at(-1)?.discard);
  });

  test('packets that are no packets are left out and told', async () => {
    const file = named('Opus');
    const extra = page({
      serial: pagesOf(file)[0]?.serial ?? 0,
      sequence: 99,
      flags: LAST,
      granule: 0,
      packets: [Uint8Array.of(3, 0)],
    });
    const demuxer = await open(memorySource(concat([file, extra])));
    const whole = await read(await open(memorySource(file)));
    const { samples, skipped } = await read(demuxer);
    expect(samples.map(({ time, crc }) => ({ time, crc }))).toEqual(
      whole.samples.map(({ time, crc }) => ({ time, crc })),
    );
    expect(skipped).toBe(2);
  });
});

describe('Vorbis', () => {
  test('what lies before the first sample is not heard', async () => {
    const file = named('Vorbis');
    const early = rewritten(file, ({ granule, isFirst }) =>
      granule && !isFirst ? { granule: granule - 1000 } : undefined,
    );
    const whole = (await read(await open(memorySource(file)))).samples;
    const { samples } = await read(await open(memorySource(early)));
    const shift = (1000 / 44_100) * 1e9;
    for (const [i, { time, discard = 0 }] of samples.entries()) {
      expect(Math.abs(time - (whole[i]?.time ?? 0) + shift)).toBeLessThan(2);
      if (time < 0) expect(Math.abs(discard + Math.min(samples[i]?.duration ?? 0, -time))).toBeLessThan(3);
    }
    expect(samples.filter(({ discard = 0 }) => discard < 0).length).toBeGreaterThan(2);
  });
});

describe('FLAC', () => {
  /** The mapping that went before: the beginning of a native file, a packet for each block. */
  test('the old mapping', async () => {
    const file = named('FLAC');
    const [first] = pagesOf(file);
    const info = first?.bytes.subarray((first.headerBytes ?? 0) + 13) ?? new Uint8Array(0);
    const serial = first?.serial ?? 0;
    const head = [
      page({ serial, flags: 2, packets: [Uint8Array.of(0x66, 0x4c, 0x61, 0x43)] }),
      page({ serial, sequence: 1, packets: [info] }),
    ];
    const rest = rewritten(file, ({ sequence, isFirst }) => (isFirst ? null : { sequence: sequence + 1 }));
    const old = await open(memorySource(concat([...head, rest])));
    const mapped = await open(memorySource(file));
    expect(soundOf(old).configs).toEqual(soundOf(mapped).configs);
    const plain = async (demuxer: Demuxer) =>
      (await read(demuxer)).samples.map(({ time, crc }) => ({ time, crc }));
    expect(await plain(old)).toEqual(await plain(mapped));
  });
});

describe('tags', () => {
  const picture = (): Uint8Array => {
    const text = (value: string) =>
      concat([Uint8Array.of(0, 0, 0, value.length), new TextEncoder().encode(value)]);
    const size = Uint8Array.of(0, 0, 0x30, 0);
    return concat([
      ...[Uint8Array.of(0, 0, 0, 3), text('image/png'), text('Front')],
      new Uint8Array(16),
      size,
      new Uint8Array(0x3000),
    ]);
  };

  test.each([
    { name: 'Opus', output: opus() },
    { name: 'Vorbis', output: vorbis },
    { name: 'FLAC', output: flac() },
  ])('$name: what comments tell, and a picture in them', async ({ output }) => {
    const cover = Buffer.from(picture()).toString('base64');
    const tags = [
      '-metadata',
      'title=A title',
      '-metadata',
      'artist=Them',
      '-metadata',
      `METADATA_BLOCK_PICTURE=${cover}`,
    ];
    const file = makeSound({ seconds: 0.2, rate: 48_000, output: [...tags, ...output] });
    expect((await open(memorySource(file))).info).toMatchObject({
      title: 'A title',
      tags: expect.arrayContaining([{ name: 'ARTIST', value: 'Them' }]),
      attachments: [{ name: 'Front', type: 'image/png', bytes: 0x3000 }],
      hasAllAttachments: true,
    });
  });
});

describe('damage', () => {
  const rows = ROWS.filter(({ name }) => ['Opus', 'Vorbis', 'FLAC, short frames'].includes(name));

  test.each(
    rows,
  )('$name: a page with a wrong checksum costs its packets, the rest keep their times', async (row) => {
    const pages = pagesOf(fileOf(row));
    const hit = pages[pages.length - 3];
    if (!hit) throw new Error('No page');
    const bytes = fileOf(row).slice();
    bytes[hit.position + hit.size - 9] = (bytes[hit.position + hit.size - 9] ?? 0) ^ 1;
    const whole = await read(await open(memorySource(fileOf(row))));
    const { samples, skipped } = await read(await open(memorySource(bytes)));
    expect(skipped).toBeGreaterThanOrEqual(hit.size);
    const known = new Map(whole.samples.map(({ time, crc }) => [crc, time]));
    const isBefore = ({ position }: { position: number }) => position < hit.position;
    expect(whole.samples.filter(isBefore).length - samples.filter(isBefore).length).toBeLessThan(2);
    for (const { crc, time, position } of samples)
      if (row.codec !== 'vorbis' || isBefore({ position }))
        expect(Math.abs(time - (known.get(crc) ?? 0))).toBeLessThan(2);
    await expectSameFromAnywhere(open, pieces(bytes, 999));
  });

  test.each(rows)('$name: a page that is missing', async (row) => {
    const file = repaged(fileOf(row), 255);
    const pages = pagesOf(file);
    const at = pages.length >> 1;
    const bytes = rewritten(file, (_, i) => (i === at ? null : undefined));
    const whole = await read(await open(memorySource(file)));
    const { samples } = await read(await open(memorySource(bytes)));
    expect(samples.length).toBeLessThan(whole.samples.length);
    const times = new Map(whole.samples.map(({ crc, time }) => [crc, time]));
    const off = samples.filter(({ crc, time }) => Math.abs((times.get(crc) ?? 0) - time) > 1);
    // What follows a hole lasts as long as the decoder makes it last, which is not told what it overlapped with.
    expect(off.length).toBeLessThan(row.codec === 'vorbis' ? 2 : 1);
  });

  test('bytes between, before and behind pages are told', async () => {
    const file = named('Opus');
    const junk = new Uint8Array(77).fill(0x4f);
    const [first, second] = pagesOf(file).slice(2);
    const bytes = concat([
      junk,
      file.subarray(0, second?.position),
      junk,
      file.subarray(second?.position),
      junk,
    ]);
    expect(first).toBeDefined();
    const { samples, skipped } = await read(await open(memorySource(bytes)));
    expect(skipped).toBe(3 * 77);
    expect(samples.map(({ time }) => time)).toEqual(
      (await read(await open(memorySource(file)))).samples.map(({ time }) => time),
    );
    expect(scoreOgg(bytes)).toBe(0.3);
  });

  test.each([
    { name: 'nothing but headers', keep: (i: number) => i < 2, code: 'truncated' },
    { name: 'no beginning', keep: (i: number) => i > 0, code: 'corrupt' },
  ])('$name is refused', async ({ keep, code }) => {
    const file = rewritten(named('Opus'), (_, i) => (keep(i) ? undefined : null));
    await expect(open(memorySource(file))).rejects.toMatchObject({ code });
  });

  test('a file that is cut off ends with its last whole page', async () => {
    const file = named('Opus');
    const whole = await read(await open(memorySource(file)));
    const last = pagesOf(file).at(-1)?.position ?? 0;
    const { samples, skipped } = await read(await open(memorySource(file.subarray(0, -5))));
    expect(samples).toEqual(whole.samples.filter(({ position }) => position < last));
    expect(skipped).toBe(file.length - last - 5);
  });
});
