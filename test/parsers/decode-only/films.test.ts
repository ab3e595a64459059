import { describe, expect, test } from 'vitest';
import { needsFfmpeg } from '../../helpers/ffmpeg.ts';
import {
  type Container,
  decoded,
  kindOf,
  makeFilm,
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

describe.each([
  { container: 'mkv', rows: MATROSKA },
  { container: 'mp4', rows: MP4 },
  { container: 'mov', rows: QUICKTIME },
  { container: 'ts', rows: TRANSPORT },
] as const)('$container', ({ container, rows }) => {
  test.for(rows)('$name', (row, context) => {
    needsFfmpeg(context);
    return judge(container, row);
  });
});

async function judge(container: Container, row: Row): Promise<void> {
  const { seconds = 0.8 } = row;
  const file = makeFilm({ container, seconds, options: ['-c:v', ...row.options.split(' ')] });
  const film = await openFilm(container, file);
  const { track, decodeOnly, samples, demuxer } = film;
  const { codecId, codec, mayBeInterlaced = false } = row;
  expect(decodeOnly).toMatchObject({ codecId, codec, mayBeInterlaced });
  expect(track).toMatchObject({ configs: [], unreadable: null, isAttachedPicture: false });
  const { stream, packets } = probe(file);
  const theirs = packets.map(({ time, size }) => [time, size - (row.head ?? 0)]);
  expect(samples.map(({ time, data }) => [milliseconds(time), data.length])).toEqual(theirs);
  if (row.kinds)
    expect([...new Set(samples.map((one) => kindOf(decodeOnly, one)))].sort()).toEqual([...row.kinds].sort());
  const { width, height, sample_aspect_ratio, r_frame_rate } = stream;
  const { h, v } = track.pixelAspect;
  expect([track.width, track.height, `${h}:${v}`]).toEqual([width, height, sample_aspect_ratio ?? '1:1']);
  if (track.frameRate) expect(`${track.frameRate.num}/${track.frameRate.den}`).toBe(r_frame_rate);
  expect(decoded(rewrapped(film))).toEqual(decoded(file));
  const keys = samples.flatMap((one, i) => (/idr|cra/.test(kindOf(decodeOnly, one)) ? [{ one, i }] : []));
  const last = keys.at(-1);
  if (!last) throw new Error('No key picture');
  const read = await samplesOf(demuxer, track.id, last.one.entry);
  const from = read.findIndex(({ position }) => position >= last.one.position);
  expect(read.slice(from)).toEqual(samples.slice(last.i));
}
