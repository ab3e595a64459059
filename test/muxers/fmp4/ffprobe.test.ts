import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { createFragmentMuxer } from '../../../muxers/fmp4/muxer.ts';
import { buildAvcRecord, collectParameterSets } from '../../../src/codecs/h264.ts';
import { classifyAccessUnit } from '../../../src/codecs/h264-access-unit.ts';
import { parseSps } from '../../../src/codecs/h264-sps.ts';
import { joinLengthPrefixed, splitAnnexB } from '../../../src/codecs/nal.ts';
import { concat } from '../../../src/core/bytes.ts';
import type { VideoTrack } from '../../../src/core/media.ts';
import { ticks } from '../../../src/core/time.ts';
import { needsFfmpeg, run } from '../../helpers/ffmpeg.ts';
import { VIDEO } from './tracks.ts';

/** Access units of a byte stream with delimiters: NAL unit type 9. */
function accessUnits(stream: Uint8Array): Uint8Array[][] {
  const units: Uint8Array[][] = [];
  for (const nal of splitAnnexB(stream)) {
    if (((nal[0] ?? 0) & 31) === 9) units.push([]);
    else units.at(-1)?.push(nal);
  }
  return units;
}

const SOURCE = ['-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=25', '-frames:v', '30', '-c:v', 'libx264'];
const OPTIONS = [
  '-bf',
  '0',
  '-g',
  '15',
  '-x264-params',
  'aud=1',
  '-vf',
  'setsar=4/3',
  '-f',
  'h264',
  'pipe:1',
];

/** Pictures without reordering: each lasts a tick and is shown when it is decoded. */
function muxed(): Uint8Array {
  const { stdout } = spawnSync('ffmpeg', ['-v', 'error', ...SOURCE, ...OPTIONS]);
  const units = accessUnits(stdout);
  const sets = collectParameterSets(units[0] ?? []);
  const sps = parseSps(sets.sps[0] ?? new Uint8Array());
  const track: VideoTrack = {
    ...VIDEO,
    configs: [{ codec: 'h264', record: buildAvcRecord(sets) }],
    width: sps.width,
    height: sps.height,
    pixelAspect: sps.pixelAspect ?? { h: 1, v: 1 },
    language: 'de',
  };
  const samples = units.map((nals, i) => {
    const isSync = classifyAccessUnit(nals).kind === 'idr';
    const packet = { trackId: 1, configId: 0, pts: ticks(100 + i), isSync, data: joinLengthPrefixed(nals) };
    return { packet, dts: 100 + i, duration: 1 };
  });
  const muxer = createFragmentMuxer(track, {
    trackId: 1,
    timescale: 25,
    bitrate: { average: 500_000, peak: 600_000 },
  });
  return concat([
    muxer.init(),
    ...muxer.fragment(1, samples.slice(0, 15), { isFirst: true }),
    ...muxer.fragment(2, samples.slice(15), { isFirst: false }),
  ]);
}

describe('a muxed film', () => {
  test('is what ffprobe reads', (context) => {
    needsFfmpeg(context);
    const entries =
      'stream=codec_tag_string,profile,width,height,sample_aspect_ratio,time_base:stream_tags=language:packet=pts,dts,duration,flags';
    const { stdout, stderr } = run('ffprobe', ['-show_entries', entries, '-of', 'json', 'pipe:0'], muxed());
    const { streams, packets } = JSON.parse(stdout.toString());
    expect(stderr).toBe('');
    expect(streams).toMatchObject([
      {
        codec_tag_string: 'avc1',
        profile: 'High',
        width: 320,
        height: 180,
        sample_aspect_ratio: '4:3',
        time_base: '1/25',
        tags: { language: 'deu' },
      },
    ]);
    expect(packets.length).toBe(30);
    expect(packets[0]).toMatchObject({ pts: 100, dts: 100, duration: 1, flags: 'K_' });
    expect(packets.filter(({ flags }: { flags: string }) => flags === 'K_').length).toBe(2);
  });

  test('decodes without complaint', (context) => {
    needsFfmpeg(context);
    const { stdout, stderr } = run(
      'ffmpeg',
      ['-i', 'pipe:0', '-f', 'rawvideo', '-pix_fmt', 'gray', 'pipe:1'],
      muxed(),
    );
    expect(stderr).toBe('');
    expect(stdout.length).toBe(30 * 320 * 180);
  });
});
