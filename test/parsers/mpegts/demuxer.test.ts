import { beforeEach, describe, expect, test } from 'vitest';
import { concat, memorySource } from '../../../src/core/bytes.ts';
import { MediaError } from '../../../src/core/errors.ts';
import { NANOSECONDS_PER_SECOND } from '../../../src/core/time.ts';
import { needsFfmpeg, run } from '../../helpers/ffmpeg.ts';
import { bytesOf } from '../../helpers/hex.ts';
import { asStride, pat, pesPacket, pmt, TsWriter } from '../../helpers/ts-writer.ts';
import { inPieces } from '../../pipeline/serve.ts';
import {
  byTrack,
  contents,
  eachPacket,
  makeStream,
  NEVER,
  NULL_PACKET,
  open,
  type ReadSample,
  readAll,
} from './streams.ts';

const PACKET = 188;
const VIDEO = 256;
const AUDIO = 257;

beforeEach(needsFfmpeg);

const memo = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
};

const HEVC = ['-c:v', 'libx265', '-preset', 'ultrafast', '-g', '25', '-x265-params', 'log-level=none'];
const film = memo(() => makeStream());

describe('packets are those of ffprobe', () => {
  const slices = ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-x264-params', 'slices=4:aud=0'];
  const fields = [
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-flags',
    '+ildct+ilme',
    '-x264-params',
    'tff=1',
  ];
  test.each([
    { name: 'H.264 and AAC', make: film },
    { name: 'H.264 of slices, E-AC-3', make: () => makeStream({ video: slices, audio: ['-c:a', 'eac3'] }) },
    { name: 'interlaced H.264, AC-3', make: () => makeStream({ video: fields, audio: ['-c:a', 'ac3'] }) },
    { name: 'HEVC and MP2', make: () => makeStream({ video: HEVC, audio: ['-c:a', 'mp2'] }) },
    { name: 'MP3', make: () => makeStream({ video: [], audio: ['-c:a', 'libmp3lame'] }) },
    {
      name: 'AAC in LATM',
      make: () => makeStream({ video: [], audio: ['-c:a', 'aac'], mux: ['-mpegts_flags', '+latm'] }),
    },
  ])('$name', async ({ make }) => {
    const file = make();
    const ask = [
      '-show_entries',
      'packet=stream_index,pts_time,size',
      '-of',
      'csv=p=0',
      '-f',
      'mpegts',
      '-i',
      '-',
    ];
    const rows = run('ffprobe', ask, file).stdout.toString().split('\n').filter(Boolean);
    const demuxer = await open(file, { asStored: true });
    const own = byTrack(await readAll(demuxer));
    expect(rows.length).toBeGreaterThan(60);
    demuxer.tracks.forEach(({ id }, i) => {
      const theirs = rows.map((row) => row.split(',')).filter(([stream]) => stream === `${i}`);
      const samples = own.get(id) ?? [];
      expect(samples.map(({ size }) => `${size}`)).toEqual(theirs.map(([, , size]) => size));
      const off = samples.map(({ time }, k) => time / NANOSECONDS_PER_SECOND - Number(theirs[k]?.[1]));
      expect(Math.max(...off.map(Math.abs))).toBeLessThan(0.00002);
    });
  });
});

describe('tracks', () => {
  test('tell what the streams say of themselves', async () => {
    const demuxer = await open(
      makeStream({ video: HEVC, audio: ['-c:a', 'ac3', '-metadata:s:a', 'language=ger'] }),
    );
    expect(demuxer.tracks).toMatchObject([
      {
        kind: 'video',
        id: VIDEO,
        sourceCodec: 'hevc',
        width: 160,
        height: 96,
        frameRate: { num: 25, den: 1 },
      },
      {
        kind: 'audio',
        id: AUDIO,
        sourceCodec: 'ac3',
        sampleRate: 48_000,
        channels: 2,
        frameSize: 1536,
        language: 'de',
      },
    ]);
  });

  test('are those of the first program with pictures, or of the one that is asked for', async () => {
    const two = ['-map', '0', '-map', '1', '-program', 'title=sound:st=1', '-program', 'title=film:st=0'];
    const file = makeStream({ mux: two });
    expect((await open(file)).tracks.map(({ kind }) => kind)).toEqual(['video']);
    expect((await open(file, { program: 1 })).tracks.map(({ kind }) => kind)).toEqual(['audio']);
    await expect(open(file, { program: 9 })).rejects.toMatchObject({ code: 'bad-request' });
  });

  test('are known though the stream begins in the middle of a GOP', async () => {
    const file = film().subarray(PACKET * 40);
    const demuxer = await open(file);
    expect(demuxer.tracks.map(({ unreadable }) => unreadable)).toEqual([null, null]);
    const samples = byTrack(await readAll(demuxer));
    expect(samples.get(VIDEO)?.length).toBeGreaterThan(80);
  });

  test('scrambled packets, and no program map, are no tracks', async () => {
    const file = film().slice();
    for (let at = 0; at < file.length; at += PACKET)
      if ((((file[at + 1] ?? 0) & 31) << 8) + (file[at + 2] ?? 0) >= VIDEO)
        file[at + 3] = (file[at + 3] ?? 0) | 0x80;
    const { tracks } = await open(file);
    expect(tracks.map(({ unreadable }) => unreadable)).toEqual([
      expect.stringContaining('encrypted'),
      expect.stringContaining('encrypted'),
    ]);
    const bare = new TsWriter().pes(
      VIDEO,
      pesPacket({ streamId: 0xe0, pts: 0, payload: new Uint8Array(2000) }),
    );
    await expect(open(bare.bytes())).rejects.toMatchObject({ code: 'unsupported' });
  });
});

describe('the same samples', () => {
  test.each([1, 187, 188, 189, 1000, 65_536])('in pieces of %i bytes', async (size) => {
    const file = film();
    const whole = await readAll(await open(file));
    expect(await readAll(await open(inPieces(memorySource(file), size)))).toEqual(whole);
    expect(whole.map(({ position }) => position)).toEqual(
      whole.map(({ position }) => position).sort((a, b) => a - b),
    );
  });

  test('from any packet on: all that begin there or later', async () => {
    const file = film();
    const demuxer = await open(file);
    const whole = await readAll(demuxer);
    const groups = byTrack(whole);
    for (let start = 0; start < file.length; start += 53 * PACKET) {
      const rest = byTrack(await readAll(demuxer, start));
      for (const [id, samples] of groups) {
        const expected = samples.filter(({ position }) => position >= start);
        expect(rest.get(id) ?? [], `track ${id} from ${start}`).toEqual(expected);
      }
    }
  });

  test('up to any packet, those that reach beyond it completed', async () => {
    const file = film();
    const demuxer = await open(file);
    const sound = (await readAll(demuxer)).filter(({ trackId }) => trackId === AUDIO);
    for (let end = 0; end < file.length; end += 41 * PACKET) {
      const query = { start: 0, soft: end, end, tracks: new Set([AUDIO]), isCompleting: true };
      const positions: number[] = [];
      for await (const { samples } of demuxer.samples(query, NEVER))
        positions.push(...samples.map(({ position }) => position));
      expect(positions).toEqual(sound.map(({ position }) => position).filter((position) => position < end));
    }
  });

  test.each([
    { name: 'M2TS', change: (file: Uint8Array) => asStride(file, 192) },
    { name: '204 bytes', change: (file: Uint8Array) => asStride(file, 204) },
    {
      name: 'behind a picture',
      change: (file: Uint8Array) => concat([bytesOf('89504e470d0a1a0a0047'), file]),
    },
    {
      name: 'every packet twice',
      change: (file: Uint8Array) => eachPacket(file, (packet) => [packet, packet]),
    },
    { name: 'stuffed', change: (file: Uint8Array) => eachPacket(file, (packet) => [packet, NULL_PACKET]) },
  ])('$name', async ({ change }) => {
    const whole = await readAll(await open(film()));
    expect(contents(await readAll(await open(change(film()))))).toEqual(contents(whole));
  });

  test('behind damage', async () => {
    const file = film();
    const at = PACKET * 300;
    const damaged = concat([file.subarray(0, at), new Uint8Array(777).fill(0x48), file.subarray(at)]);
    const whole = contents(await readAll(await open(file)));
    expect(contents(await readAll(await open(damaged)))).toEqual(whole);
    const lost = concat([file.subarray(0, at), file.subarray(at + 5 * PACKET)]);
    const rest = contents(await readAll(await open(lost)));
    expect(rest.length).toBeGreaterThan(whole.length - 20);
    expect(rest.slice(-100)).toEqual(whole.slice(-100));
  });
});

describe('time', () => {
  const relative = (samples: readonly ReadSample[]) => {
    const first = Math.min(...samples.map(({ time }) => time));
    return samples.map(({ time, trackId, sum }) => ({
      trackId,
      sum,
      time: Math.round((time - first) / 1e5),
    }));
  };

  test('wraps within the file', async () => {
    const plain = relative(await readAll(await open(film())));
    const file = makeStream({ mux: ['-output_ts_offset', `${2 ** 33 / 90_000 - 3}`] });
    const wrapped = await readAll(await open(file));
    expect(wrapped.some(({ time }) => time > (2 ** 33 / 90_000) * NANOSECONDS_PER_SECOND)).toBe(true);
    expect(relative(wrapped)).toEqual(plain);
  });

  test.each([
    '0',
    '1',
  ])('goes on at another clock, with other PIDs, in tables of version %s', async (version) => {
    const second = makeStream({
      mux: ['-output_ts_offset', '7777', '-mpegts_start_pid', '0x200', '-tables_version', version],
    });
    const file = concat([film(), second]);
    for (const access of ['anywhere', 'in order'] as const) {
      const demuxer = await open(file, { access });
      const samples = byTrack(await readAll(demuxer));
      const one = byTrack(await readAll(await open(film())));
      for (const [id, all] of samples) {
        expect(all.length, `${access}, track ${id}`).toBe(2 * (one.get(id)?.length ?? 0));
        const times = all.map(({ time }) => time).sort((a, b) => a - b);
        const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
        expect(Math.max(...gaps) / NANOSECONDS_PER_SECOND).toBeLessThan(0.1);
        expect(Math.min(...gaps) / NANOSECONDS_PER_SECOND).toBeGreaterThan(-0.1);
      }
    }
  });
});

test('whatever is damaged, samples or a MediaError', async () => {
  const file = makeStream({ seconds: 1 });
  let state = 12_345;
  const next = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const failures: unknown[] = [];
  let works = 0;
  for (let i = 0; i < 300; i++) {
    const mutant = file.slice();
    for (let k = next(20) + 1; k > 0; k--) mutant[next(i % 3 === 0 ? 2000 : mutant.length)] = next(256);
    try {
      works +=
        (await readAll(await open(mutant.subarray(0, mutant.length - next(2) * next(3000))))).length > 0
          ? 1
          : 0;
    } catch (error) {
      if (!(error instanceof MediaError)) failures.push(error);
    }
  }
  expect(failures).toEqual([]);
  expect(works).toBeGreaterThan(150);
});

test('tables over several packets and two programs are read to their end', async () => {
  const streams = Array.from({ length: 40 }, (_, i) => ({
    type: 0x15,
    pid: 600 + i,
    descriptors: [0x0a, 4, 100, 101, 117, 0],
  }));
  const head = new TsWriter()
    .sections(
      0,
      pat([
        { number: 5, pid: 4000 },
        { number: 1, pid: 4096 },
      ]),
    )
    .sections(4000, pmt({ program: 5, pcrPid: 600, streams }));
  const file = concat([head.bytes(), film()]);
  const { tracks } = await open(file, { program: 5 });
  expect(tracks).toHaveLength(40);
  expect((await open(file)).tracks.map(({ kind }) => kind)).toEqual(['video', 'audio']);
});
