import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { FragmentStream, type StreamedSample } from '../../../parsers/mp4/fragment-stream.ts';
import { codecString, videoCodec } from '../../../src/codecs/codecs.ts';
import { encodedCodecString } from '../../../src/codecs/encoded-video.ts';
import { clliPayload, mdcvPayload } from '../../../src/codecs/hdr.ts';
import { splitLengthPrefixed } from '../../../src/codecs/nal.ts';
import { concat } from '../../../src/core/bytes.ts';
import type { EncodeRun } from '../../../src/core/encoding.ts';
import type { Colour, VideoTrack } from '../../../src/core/media.ts';
import { openVideoEncoders } from '../../../src/ffmpeg/video/open-encoders.ts';
import { needsFfmpeg, run as runTool } from '../../helpers/ffmpeg.ts';
import { someOf } from '../../helpers/rows.ts';
import { BT709, HLG, PQ, run, target, track } from './rows.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-runs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const never = new AbortController().signal;
const NO_INPUT = new Uint8Array(0);

interface Film {
  readonly bytes: Uint8Array;
  /** Of its pictures, ascending, in microseconds. */
  readonly stamps: readonly number[];
}

/** Ten hours into a film, with pictures that do not follow each other at one distance; the lowest bit changes every 0.6 s. */
const STAMP = '36000000000+2*floor((PTS*1000+300*mod(PTS/40,7))/2)+mod(floor(PTS/600),2)'.replaceAll(
  ',',
  '\\,',
);

const films = new Map<string, Film>();

function filmOf(format: string, codec: readonly string[]): Film {
  const key = [format, ...codec].join(' ');
  const film = films.get(key) ?? makeFilm(format, codec);
  films.set(key, film);
  return film;
}

/** A moving pattern of 48 pictures in a codec, as Matroska whose stamps are microseconds. */
function makeFilm(format: string, codec: readonly string[]): Film {
  const path = join(folder, 'film.mkv');
  const pattern = ['-f', 'lavfi', '-i', `testsrc2=s=320x180:r=25,${format}`, '-frames:v', '48'];
  const made = runTool('ffmpeg', ['-y', ...pattern, '-c:v', ...codec, path], NO_INPUT);
  const stamps = ['-bsf:v', `setts=time_base=1/1000:pts=${STAMP}:dts=36000000000+DTS*1000`];
  const copy = ['-copyts', '-i', path, '-c', 'copy', ...stamps, '-avoid_negative_ts', 'disabled'];
  const { stdout, stderr } = runTool(
    'ffmpeg',
    [...copy, '-f', 'matroska', '-write_crc32', '0', '-live', '1', 'pipe:1'],
    NO_INPUT,
  );
  // TimestampScale, which FFmpeg always writes as a million.
  const at = stdout.indexOf(Buffer.from('2ad7b1830f4240', 'hex'));
  if (at < 0) throw new Error(`No film: ${made.stderr}${stderr}`);
  stdout.set([0x00, 0x03, 0xe8], at + 4);
  const told = runTool('ffprobe', ['-show_entries', 'packet=pts', '-of', 'csv=p=0', '-'], stdout).stdout;
  const list = Array.from(told.toString().matchAll(/^\d+/gm), ([stamp]) => Number(stamp));
  return { bytes: stdout, stamps: list.toSorted((a, b) => a - b) };
}

interface Encoded {
  readonly track: VideoTrack;
  readonly samples: readonly StreamedSample[];
}

const encoders = openVideoEncoders({
  program: 'ffmpeg',
  platform: process.platform,
  order: ['software'],
  now: () => performance.now(),
});

async function encoded(film: Film, given: EncodeRun): Promise<Encoded> {
  const stream = new FragmentStream();
  const samples: StreamedSample[] = [];
  const input = (async function* () {
    for (let at = 0; at < film.bytes.length; at += 65_536) yield [film.bytes.subarray(at, at + 65_536)];
  })();
  for await (const chunk of encoders.encode(given, input, never)) samples.push(...stream.push(chunk));
  const [video] = stream.tracks;
  if (video?.kind !== 'video') throw new Error('No video came out');
  return { track: video, samples };
}

/** Where the lowest bit is another one than before, and the first one. */
const cutsOf = (stamps: readonly number[]): number[] =>
  stamps.filter((stamp, i) => i === 0 || stamp % 2 !== (stamps[i - 1] ?? 0) % 2);

/** Every picture is there with its stamp, and what is between two cuts needs nothing else. */
function expectExact({ track: made, samples }: Encoded, stamps: readonly number[]): void {
  expect(samples.map(({ time }) => time).toSorted((a, b) => a - b)).toEqual(stamps);
  const [config] = made.configs;
  if (!config) throw new Error('No configuration');
  const kinds = samples.map(({ data }) => videoCodec(config).pictureKind(data));
  const keys = samples.filter((_, i) => kinds[i] === 'idr').map(({ time }) => time);
  expect(keys).toEqual(cutsOf(stamps));
  // In decode order nothing of a group lies behind the next key picture.
  const bits = samples.map(({ time }) => time % 2);
  expect(bits.filter((bit, i) => bit !== bits[i - 1])).toHaveLength(keys.length);
}

const SMALL = { width: 320, height: 180, maxBitrate: 1_000_000 } as const;
const small = (given: Partial<VideoTrack> = {}) => track({ width: 320, height: 180, ...given });
const decoded = (codecId: string, isInterlaced: boolean): Partial<VideoTrack> => ({
  decodeOnly: { codec: 'other', codecId, codecPrivate: NO_INPUT, mayBeInterlaced: isInterlaced },
});

interface Row {
  readonly what: string;
  readonly format: string;
  readonly codec: readonly string[];
  readonly source?: Partial<VideoTrack>;
  /** Pictures that are let go. */
  readonly skipped?: number;
}

const SOURCES: readonly Row[] = [
  {
    what: 'MPEG-2 of two fields',
    format: 'format=yuv420p,tinterlace=interleave_top',
    codec: ['mpeg2video', '-flags', '+ildct+ilme', '-bf', '2', '-q:v', '3'],
    source: decoded('V_MPEG2', true),
  },
  {
    what: 'H.264 in open GOPs, from a picture in their middle on',
    format: 'format=yuv420p',
    codec: ['libx264', '-x264-params', 'open-gop=1:keyint=12:min-keyint=12:scenecut=0:bframes=4:b-pyramid=2'],
    skipped: 14,
  },
  { what: 'MPEG-4 ASP', format: 'format=yuv420p', codec: ['mpeg4', '-bf', '2', '-q:v', '4'] },
  { what: 'ProRes, 4:2:2 of ten bits', format: 'format=yuv422p10le', codec: ['prores_ks'] },
  {
    what: 'HEVC in HDR10 as SDR',
    format: 'format=yuv420p10le',
    codec: ['libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none'],
    source: { colour: PQ },
  },
];

describe('H.264 out of', () => {
  it.for(someOf(SOURCES, 2))('$what: each picture with its stamp', async (row, context) => {
    needsFfmpeg(context);
    const film = filmOf(row.format, row.codec);
    const stamps = film.stamps.slice(row.skipped ?? 0);
    const given = run({ source: small(row.source), target: target(SMALL), from: stamps[0] ?? 0 });
    const result = await encoded(film, given);
    expect(film.stamps.length).toBeGreaterThanOrEqual(24);
    expectExact(result, stamps);
    expect(result.track.colour).toEqual(BT709);
    expect(codecString(result.track)).toBe(encodedCodecString(given.target));
  });
});

describe('one film by', () => {
  const masteringDisplay = mdcvPayload({
    green: { x: 13_250, y: 34_500 },
    blue: { x: 7500, y: 3000 },
    red: { x: 34_000, y: 16_000 },
    white: { x: 15_635, y: 16_450 },
    maxLuminance: 10_000_000,
    minLuminance: 1,
  });
  const contentLight = clliPayload({ maxContent: 1000, maxAverage: 400 });
  const kept = (colour: Colour, range: 'PQ' | 'HLG') => ({ ...SMALL, depth: 10, range, colour }) as const;

  it.for([
    { encoder: 'libx264', wanted: target(SMALL) },
    { encoder: 'libx265', wanted: target({ codec: 'h265', ...kept(PQ, 'PQ') }) },
    { encoder: 'libx265', wanted: target({ codec: 'h265', ...kept(HLG, 'HLG') }) },
    { encoder: 'libsvtav1', wanted: target({ codec: 'av1', ...kept(PQ, 'PQ') }) },
  ] as const)('$encoder, $wanted.depth bits, $wanted.range', async ({ encoder, wanted }, context) => {
    needsFfmpeg(context);
    const format = wanted.depth === 10 ? 'yuv420p10le' : 'yuv420p';
    const film = filmOf(`format=${format}`, ['ffv1']);
    const source = small({ colour: wanted.colour, masteringDisplay, contentLight });
    const result = await encoded(film, run({ encoder, source, target: wanted }));
    expectExact(result, film.stamps);
    expect(codecString(result.track)).toBe(encodedCodecString(wanted));
    expect(result.track).toMatchObject({ colour: wanted.colour, width: 320, height: 180 });
    if (encoder === 'libx265' && wanted.range === 'PQ')
      expect(result.track).toMatchObject({ masteringDisplay, contentLight });
  });
});

it('parameter sets stand in front of every key picture', async (context) => {
  needsFfmpeg(context);
  const film = filmOf('format=yuv420p', ['mpeg4', '-q:v', '4']);
  const sets = async (encoder: string, codec: 'h264' | 'h265') => {
    const given = run({ encoder, source: small(), target: target({ ...SMALL, codec }) });
    const { samples } = await encoded(film, given);
    const typeOf = ([first = 0]: Uint8Array) => (codec === 'h264' ? first & 31 : (first >> 1) & 63);
    const keys = samples.filter(({ isKey }) => isKey).map(({ data }) => [...splitLengthPrefixed(data, 4)]);
    return keys.map((nals) =>
      nals
        .map(typeOf)
        .slice(0, codec === 'h264' ? 2 : 3)
        .join(),
    );
  };
  expect(await sets('libx264', 'h264')).toEqual(['7,8', '7,8', '7,8', '7,8']);
  expect(await sets('libx265', 'h265')).toEqual(['32,33,34', '32,33,34', '32,33,34', '32,33,34']);
});

/** Red, green and blue of the middle of a third of the first picture, of FFmpeg's own making. */
function coloursOf(bytes: Uint8Array, format: string): number[][] {
  const small = ['-vf', 'scale=3:1:flags=area:out_range=pc,format=rgb24', '-frames:v', '1', '-f', 'rawvideo'];
  const { stdout } = runTool('ffmpeg', ['-f', format, '-i', 'pipe:0', ...small, 'pipe:1'], bytes);
  return [0, 3, 6].map((at) => [...stdout.subarray(at, at + 3)]);
}

describe('colours stay what they are', () => {
  const patches = 'geq=r=255*lt(X\\,107):g=255*between(X\\,107\\,213):b=255*gt(X\\,213)';
  it.for<readonly [what: string, format: string, codec: readonly string[], Partial<VideoTrack>]>([
    ['RGB', `format=gbrp,${patches}`, ['ffv1'], { ...decoded('V_FFV1', false), colour: null }],
    [
      'Motion JPEG',
      `format=gbrp,${patches},format=yuvj420p`,
      ['mjpeg', '-q:v', '2'],
      { ...decoded('V_MJPEG', false), colour: null },
    ],
    [
      'SD in BT.601',
      `format=gbrp,${patches},scale=out_color_matrix=smpte170m,format=yuv420p`,
      ['ffv1'],
      { colour: { primaries: 6, transfer: 6, matrix: 6, fullRange: false } },
    ],
  ])('%s as BT.709', async ([, format, codec, source], context) => {
    needsFfmpeg(context);
    const film = filmOf(format, codec);
    const chunks: Uint8Array[] = [];
    const input = (async function* () {
      yield [film.bytes];
    })();
    const given = run({ source: small(source), target: target({ ...SMALL, maxBitrate: 8_000_000 }) });
    for await (const chunk of encoders.encode(given, input, never)) chunks.push(chunk);
    const colours = coloursOf(concat(chunks), 'mp4');
    const pure = [0, 1, 2].map((i) => [0, 1, 2].map((j) => (i === j ? 255 : 0)));
    for (const [i, colour] of colours.entries())
      for (const [j, value] of colour.entries())
        expect(Math.abs(value - (pure[i]?.[j] ?? 0))).toBeLessThan(14);
  });
});
