import { beforeAll, describe, expect, test } from 'vitest';
import { hasFfmpeg, needsFfmpeg } from '../../helpers/ffmpeg.ts';
import {
  type Container,
  type Decoded,
  decodedAll,
  type Film,
  kindOf,
  makeFilms,
  milliseconds,
  openFilm,
  probe,
  rewrapped,
  samplesOf,
} from './files.ts';

/** Films of ffmpeg: what is read of them is what ffprobe reads, and ffmpeg decodes it to the same pictures. */

interface Row {
  readonly name: string;
  readonly options: string;
  readonly codecId: string;
  readonly codec: string;
  readonly mayBeInterlaced?: boolean;
  /** Bytes of each sample that ffprobe adds. */
  readonly head?: number;
  readonly kinds?: readonly string[];
  readonly seconds?: number;
}

const DV = 'dvvideo -s 720x576 -pix_fmt';
const KEYS = ['cra', 'other'];
const INTRA = ['idr'];
const QT = 'V_QUICKTIME';
const AVI = 'V_MS/VFW/FOURCC';
const GOP = '-g 8 -bf 2';

const MATROSKA: readonly Row[] = [
  {
    name: 'MPEG-1',
    options: `mpeg1video ${GOP}`,
    codecId: 'V_MPEG1',
    codec: 'mpeg2',
    kinds: ['idr', ...KEYS],
  },
  {
    name: 'MPEG-2',
    options: `mpeg2video ${GOP}`,
    codecId: 'V_MPEG2',
    codec: 'mpeg2',
    kinds: ['idr', ...KEYS],
  },
  {
    ...{ name: 'MPEG-2, interlaced, closed', codecId: 'V_MPEG2', codec: 'mpeg2', mayBeInterlaced: true },
    options: `mpeg2video ${GOP} -flags +ildct+ilme+cgop -sc_threshold 1000000000 -aspect 16:9`,
    kinds: ['idr', 'other'],
  },
  { name: 'MPEG-4', options: `mpeg4 ${GOP}`, codecId: 'V_MPEG4/ISO/ASP', codec: 'mpeg4', kinds: KEYS },
  {
    ...{ name: 'MPEG-4, interlaced', codecId: 'V_MPEG4/ISO/ASP', codec: 'mpeg4', mayBeInterlaced: true },
    options: `mpeg4 ${GOP} -flags +ildct+ilme`,
  },
  {
    name: 'VP8',
    options: 'libvpx -g 8 -deadline realtime',
    codecId: 'V_VP8',
    codec: 'vp8',
    kinds: ['idr', 'other'],
  },
  { name: 'ProRes', options: 'prores_ks', codecId: 'V_PRORES', codec: 'intra', head: 8, kinds: INTRA },
  { name: 'MJPEG', options: 'mjpeg', codecId: 'V_MJPEG', codec: 'intra' },
  { name: 'WMV 8', options: 'wmv2', codecId: AVI, codec: 'other', kinds: KEYS },
  { name: 'DivX 3', options: 'msmpeg4', codecId: 'V_MPEG4/MS/V3', codec: 'other' },
  { name: 'H.263', options: 'h263 -s 176x144', codecId: AVI, codec: 'other' },
  { name: 'DV', options: `${DV} yuv420p`, codecId: AVI, codec: 'intra', mayBeInterlaced: true, seconds: 0.2 },
  { name: 'Theora', options: 'libtheora', codecId: 'V_THEORA', codec: 'other' },
  { name: 'no codec', options: 'rawvideo -pix_fmt yuv420p', codecId: AVI, codec: 'intra' },
];

const MP4: readonly Row[] = [
  { name: 'MPEG-4', options: `mpeg4 ${GOP}`, codecId: 'V_MPEG4/ISO/ASP', codec: 'mpeg4', kinds: KEYS },
  { name: 'MPEG-2', options: `mpeg2video ${GOP}`, codecId: 'V_MPEG2', codec: 'mpeg2' },
  { name: 'MPEG-1', options: `mpeg1video ${GOP}`, codecId: 'V_MPEG1', codec: 'mpeg2' },
  { name: 'MJPEG', options: 'mjpeg', codecId: 'V_MJPEG', codec: 'intra' },
  { name: 'PNG', options: 'png', codecId: QT, codec: 'intra' },
];

const QUICKTIME: readonly Row[] = [
  { name: 'ProRes', options: 'prores_ks', codecId: 'V_PRORES', codec: 'intra', head: 8 },
  { name: 'MPEG-2', options: `mpeg2video ${GOP}`, codecId: 'V_MPEG2', codec: 'mpeg2' },
  { name: 'MJPEG', options: 'mjpeg', codecId: QT, codec: 'intra' },
  {
    name: 'DVCPRO 50',
    options: `${DV} yuv422p`,
    codecId: QT,
    codec: 'intra',
    mayBeInterlaced: true,
    seconds: 0.2,
  },
  { name: 'H.263', options: 'h263 -s 176x144', codecId: QT, codec: 'other', kinds: KEYS },
  { name: 'Sorenson', options: 'svq1', codecId: QT, codec: 'other' },
  { name: 'Animation', options: 'qtrle', codecId: QT, codec: 'other' },
  { name: 'no codec', options: 'rawvideo -pix_fmt uyvy422', codecId: QT, codec: 'intra' },
  { name: 'CineForm', options: 'cfhd', codecId: AVI, codec: 'intra' },
  { name: 'FFV1', options: 'ffv1', codecId: 'V_FFV1', codec: 'other' },
  {
    ...{ name: 'MPEG-4 in fragments', codecId: 'V_MPEG4/ISO/ASP', codec: 'mpeg4' },
    options: `mpeg4 ${GOP} -movflags frag_keyframe+empty_moov`,
  },
];

const TRANSPORT: readonly Row[] = [
  {
    name: 'MPEG-1',
    options: `mpeg1video ${GOP}`,
    codecId: 'V_MPEG1',
    codec: 'mpeg2',
    kinds: ['idr', ...KEYS],
  },
  {
    ...{ name: 'MPEG-2, interlaced', codecId: 'V_MPEG2', codec: 'mpeg2', mayBeInterlaced: true },
    options: `mpeg2video ${GOP} -flags +ildct+ilme -aspect 4:3`,
    kinds: ['idr', ...KEYS],
  },
  { name: 'MPEG-4', options: `mpeg4 ${GOP}`, codecId: 'V_MPEG4/ISO/ASP', codec: 'mpeg4', kinds: KEYS },
];

interface Made {
  readonly file: Uint8Array;
  readonly film: Film;
  /** What ffmpeg decodes of the file, and of the samples that were read of it. */
  readonly decoded: readonly [ofFile: Decoded, ofSamples: Decoded];
}

async function makeAll(container: Container, rows: readonly Row[]): Promise<ReadonlyMap<string, Made>> {
  const optionsOf = ({ seconds = 0.8, options }: Row) => ({
    ...{ container, seconds },
    options: ['-c:v', ...options.split(' ')],
  });
  const files = makeFilms(rows.map(optionsOf));
  const films = await Promise.all(files.map((file) => openFilm(container, file)));
  const ofFiles = decodedAll(files);
  const ofSamples = decodedAll(films.map(rewrapped));
  return new Map(
    rows.flatMap(({ name }, i) => {
      const [file, film, ofFile, own] = [files[i], films[i], ofFiles[i], ofSamples[i]];
      return file && film && ofFile && own ? [[name, { file, film, decoded: [ofFile, own] } as const]] : [];
    }),
  );
}

describe.each([
  { container: 'mkv', rows: MATROSKA },
  { container: 'mp4', rows: MP4 },
  { container: 'mov', rows: QUICKTIME },
  { container: 'ts', rows: TRANSPORT },
] as const)('$container', ({ container, rows }) => {
  let made: ReadonlyMap<string, Made> = new Map();
  beforeAll(async () => {
    if (hasFfmpeg) made = await makeAll(container, rows);
  }, 60_000);

  test.for(rows)('$name', async (row, context) => {
    needsFfmpeg(context);
    const one = made.get(row.name);
    if (!one) throw new Error('It was not made');
    expectTrack(row, one);
    expect(one.decoded[1]).toEqual(one.decoded[0]);
    await expectSameFromLastKey(one.film);
  });
});

function expectTrack(row: Row, { file, film }: Made): void {
  const { track, decodeOnly, samples } = film;
  const { codecId, codec, mayBeInterlaced = false, head = 0, kinds } = row;
  expect(decodeOnly).toMatchObject({ codecId, codec, mayBeInterlaced });
  expect(track).toMatchObject({ configs: [], unreadable: null, isAttachedPicture: false });
  const { stream, packets } = probe(file);
  const theirs = packets.map(({ time, size }) => [time, size - head]);
  expect(samples.map(({ time, data }) => [milliseconds(time), data.length])).toEqual(theirs);
  if (kinds)
    expect([...new Set(samples.map((one) => kindOf(decodeOnly, one)))].sort()).toEqual([...kinds].sort());
  const { width, height, sample_aspect_ratio, r_frame_rate } = stream;
  const { h, v } = track.pixelAspect;
  expect([track.width, track.height, `${h}:${v}`]).toEqual([width, height, sample_aspect_ratio ?? '1:1']);
  if (track.frameRate) expect(`${track.frameRate.num}/${track.frameRate.den}`).toBe(r_frame_rate);
}

async function expectSameFromLastKey({ demuxer, track, decodeOnly, samples }: Film): Promise<void> {
  const last = samples.findLastIndex((one) => /idr|cra/.test(kindOf(decodeOnly, one)));
  const key = samples[last];
  if (!key) throw new Error('No key picture');
  const read = await samplesOf(demuxer, track.id, key.entry);
  const from = read.findIndex(({ position }) => position >= key.position);
  expect(read.slice(from)).toEqual(samples.slice(last));
}
