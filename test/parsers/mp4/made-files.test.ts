import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { boxes, findBox } from '../../../parsers/mp4/box.ts';
import { parseMovie } from '../../../parsers/mp4/movie.ts';
import { type Mp4Track, readTracks } from '../../../parsers/mp4/tracks.ts';
import { needsFfmpeg, run } from '../../helpers/ffmpeg.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-mp4-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Probed {
  readonly index: number;
  readonly codec_name: string;
  readonly sample_rate?: string;
  readonly channels?: number;
  readonly width?: number;
  readonly height?: number;
  readonly sample_aspect_ratio?: string;
  readonly tags?: { readonly language?: string };
  readonly side_data_list?: readonly { readonly rotation?: number }[];
}

/** A file that ffmpeg makes, our reading of its movie box, and that of ffprobe. */
function make(name: string, options: readonly string[]) {
  const path = join(folder, name);
  const { status, stderr } = spawnSync('ffmpeg', ['-v', 'error', '-y', ...options, path]);
  if (status !== 0) throw new Error(stderr.toString());
  const file = new Uint8Array(readFileSync(path));
  const moov = findBox(boxes(file, 0), 'moov');
  if (!moov) throw new Error('no moov');
  const movie = parseMovie(moov.bytes, moov.content);
  const { stdout } = run('ffprobe', ['-of', 'json', '-show_streams', path], new Uint8Array(0));
  const streams: readonly Probed[] = JSON.parse(stdout.toString()).streams;
  return { movie, streams, tracks: readTracks(movie).map((track, i) => completed(track, { path, file, i })) };
}

/** With the help of its first sample, where it takes one. */
function completed(
  track: Mp4Track,
  { path, file, i }: { readonly path: string; readonly file: Uint8Array; readonly i: number },
): Mp4Track {
  if (!track.complete) return track;
  const show = ['-of', 'csv=p=0', '-select_streams', String(i), '-show_entries', 'packet=size,pos'];
  const { stdout } = run('ffprobe', [...show, '-read_intervals', '%+#1', path], new Uint8Array(0));
  const [size = 0, position = 0] = stdout.toString().split(/[,\n]/).map(Number);
  return track.complete(file.subarray(position, position + size)) ?? track;
}

/** What both call a codec. */
function codecOf({ track }: Mp4Track): string {
  if (track.kind === 'video') return NAMES[track.configs[0]?.codec ?? ''] ?? track.configs[0]?.codec ?? '';
  if (track.kind !== 'audio') return '';
  const config = track.configs[0] ?? track.decodeOnly;
  if (config?.codec !== 'pcm') return config?.codec ?? '';
  const { encoding, bits, isBigEndian } = config.format;
  const letter = { signed: 's', unsigned: 'u', float: 'f', alaw: 'alaw', mulaw: 'mulaw' }[encoding];
  return `pcm_${letter}${letter.length > 1 ? '' : bits}${bits === 8 ? '' : isBigEndian ? 'be' : 'le'}`;
}
const NAMES: Readonly<Record<string, string>> = { h265: 'hevc' };

const shown = (read: Mp4Track) => {
  const { track } = read;
  const codec = codecOf(read);
  if (track.kind === 'audio') return { codec, rate: track.sampleRate, channels: track.channels };
  if (track.kind === 'video') return { codec, width: track.width, height: track.height };
  return { codec };
};
const probed = ({ codec_name: codec, sample_rate, channels, width, height }: Probed) => {
  return sample_rate ? { codec, rate: Number(sample_rate), channels } : { codec, width, height };
};

const SINE = ['-f', 'lavfi', '-i', 'sine=r=48000:d=0.2,aformat=channel_layouts=stereo'];
const PICTURES = ['-f', 'lavfi', '-i', 'testsrc2=s=128x96:r=25:d=0.12'];
const encodings = (kind: 'a' | 'v', codecs: readonly string[]) =>
  codecs.flatMap((codec, i) => ['-map', `0:${kind}`, `-c:${kind}:${i}`, codec]);

test('sound of QuickTime: versions 0, 1 and 2', (context) => {
  needsFfmpeg(context);
  const plain = 's16le s16be s24le s24be s32le s32be f32le f32be f64le f64be u8 s8 alaw mulaw';
  const codecs = [...plain.split(' ').map((one) => `pcm_${one}`), 'aac', 'alac', 'ac3', 'libmp3lame'];
  const fast = ['pcm_s16le', 'pcm_s24be', 'pcm_s32le', 'pcm_f32le', 'pcm_f64be'];
  const { tracks, streams } = make('sound.mov', [
    ...SINE,
    ...encodings('a', [...codecs, ...fast]),
    ...fast.flatMap((_, i) => [`-ar:a:${codecs.length + i}`, '96000']),
  ]);
  expect(tracks.map(shown)).toEqual(streams.map(probed));
  const layouts = tracks.map(({ source: { descriptions } }) => {
    const [one] = descriptions;
    if (one?.kind !== 'audio') return '';
    return one.entry.linear ? '2' : one.entry.packing ? '1' : '0';
  });
  expect(layouts.join('')).toBe('00 11111111 0000 1111 22222'.replaceAll(' ', ''));
});

test('sound of MP4', (context) => {
  needsFfmpeg(context);
  const codecs = ['aac', 'ac3', 'eac3', 'libopus', 'flac', 'alac', 'libmp3lame', 'mp2', 'dca', 'libvorbis'];
  const { tracks, streams } = make('sound.mp4', [
    ...SINE,
    ...encodings('a', codecs),
    ...['-strict', '-2', '-metadata:s:a:0', 'language=ger', '-metadata:s:a:1', 'language=por'],
    ...['-metadata:s:a:1', 'title=Kommentar'],
  ]);
  // ffprobe goes by the object type, which has no layers.
  const layer2 = (stream: Probed) => (stream.index === 7 ? { ...stream, codec_name: 'mp2' } : stream);
  expect(tracks.map(shown)).toEqual(streams.map(layer2).map(probed));
  const frames = tracks.map(({ track }) => track.kind === 'audio' && track.frameSize);
  expect(frames).toEqual([1024, 1536, 1536, null, 4608, 4096, 1152, 1152, 512, null]);
  expect(tracks.slice(0, 3).map(({ track }) => [track.language, track.isEnabled])).toEqual([
    ['de', true],
    ['pt', false],
    ['und', false],
  ]);
});

test('TrueHD, which only its frames tell', (context) => {
  needsFfmpeg(context);
  const { tracks } = make('truehd.mp4', [...SINE, '-c:a', 'truehd', '-strict', '-2']);
  expect(tracks[0]?.track).toMatchObject({
    ...{ decodeOnly: { codec: 'truehd' }, sampleRate: 48_000, channels: 2, frameSize: 40 },
  });
});

describe('pictures', () => {
  test('codecs, sizes, pixel aspect', (context) => {
    needsFfmpeg(context);
    const codecs = ['libx264', 'libx265', 'libvpx-vp9', 'libaom-av1', 'libx264'];
    const { tracks, streams } = make('pictures.mp4', [
      ...PICTURES,
      ...encodings('v', codecs),
      ...['-vf:v:4', 'scale=100:50,setsar=16/11', '-cpu-used', '8', '-x265-params', 'log-level=none'],
    ]);
    expect(tracks.map(shown)).toEqual(streams.map(probed));
    expect(tracks.map(({ track }) => track.unreadable)).toEqual(codecs.map(() => null));
    expect(tracks[4]?.track).toMatchObject({ pixelAspect: { h: 16, v: 11 } });
    expect(tracks[0]?.source).toMatchObject({ hasSampleTables: true, sampleCount: 3 });
  });

  test.for([90, 180, 270])('rotated by %i degrees', (degrees, context) => {
    needsFfmpeg(context);
    const { tracks, streams } = make(`rotated-${degrees}.mp4`, [
      ...PICTURES,
      ...['-c:v', 'mpeg4', '-metadata:s:v', `rotate=${degrees}`],
    ]);
    const [side] = streams[0]?.side_data_list ?? [];
    // ffprobe counts counter-clockwise.
    expect(tracks[0]?.track).toMatchObject({ rotation: (360 - (side?.rotation ?? 0)) % 360 });
    expect(side?.rotation).not.toBe(0);
    expect(tracks[0]?.track.sourceCodec).toBe('mp4v.20 (mpeg4)');
  });

  test('encrypted', (context) => {
    needsFfmpeg(context);
    const key = '00112233445566778899aabbccddeeff';
    const { tracks } = make('encrypted.mp4', [
      ...PICTURES,
      ...SINE,
      ...['-c:v', 'libx264', '-c:a', 'aac', '-encryption_scheme', 'cenc-aes-ctr'],
      ...['-encryption_key', key, '-encryption_kid', key],
    ]);
    expect(tracks.map(({ track }) => [track.sourceCodec, track.unreadable])).toEqual([
      ['avc1', 'encrypted (cenc)'],
      ['mp4a.40', 'encrypted (cenc)'],
    ]);
  });

  test('fragments: no tables, but defaults', (context) => {
    needsFfmpeg(context);
    const { movie, tracks } = make('fragments.mp4', [
      ...PICTURES,
      ...['-c:v', 'libx264', '-movflags', 'frag_keyframe+empty_moov'],
    ]);
    expect(movie.isFragmented).toBe(true);
    expect(movie.extends.get(1)?.description).toBe(1);
    expect(tracks[0]?.source).toMatchObject({ hasSampleTables: false, sampleCount: 0 });
    expect(tracks[0]?.track).toMatchObject({ unreadable: null, configs: [{ codec: 'h264' }] });
  });

  test('title, chapters, and a picture among the items', (context) => {
    needsFfmpeg(context);
    const { movie, tracks } = make('tags.m4a', [
      ...SINE,
      ...PICTURES,
      ...['-map', '0', '-map', '1', '-c:a', 'aac', '-c:v', 'mjpeg', '-frames:v', '1'],
      ...['-disposition:v', 'attached_pic', '-metadata', 'title=Ein Lied', '-metadata', 'artist=Jemand'],
    ]);
    expect(movie.title).toBe('Ein Lied');
    expect(movie.tags).toContainEqual({ name: 'ARTIST', value: 'Jemand' });
    expect(movie.attachments).toMatchObject([{ name: 'cover.jpg', type: 'image/jpeg' }]);
    expect(tracks.map(({ track }) => track.kind)).toEqual(['audio']);
  });
});
