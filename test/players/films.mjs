// The films of the matrix: 40 s of test picture with two audio tracks of one codec, English at 440 Hz and French at
// 880 Hz, so that what is heard tells which track plays, and subtitles of both that say each second which it is. Beside each lies what ffmpeg itself makes of it as HLS, for
// telling a player's limits from the server's faults.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const DURATION = 40;
export const WIDTH = 640;

const PICTURE = ['-f', 'lavfi', '-i', `testsrc2=s=${WIDTH}x360:r=25:d=${DURATION}`, '-pix_fmt', 'yuv420p'];
const GOP = ['-g', '50', '-keyint_min', '50'];

/** `prefix`: how CODECS names it; `codecs`: the whole name for the control; `encode`: key pictures 2 s apart. */
export const VIDEO = {
  'H.264': {
    prefix: 'avc1',
    codecs: 'avc1.64001e',
    encode: ['-c:v', 'libx264', '-preset', 'veryfast', '-bf', '3', '-sc_threshold', '0', ...GOP],
  },
  HEVC: {
    prefix: 'hvc1',
    codecs: 'hvc1.1.6.L63.90',
    encode: [
      ...['-c:v', 'libx265', '-preset', 'veryfast', '-tag:v', 'hvc1'],
      ...['-x265-params', 'log-level=error:keyint=50:min-keyint=50:scenecut=0:bframes=3:open-gop=0'],
    ],
  },
  VP9: {
    prefix: 'vp09',
    codecs: 'vp09.00.21.08',
    encode: [
      ...['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '7', '-row-mt', '1', '-b:v', '500k'],
      ...['-auto-alt-ref', '1', '-lag-in-frames', '16', ...GOP],
    ],
  },
  AV1: {
    prefix: 'av01',
    codecs: 'av01.0.01M.08',
    encode: ['-c:v', 'libsvtav1', '-preset', '11', '-g', '50'],
  },
};

export const AUDIO = {
  AAC: { prefix: 'mp4a', codecs: 'mp4a.40.2', encode: ['-c:a', 'aac', '-b:a', '128k'] },
  Opus: { prefix: 'Opus', codecs: 'Opus', encode: ['-c:a', 'libopus', '-b:a', '128k'] },
  FLAC: { prefix: 'fLaC', codecs: 'fLaC', encode: ['-c:a', 'flac', '-sample_fmt', 's16'] },
  'AC-3': { prefix: 'ac-3', codecs: 'ac-3', encode: ['-c:a', 'ac3', '-b:a', '192k'] },
  'E-AC-3': { prefix: 'ec-3', codecs: 'ec-3', encode: ['-c:a', 'eac3', '-b:a', '192k'] },
};

/** In the order of the tracks. */
export const LANGUAGES = [
  { code: 'en', long: 'eng', name: 'English', tone: 440 },
  { code: 'fr', long: 'fra', name: 'Français', tone: 880 },
];

const ffmpeg = (args) =>
  execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, SVT_LOG: '1' },
  });

/** Makes `path` by `make` unless it is there. */
function once(path, make) {
  if (!existsSync(path)) make(path);
  return path;
}

const fileName = (name) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

const videoFile = (folder, video) =>
  once(join(folder, `${fileName(video)}.mkv`), (path) =>
    ffmpeg([...PICTURE, ...VIDEO[video].encode, '-an', path]),
  );

const audioFile = (folder, audio, { code, tone }) =>
  once(join(folder, `${fileName(audio)}-${code}.mka`), (path) => {
    const sound = ['-f', 'lavfi', '-i', `sine=${tone}:r=48000:d=${DURATION}`, '-ac', '2'];
    ffmpeg([...sound, ...AUDIO[audio].encode, path]);
  });

/** What the subtitles of a language say at a time. */
export const textAt = (code, time) => `${code} ${Math.floor(time)}`;

const textFile = (folder, { code }) =>
  once(join(folder, `${code}.srt`), (path) => {
    const stamp = (seconds) => `00:00:${String(seconds).padStart(2, '0')},000`;
    const cues = Array.from({ length: DURATION }, (_, i) => [
      ...[i + 1, `${stamp(i)} --> ${stamp(i + 1)}`],
      ...[textAt(code, i), ''],
    ]);
    writeFileSync(path, cues.flat().join('\n'));
  });

/** Makes the film of one row and returns its file name. */
export function makeFilm(folder, { video, audio }) {
  mkdirSync(folder, { recursive: true });
  const name = `${fileName(video)}-${fileName(audio)}.mkv`;
  once(join(folder, name), (path) => {
    const tracks = LANGUAGES.flatMap((language) => [
      ...['--language', `0:${language.long}`, '--track-name', `0:${language.name}`],
      audioFile(folder, audio, language),
    ]);
    const texts = LANGUAGES.flatMap((language) => [
      ...['--language', `0:${language.long}`, '--track-name', `0:${language.name}`],
      textFile(folder, language),
    ]);
    execFileSync('mkvmerge', ['--quiet', '--output', path, videoFile(folder, video), ...tracks, ...texts]);
  });
  return name;
}

/** Bits a second of a film that no player reads ahead whole. */
const LARGE = '8M';

/**
 * A film that is passed on as it is, with the languages of all films; the index of the MP4 is at its end. Returns its
 * file name.
 */
export function makeLargeFilm(folder, container) {
  mkdirSync(folder, { recursive: true });
  const rate = ['-b:v', LARGE, '-minrate', LARGE, '-maxrate', LARGE, '-bufsize', LARGE, '-nal-hrd', 'cbr'];
  const sounds = LANGUAGES.map((language) => audioFile(folder, 'AAC', language));
  const tracks = LANGUAGES.flatMap(({ long }, i) => [
    ...['-map', `${i + 1}:a`],
    ...[`-metadata:s:a:${i}`, `language=${long}`],
  ]);
  const inputs = [...PICTURE.slice(0, 4), ...sounds.flatMap((path) => ['-i', path])];
  const video = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', ...GOP, ...rate];
  const name = `large.${container}`;
  once(join(folder, name), (path) =>
    ffmpeg([...inputs, '-map', '0:v', ...tracks, ...video, '-c:a', 'copy', path]),
  );
  return name;
}

/** One stream as an HLS playlist with fMP4 segments by ffmpeg. */
function controlStream(folder, name, input) {
  once(join(folder, `${name}.m3u8`), (path) => {
    const hls = ['-f', 'hls', '-hls_segment_type', 'fmp4', '-hls_playlist_type', 'vod', '-hls_time', '4'];
    const names = ['-hls_fmp4_init_filename', `${name}-init.mp4`];
    const segments = ['-hls_segment_filename', join(folder, `${name}-%d.m4s`)];
    const tag = name.startsWith('hevc') ? ['-tag:v', 'hvc1'] : [];
    ffmpeg(['-i', input, '-c', 'copy', '-strict', '-2', ...tag, ...hls, ...names, ...segments, path]);
  });
  return `${name}.m3u8`;
}

/** Makes the control of one row and returns its file name: the same tracks as HLS by ffmpeg. */
export function makeControl(folder, { video, audio }) {
  const controls = join(folder, 'control');
  mkdirSync(controls, { recursive: true });
  const pictures = controlStream(controls, fileName(video), videoFile(folder, video));
  const renditions = LANGUAGES.map((language) => {
    const sound = audioFile(folder, audio, language);
    const uri = controlStream(controls, `${fileName(audio)}-${language.code}`, sound);
    const isDefault = language === LANGUAGES[0] ? 'YES' : 'NO';
    const named = `NAME="${language.name}",LANGUAGE="${language.code}"`;
    return `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",${named},DEFAULT=${isDefault},AUTOSELECT=YES,URI="${uri}"`;
  });
  const codecs = `${VIDEO[video].codecs},${AUDIO[audio].codecs}`;
  const variant = `#EXT-X-STREAM-INF:BANDWIDTH=3000000,RESOLUTION=${WIDTH}x360,CODECS="${codecs}",AUDIO="a"`;
  const name = `${fileName(video)}-${fileName(audio)}.m3u8`;
  const lines = ['#EXTM3U', '#EXT-X-VERSION:7', ...renditions, variant, pictures, ''];
  writeFileSync(join(controls, name), lines.join('\n'));
  return `control/${name}`;
}
