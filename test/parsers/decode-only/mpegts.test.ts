import { describe, expect, test } from 'vitest';
import { openTransportStream } from '../../../parsers/mpegts/demuxer.ts';
import { concat } from '../../../src/core/bytes.ts';
import type { Sample } from '../../../src/core/contracts.ts';
import { needsFfmpeg } from '../../helpers/ffmpeg.ts';
import { bytesOf } from '../../helpers/hex.ts';
import { pesPacket } from '../../helpers/ts-writer.ts';
import { pieceSource, random } from '../matroska/reading.ts';
import { program } from '../mpegts/streams.ts';
import { decoded, type Film, kindOf, makeFilm, openFilm, probe, rewrapped, samplesOf } from './files.ts';
import { greyFrame, type Picture } from './grey-fields.ts';

const PID = 256;
const CLOCK = 90_000;
const TYPES = { mpeg1: 0x01, mpeg2: 0x02, mpeg4: 0x10, vc1: 0xea } as const;
const stampOf = (time: number): number => Math.round((time * 9) / 100_000);

/** A picture and the first byte of it for which a stamp is meant. */
interface Cut {
  readonly data: Uint8Array;
  readonly time: number;
  /** Of its picture's start code. */
  readonly begins: number;
}

const pictureCode = (data: Uint8Array, code: number): number => {
  for (let at = 0; at + 3 < data.length; at++)
    if (data[at] === 0 && data[at + 1] === 0 && data[at + 2] === 1 && data[at + 3] === code) return at;
  throw new Error('No picture');
};

const cutsOf = (samples: readonly Sample[], code: number): Cut[] =>
  samples.map(({ data, time }) => ({ data, time, begins: pictureCode(data, code) }));

/** PES packets of so many bytes each, wherever pictures begin, stamped as the first that begins in each. */
function inPackets(type: number, cuts: readonly Cut[], size: number): Uint8Array {
  const writer = program({ pcrPid: PID, streams: [{ type, pid: PID }] });
  const all = concat(cuts.map(({ data }) => data));
  let at = 0;
  const starts = cuts.map((cut) => {
    const start = at + cut.begins;
    at += cut.data.length;
    return { start, time: cut.time };
  });
  for (let from = 0; from < all.length; from += size) {
    const first = starts.find(({ start }) => start >= from && start < from + size);
    const payload = all.subarray(from, from + size);
    writer.pes(PID, pesPacket({ streamId: 0xe0, payload, ...(first && { pts: stampOf(first.time) }) }));
  }
  return writer.bytes();
}

/** A PES packet a picture, those without a stamp that `isStamped` says. */
function oneEach(type: number, cuts: readonly Cut[], isStamped: (i: number) => boolean): Uint8Array {
  const writer = program({ pcrPid: PID, streams: [{ type, pid: PID }] });
  for (const [i, { data: payload, time }] of cuts.entries())
    writer.pes(PID, pesPacket({ streamId: 0xe0, payload, ...(isStamped(i) && { pts: stampOf(time) }) }));
  return writer.bytes();
}

const told = (samples: readonly Sample[]) =>
  samples.map(({ time, data }) => [Math.round(time / 1e6), Buffer.from(data).toString('base64')]);

/** The same samples come from every place where decoding may begin. */
async function expectSameFromKeys({ demuxer, track, decodeOnly, samples }: Film): Promise<void> {
  const at = ({ position, time, data }: Sample) => [position, time, data.length];
  for (const [i, key] of samples.entries()) {
    if (kindOf(decodeOnly, key) === 'other') continue;
    const read = await samplesOf(demuxer, track.id, key.entry);
    const from = read.findIndex(({ position }) => position >= key.position);
    expect(read.slice(from).map(at)).toEqual(samples.slice(i).map(at));
  }
}

const GOPS = ['-g', '8', '-bf', '2'];
const FILMS = [
  { name: 'mpeg1', type: TYPES.mpeg1, code: 0, options: ['-c:v', 'mpeg1video', ...GOPS] },
  { name: 'mpeg2', type: TYPES.mpeg2, code: 0, options: ['-c:v', 'mpeg2video', ...GOPS] },
  { name: 'mpeg4', type: TYPES.mpeg4, code: 0xb6, options: ['-c:v', 'mpeg4', ...GOPS] },
] as const;

describe.each(FILMS)('$name', ({ type, code, options }) => {
  const made = (context: Parameters<typeof needsFfmpeg>[0]) => {
    needsFfmpeg(context);
    return openFilm('ts', makeFilm({ container: 'ts', options }));
  };

  test('several pictures in a PES packet, wherever that is cut', async (context) => {
    const { samples } = await made(context);
    for (const size of [700, 1900, 6007]) {
      const film = await openFilm('ts', inPackets(type, cutsOf(samples, code), size));
      const beforeFirst = samples.length - film.samples.length;
      expect(told(film.samples)).toEqual(told(samples).slice(beforeFirst));
      expect(beforeFirst).toBeLessThan(2);
      await expectSameFromKeys(film);
    }
  });

  test('in whatever pieces the bytes arrive', async (context) => {
    const { samples } = await made(context);
    const file = inPackets(type, cutsOf(samples, code), 1900);
    const whole = await openFilm('ts', file);
    const next = random(3);
    const source = pieceSource(file, () => Math.floor(next() * 400));
    const demuxer = await openTransportStream(source, new AbortController().signal);
    expect(told(await samplesOf(demuxer, whole.track.id))).toEqual(told(whole.samples));
  });

  test('pictures without stamps', async (context) => {
    const { samples, decodeOnly } = await made(context);
    const isKey = (i: number) =>
      kindOf(decodeOnly, samples[i] ?? { data: new Uint8Array(), isKey: false }) !== 'other';
    const film = await openFilm('ts', oneEach(type, cutsOf(samples, code), isKey));
    expect(told(film.samples)).toEqual(told(samples));
    await expectSameFromKeys(film);
    const decode = { ...film, samples: film.samples };
    expect(decoded(rewrapped(decode)).sums).toHaveLength(samples.length);
  });
});

describe('two fields of a frame are one sample', () => {
  const frames = Array.from({ length: 4 }, (_, i) => greyFrame(i, i === 0 ? 'sequence' : 'bare'));
  const write = (stream: readonly (readonly Picture[])[], isSecondStamped: boolean) => {
    const writer = program({ pcrPid: PID, streams: [{ type: TYPES.mpeg2, pid: PID }] });
    for (const [i, pictures] of stream.entries())
      for (const [field, { data: payload }] of pictures.entries()) {
        const pts = CLOCK + i * 3600 + field * 1800;
        writer.pes(
          PID,
          pesPacket({ streamId: 0xe0, payload, ...((field === 0 || isSecondStamped) && { pts }) }),
        );
      }
    return writer.bytes();
  };

  test.for([true, false])('the second one stamped: %s', async (isSecondStamped, context) => {
    const film = await openFilm('ts', write(frames, isSecondStamped));
    expect(film.samples.map(({ time }) => time / 1e6)).toEqual([1000, 1040, 1080, 1120]);
    expect(film.samples.map(({ data }) => data.length)).toEqual(
      frames.map((pictures) => pictures.reduce((sum, { data }) => sum + data.length, 0)),
    );
    expect(film.decodeOnly).toMatchObject({ codecId: 'V_MPEG2', mayBeInterlaced: true });
    needsFfmpeg(context);
    expect(decoded(rewrapped(film)).sums).toHaveLength(4);
  });

  test('a field that came alone stays alone', async () => {
    const [first = [], second = [], ...rest] = frames;
    const film = await openFilm('ts', write([first, second.slice(0, 1), ...rest], true));
    expect(film.samples.map(({ time }) => time / 1e6)).toEqual([1000, 1040, 1080, 1120]);
  });
});

describe('VC-1', () => {
  const HEADERS = bytesOf('0000010fdbfe3bf21bca3bf886f180ca02020309a5b8d707fc0000010e5ac7fcefc86c40');
  const frame = (first: number) =>
    concat([Uint8Array.of(0, 0, 1, 0x0d, first), new Uint8Array(40).fill(0xaa)]);
  const [i, p, b] = [concat([HEADERS, frame(0x60)]), frame(0x00), frame(0x40)];
  const fields = concat([frame(0xf0), Uint8Array.of(0, 0, 1, 0x0c), new Uint8Array(30).fill(0xbb)]);

  test('frames, pairs of fields, pictures without stamps', async () => {
    const writer = program({
      ...{ pcrPid: PID },
      streams: [{ type: TYPES.vc1, pid: PID, descriptors: [5, 4, ...new TextEncoder().encode('VC-1')] }],
    });
    const pictures = [i, p, b, fields, i, p];
    for (const [at, payload] of pictures.entries()) {
      const pts = { 0: 90_000, 4: 90_000 + 4 * 3003 }[at];
      writer.pes(PID, pesPacket({ streamId: 0xfd, payload, ...(pts && { pts }) }));
    }
    const film = await openFilm('ts', writer.bytes());
    expect(film.samples.map(({ data }) => data.length)).toEqual(pictures.map(({ length }) => length));
    const frames = film.samples.map(({ time }) => Math.round(((time / 1e9 - 1) * 30_000) / 1001));
    expect(frames).toEqual([0, 3, 1, 2, 4, 5]);
    expect(film.samples.map((sample) => kindOf(film.decodeOnly, sample))).toEqual([
      'radl',
      'other',
      'other',
      'other',
      'radl',
      'other',
    ]);
    expect(film.track).toMatchObject({ width: 1920, height: 1080, frameRate: { num: 30_000, den: 1001 } });
    expect(film.decodeOnly).toMatchObject({ codec: 'vc1', codecId: 'V_QUICKTIME', mayBeInterlaced: true });
  });

  test('ffmpeg reads the headers where they are put', async (context) => {
    needsFfmpeg(context);
    const writer = program({ pcrPid: PID, streams: [{ type: TYPES.vc1, pid: PID }] });
    for (const at of [0, 1])
      writer.pes(PID, pesPacket({ streamId: 0xfd, payload: i, pts: 90_000 + at * 3003 }));
    const film = await openFilm('ts', writer.bytes());
    expect(probe(rewrapped(film)).stream).toMatchObject({ codec_name: 'vc1', width: 1920, height: 1080 });
  });
});
