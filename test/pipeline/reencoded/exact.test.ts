import { describe, expect, it } from 'vitest';
import { needsFfmpeg, run } from '../../helpers/ffmpeg.ts';
import { someOf } from '../../helpers/rows.ts';
import { readSegment } from '../mp4-reader.ts';
import { filmOf, moving, openFilm, readAll, shown } from './studio.ts';

const X264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];

/** Films whose video can be copied as well: the encoded one has its cuts, times and pictures. */
const COPIED = [
  {
    name: 'H.264 with closed GOPs',
    file: 'a.mkv',
    options: [...moving('192x108', 25, 14), ...X264, '-g', '50', '-bf', '2', '-sc_threshold', '0'],
  },
  {
    name: 'H.264 with open GOPs, in MP4',
    file: 'a.mp4',
    options: [...moving('192x108', 25, 22), ...X264, '-x264-params', 'keyint=45:open-gop=1:bframes=3'],
  },
  {
    name: 'interlaced H.264, in a transport stream',
    file: 'a.ts',
    options: [
      ...moving('192x128', 50, 14),
      ...['-vf', 'tinterlace=interleave_top,fieldorder=tff', ...X264],
      ...['-flags', '+ildct+ilme', '-g', '50', '-x264-params', 'tff=1:open-gop=0'],
    ],
  },
  {
    name: 'HEVC with open GOPs',
    file: 'a.mkv',
    options: [
      ...moving('192x108', 24, 12),
      '-c:v',
      'libx265',
      '-preset',
      'ultrafast',
      '-x265-params',
      'log-level=error:keyint=48:bframes=3:open-gop=1',
    ],
  },
  {
    name: 'pictures at uneven distances',
    file: 'a.mkv',
    options: [
      ...moving('192x108', 30, 14),
      '-vf',
      "select='not(eq(mod(n\\,7)\\,3))'",
      '-fps_mode',
      'vfr',
      ...X264,
      '-g',
      '60',
    ],
  },
  {
    name: 'VP9',
    file: 'a.webm',
    options: [
      ...moving('192x108', 25, 10),
      '-c:v',
      'libvpx-vp9',
      '-deadline',
      'realtime',
      '-cpu-used',
      '8',
      '-g',
      '50',
    ],
  },
] as const;

describe('encoded video has the cuts, times and pictures of the copied one', () => {
  it.for(someOf(COPIED, 2))('$name', async ({ file, options }, context) => {
    needsFfmpeg(context);
    const film = await openFilm(await filmOf(file, options));
    try {
      const { encoded, copied } = film;
      if (!copied) throw new Error('It is not copied');
      const expected = await readAll(film, copied);
      const found = await readAll(film, encoded);
      expect(found.map(shown)).toEqual(expected.map(shown));
      const line = (list: typeof found) =>
        list.map(({ fragments, samples }) => ({
          tfdt: fragments[0]?.tfdt,
          ticks: samples.reduce((sum, { duration }) => sum + duration, 0),
        }));
      expect(line(found)).toEqual(line(expected));
      expect(found.map(({ samples }) => samples.map(({ isSync }) => isSync).lastIndexOf(true))).toEqual(
        found.map(() => 0),
      );
    } finally {
      await film.close();
    }
  });

  it('whoever asks first gets the segment right, in any order', async (context) => {
    needsFfmpeg(context);
    const bytes = await filmOf('a.mp4', COPIED[1].options);
    const inOrder = await openFilm(bytes);
    const atRandom = await openFilm(bytes);
    try {
      const expected = (await readAll(inOrder, inOrder.encoded)).map(shown);
      expect(expected.length).toBeGreaterThan(4);
      for (const n of [3, 0, 4, 1, 2]) {
        const segment = await atRandom.segment(atRandom.encoded, n);
        expect(shown(readSegment(segment))).toEqual(expected[n]);
        const whole = Buffer.concat([await atRandom.init(), segment]);
        const { stdout, stderr } = run(
          'ffmpeg',
          ['-f', 'mp4', '-i', 'pipe:0', '-f', 'framehash', '-'],
          whole,
        );
        expect(stderr).toBe('');
        expect(stdout.toString().match(/^0,/gm)).toHaveLength(expected[n]?.length ?? 0);
      }
    } finally {
      await inOrder.close();
      await atRandom.close();
    }
  });
});
