import { beforeEach, describe, expect, test } from 'vitest';
import { recogniseSound } from '../../../parsers/mpegts/sound/recognition.ts';
import { parseAdtsHeader } from '../../../src/codecs/adts.ts';
import { concat } from '../../../src/core/bytes.ts';
import type { Source } from '../../../src/core/contracts.ts';
import { NANOSECONDS_PER_SECOND } from '../../../src/core/time.ts';
import { needsFfmpeg } from '../../helpers/ffmpeg.ts';
import { someOf } from '../../helpers/rows.ts';
import { pat, pesPacket, pmt, TsWriter, tsPacket } from '../../helpers/ts-writer.ts';
import { encodeStream, piecesOf } from './sound/streams.ts';
import {
  byTrack,
  eachPacket,
  makeStream,
  open,
  PMT_PID,
  pidOf,
  readAll,
  program as tables,
} from './streams.ts';

const VIDEO = 256;
const SOUND = 257;
const PRIVATE = 6;

beforeEach(needsFfmpeg);

/** Frames of sound of one second, in payloads of `size` bytes, beginning `skip` bytes behind their beginning. */
const payloads = (options: string, size: number, skip = 0): Uint8Array[] =>
  piecesOf(encodeStream(options.split(' '), [48_000, 2]).subarray(skip), size);

interface StreamOptions {
  readonly type?: number;
  readonly program?: readonly number[];
  readonly streamId?: number;
  readonly descriptors?: readonly number[];
}

/** A stream whose only elementary stream has the payloads, one each 20 ms. */
function streamOf(parts: readonly Uint8Array[], options: StreamOptions = {}): Uint8Array {
  const { type = PRIVATE, program = [], streamId = 0xbd, descriptors = [] } = options;
  const writer = tables({
    pcrPid: SOUND,
    descriptors: program,
    streams: [{ type, pid: SOUND, descriptors }],
  });
  parts.forEach((payload, i) => {
    writer.pes(SOUND, pesPacket({ streamId, pts: 90_000 + i * 1800, payload }));
  });
  return writer.bytes();
}

const ROWS = [
  { name: 'AAC in ADTS', options: '-c:a aac -f adts', codec: 'aac', told: 'aac' },
  // its configuration comes with every twentieth element
  { name: 'AAC in LATM', options: '-c:a aac -f latm', codec: 'aac_latm', told: 'aac', share: 0.1 },
  { name: 'AC-3', options: '-c:a ac3 -f ac3', codec: 'ac3', told: 'ac3' },
  { name: 'E-AC-3', options: '-c:a eac3 -f eac3', codec: 'eac3', told: 'eac3' },
  { name: 'layer II', options: '-c:a mp2 -f mp2', codec: 'mpeg-audio', told: 'mp2' },
  {
    name: 'layer III',
    options: '-c:a libmp3lame -write_xing 0 -id3v2_version 0 -f mp3',
    codec: 'mpeg-audio',
    told: 'mp3',
  },
  { name: 'DTS', options: '-c:a dca -strict -2 -f dts', codec: 'dts', told: 'dts' },
];

describe.each(someOf<(typeof ROWS)[number]>(ROWS, 3))('$name as private data', ({
  options,
  codec,
  told,
  share = 0.8,
}) => {
  test.each([
    { name: 'from its first frame on', size: 2000, skip: 0 },
    { name: 'from the middle of a frame on', size: 2000, skip: 77 },
    { name: 'in payloads of a packet', size: 170, skip: 301 },
  ])('$name', async ({ size, skip }) => {
    const demuxer = await open(streamOf(payloads(options, size, skip)));
    expect(demuxer.tracks).toMatchObject([
      { kind: 'audio', sourceCodec: codec, sampleRate: 48_000, channels: 2, unreadable: null },
    ]);
    const [track] = demuxer.tracks;
    const config = track?.kind === 'audio' ? (track.configs[0] ?? track.decodeOnly) : null;
    expect(config?.codec).toBe(told);
    const frames = payloads(options, 1 << 20).reduce((sum, { length }) => sum + length, 0);
    const bytes = (await readAll(demuxer)).reduce((sum, sample) => sum + sample.size, 0);
    expect(bytes).toBeGreaterThan(frames * share);
  });
});

/** The stream with another program map in place of its own. */
function withTable(file: Uint8Array, table: Uint8Array): Uint8Array {
  const payload = new Uint8Array(184).fill(0xff);
  payload.set([0, ...table]);
  return eachPacket(file, (packet) => {
    const pid = pidOf(packet);
    return [pid === PMT_PID ? tsPacket({ pid, isStart: true, counter: packet[3] ?? 0, payload }) : packet];
  });
}

test('Opus with its control headers', async () => {
  const file = makeStream({ video: [], audio: ['-c:a', 'libopus'] });
  const bare = withTable(file, pmt({ pcrPid: VIDEO, streams: [{ type: PRIVATE, pid: VIDEO }] }));
  const demuxer = await open(bare);
  expect(demuxer.tracks).toMatchObject([{ kind: 'audio', sourceCodec: 'opus', channels: 2 }]);
  expect(await readAll(demuxer)).toEqual(await readAll(await open(file)));
});

test('a form that is not read makes the stream unreadable, not the file', async () => {
  const unreadable = [5, 4, 0x4f, 0x70, 0x75, 0x73, 0x7f, 2, 0x80, 0x99];
  const streams = [
    { type: 0x1b, pid: VIDEO },
    { type: PRIVATE, pid: SOUND, descriptors: unreadable },
  ];
  const demuxer = await open(withTable(makeStream({ seconds: 1 }), pmt({ pcrPid: VIDEO, streams })));
  const reasons = demuxer.tracks.map(({ unreadable }) => unreadable);
  expect(reasons).toEqual([null, expect.stringContaining('channel_config_code')]);
  expect(byTrack(await readAll(demuxer)).get(VIDEO)).toHaveLength(25);
});

describe("ffmpeg's M2TS names no AAC and no MPEG audio", () => {
  test.each([
    { encoder: ['-c:a', 'aac'], codec: 'aac' },
    { encoder: ['-c:a', 'mp2'], codec: 'mpeg-audio' },
    { encoder: ['-c:a', 'libmp3lame'], codec: 'mpeg-audio' },
  ])('$encoder', async ({ encoder, codec }) => {
    const m2ts = await open(makeStream({ audio: encoder, mux: ['-mpegts_m2ts_mode', '1'] }));
    const plain = await open(makeStream({ audio: encoder }));
    expect(m2ts.tracks.map(({ kind, sourceCodec }) => [kind, sourceCodec])).toEqual([
      ['video', 'h264'],
      ['audio', codec],
    ]);
    const [own, theirs] = [byTrack(await readAll(m2ts)), byTrack(await readAll(plain))].map((all) =>
      [...all.values()][1]?.map(({ sum, duration }) => ({ sum, duration })),
    );
    expect(own?.length).toBeGreaterThan(100);
    expect(own).toEqual(theirs);
  });
});

test('stamps of recognised sound are followed as those of pictures', async () => {
  const near = ['-output_ts_offset', `${2 ** 33 / 90_000 - 2}`];
  const demuxer = await open(makeStream({ mux: [...near, '-mpegts_m2ts_mode', '1'] }));
  const tracks = [...byTrack(await readAll(demuxer)).values()];
  const [pictures, sound] = tracks.map((samples) => samples.map(({ time }) => time / NANOSECONDS_PER_SECOND));
  expect(tracks).toHaveLength(2);
  expect(Math.max(...(sound ?? [])) - Math.max(...(pictures ?? []))).toBeCloseTo(0, 0);
  expect(Math.max(...(sound ?? [])) - Math.min(...(sound ?? []))).toBeCloseTo(4, 0);
});

/** Bytes that differ, and are the same at every run. */
function noise(size: number): Uint8Array {
  let state = 7;
  return Uint8Array.from({ length: size }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
}

const teletext = concat([
  Uint8Array.of(0x10),
  ...Array.from({ length: 4 }, (_, i) =>
    concat([Uint8Array.of(0x03, 0x2c, 0xe0 | i, 0xe4), noise(42).map((byte) => byte | 1)]),
  ),
  ...Array.from({ length: 3 }, () => new Uint8Array(46).fill(0xff)),
]);
const subtitles = concat([
  Uint8Array.of(0x20, 0, 0x0f, 0x10, 0, 1, 0, 2, 0x1e, 0x50, 0x0f, 0x13, 0, 1, 0x04, 0),
  noise(1024),
  Uint8Array.of(0xff),
]);

describe('what is no sound', () => {
  const oneFrame = () => {
    const [frames = noise(10)] = payloads('-c:a aac -f adts', 4000);
    return [frames.subarray(0, parseAdtsHeader(frames)?.frameBytes)];
  };
  test.each([
    { name: 'teletext', parts: () => Array.from({ length: 50 }, () => teletext) },
    { name: 'DVB subtitles', parts: () => Array.from({ length: 50 }, () => subtitles) },
    { name: 'noise', parts: () => piecesOf(noise(300_000), 1500) },
    { name: 'nothing but zeros', parts: () => [new Uint8Array(70_000)] },
    { name: 'nothing but sync words', parts: () => [new Uint8Array(70_000).fill(0xff)] },
    { name: 'a frame alone', parts: oneFrame },
    { name: 'no packet', parts: () => [] },
  ])('$name stays private data', async ({ parts }) => {
    const { tracks } = await open(streamOf(parts()));
    expect(tracks).toMatchObject([{ kind: 'other', sourceCodec: 'private', unreadable: null }]);
  });

  test('splice information in sections', async () => {
    const file = tables({ pcrPid: SOUND, streams: [{ type: 0x86, pid: SOUND }] }).sections(
      SOUND,
      pat([{ number: 1, pid: PMT_PID }]),
    );
    const { tracks } = await open(file.bytes());
    expect(tracks).toMatchObject([{ kind: 'other', sourceCodec: 'scte35' }]);
  });

  test('two frames of different streams do not agree', () => {
    const [frame] = payloads('-c:a aac -f adts', 4000);
    const stereo = frame ?? noise(10);
    expect(recogniseSound(stereo)).toMatchObject({ codec: 'aac', at: 0 });
    const length = parseAdtsHeader(stereo)?.frameBytes ?? 0;
    const other = stereo.slice(0, length + 9);
    other[length + 2] = (other[length + 2] ?? 0) ^ 0x0c;
    expect(recogniseSound(other)).toBeNull();
  });
});

describe('DTS where others have splice information', () => {
  const CUEI = [5, 4, 0x43, 0x55, 0x45, 0x49];
  const parts = () => payloads('-c:a dca -strict -2 -f dts', 2000);
  test.each([
    { name: 'no registration: as the frames say', program: [], kind: 'audio', codec: 'dts' },
    { name: 'registered for splicing', program: CUEI, kind: 'other', codec: 'scte35' },
  ])('$name', async ({ program, kind, codec }) => {
    const { tracks } = await open(streamOf(parts(), { type: 0x86, program }));
    expect(tracks).toMatchObject([{ kind, sourceCodec: codec }]);
  });
});

describe('private data for which no frames come', () => {
  const LATE = 600;
  const film = () => {
    const file = makeStream({ seconds: 6, mux: ['-muxrate', '3M'] });
    const streams = [
      { type: 0x1b, pid: VIDEO },
      { type: 0x0f, pid: SOUND },
      { type: PRIVATE, pid: LATE },
    ];
    return withTable(file, pmt({ pcrPid: VIDEO, streams }));
  };
  const late = new TsWriter().pes(LATE, pesPacket({ streamId: 0xbd, pts: 0, payload: noise(100) })).bytes();

  test.each([
    { name: 'no packet', change: (file: Uint8Array) => file },
    {
      name: 'a packet that is none',
      change: (file: Uint8Array) => concat([file.subarray(0, 1880), late, file.subarray(1880)]),
    },
  ])('$name: little more than a second is read for them', async ({ change }) => {
    const file = change(film());
    let read = 0;
    const source: Source = {
      size: file.length,
      async *read({ start, end }) {
        for (let at = start; at < end; at += 9400) {
          read = Math.max(read, at);
          yield file.subarray(at, Math.min(end, at + 9400));
        }
      },
    };
    const { tracks } = await open(source, { access: 'in order' });
    expect(tracks.map(({ kind, unreadable }) => [kind, unreadable])).toEqual([
      ['video', null],
      ['audio', null],
      ['other', null],
    ]);
    expect(read / file.length).toBeGreaterThan(0.15);
    expect(read / file.length).toBeLessThan(0.45);
  });
});
