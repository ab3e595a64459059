import { describe, expect, test } from 'vitest';
import { concat } from '../../src/core/bytes.ts';
import type { Rendition } from '../../src/pipeline/renditions.ts';
import { needsFfmpeg, run } from '../helpers/ffmpeg.ts';
import { fixture } from '../helpers/fixtures.ts';
import { newCache, type Served, segmentBytes, serve } from './serve.ts';

/** Every codec that is copied, by a film that has it, and the sample entry it is written under. */
const ROWS = [
  { name: 'bframes-aac', tags: ['avc1', 'mp4a'] },
  { name: 'hevc', tags: ['hvc1', 'mp4a'] },
  { name: 'hevc-hdr10', tags: ['hvc1', 'fLaC'] },
  { name: 'vp9-opus', tags: ['vp09', 'Opus', 'Opus'] },
  { name: 'av1-eac3', tags: ['av01', 'ec-3'] },
  { name: 'ac3', tags: ['avc1', 'ac-3'] },
  { name: 'alac-flac-mp3', tags: ['avc1', 'alac', 'fLaC', 'mp4a'] },
  { name: 'surround-44k', tags: ['avc1', 'mp4a'] },
] as const;

async function whole(served: Served, rendition: Rendition): Promise<Uint8Array> {
  const spans = newCache();
  const parts = [rendition.muxer.init()];
  for (let n = 0; n < served.count; n++) parts.push(await segmentBytes(served, rendition, n, spans));
  return concat(parts);
}

/** What a decoder is told, whichever container told it. */
const SAME = [
  'codec_name',
  'profile',
  'width',
  'height',
  'pix_fmt',
  'level',
  'color_range',
  'color_space',
  'color_transfer',
  'color_primaries',
  'sample_rate',
  'channels',
  'channel_layout',
  'sample_fmt',
] as const;

type Stream = Readonly<Record<string, unknown>>;

function probe(bytes: Uint8Array): Stream[] {
  const { stdout } = run('ffprobe', ['-show_streams', '-of', 'json', 'pipe:0'], bytes);
  return JSON.parse(stdout.toString()).streams;
}

const told = (stream: Stream | undefined) => Object.fromEntries(SAME.map((name) => [name, stream?.[name]]));

describe.each(ROWS)('$name', ({ name, tags }) => {
  test('ffprobe reads the same of the segments as of the source', async (context) => {
    needsFfmpeg(context);
    const served = await serve(fixture(name));
    const source = probe(fixture(name));
    expect(served.renditions).toHaveLength(tags.length);
    for (const [i, rendition] of served.renditions.entries()) {
      const [stream] = probe(await whole(served, rendition));
      expect(stream?.codec_tag_string).toBe(tags[i]);
      expect(told(stream), `${rendition.name}`).toEqual(told(source[i]));
    }
  });

  test('decodes without complaint, and as long as the source', async (context) => {
    needsFfmpeg(context);
    const served = await serve(fixture(name));
    for (const rendition of served.renditions) {
      const { stderr } = run(
        'ffmpeg',
        ['-xerror', '-err_detect', 'explode', '-i', 'pipe:0', '-f', 'null', '-'],
        await whole(served, rendition),
      );
      expect(stderr, rendition.name).toBe('');
    }
  });
});

test('mastering display and light level stand in the sample entry', async (context) => {
  needsFfmpeg(context);
  const served = await serve(fixture('hevc-hdr10'));
  const [video] = served.renditions;
  if (!video) throw new Error('no video');
  const [stream] = probe(await whole(served, video));
  expect(stream?.side_data_list).toEqual([
    expect.objectContaining({
      side_data_type: 'Mastering display metadata',
      red_x: '34000/50000',
      white_point_y: '16450/50000',
      min_luminance: '50/10000',
      max_luminance: '10000000/10000',
    }),
    expect.objectContaining({
      side_data_type: 'Content light level metadata',
      max_content: 1000,
      max_average: 400,
    }),
  ]);
});
