/** MIME types of media by the extensions of their files. */
const TYPES: Readonly<Record<string, string>> = {
  '3gp': 'video/3gpp',
  aac: 'audio/aac',
  ac3: 'audio/ac3',
  avi: 'video/x-msvideo',
  cmfa: 'audio/mp4',
  cmft: 'application/mp4',
  cmfv: 'video/mp4',
  ec3: 'audio/eac3',
  eac3: 'audio/eac3',
  flac: 'audio/flac',
  flv: 'video/x-flv',
  fmp4: 'video/mp4',
  json: 'application/json',
  m2ts: 'video/mp2t',
  m3u: 'application/vnd.apple.mpegurl',
  m3u8: 'application/vnd.apple.mpegurl',
  m4a: 'audio/mp4',
  m4f: 'video/mp4',
  m4s: 'video/mp4',
  m4v: 'video/mp4',
  mkv: 'video/x-matroska',
  mov: 'video/quicktime',
  mp2: 'audio/mpeg',
  mp3: 'audio/mpeg',
  mp4: 'video/mp4',
  mpd: 'application/dash+xml',
  mpeg: 'video/mpeg',
  mpegts: 'video/mp2t',
  mpg: 'video/mpeg',
  mts: 'video/mp2t',
  oga: 'audio/ogg',
  ogg: 'audio/ogg',
  ogv: 'video/ogg',
  opus: 'audio/ogg',
  srt: 'text/plain; charset=utf-8',
  ts: 'video/mp2t',
  ttml: 'application/ttml+xml',
  vtt: 'text/vtt',
  wav: 'audio/wav',
  webm: 'video/webm',
  webvtt: 'text/vtt',
  wmv: 'video/x-ms-wmv',
};

/** By the extension that a path or a file's name ends with; null for an unknown one. */
export function typeByName(name: string): string | null {
  const extension = /\.([a-z\d]{2,6})$/i.exec(name)?.[1]?.toLowerCase() ?? '';
  return TYPES[extension] ?? null;
}

/** What containers begin with: text, and where it stands. */
const BEGINNINGS: readonly (readonly [at: number, text: string, type: string])[] = [
  [0, '\x1a\x45\xdf\xa3', 'video/x-matroska'],
  [4, 'ftyp', 'video/mp4'],
  [4, 'moov', 'video/mp4'],
  [188, 'G', 'video/mp2t'],
  [0, 'RIFF', 'video/x-msvideo'],
  [0, 'FLV', 'video/x-flv'],
  [0, 'OggS', 'video/ogg'],
];

/** By the first bytes of a film; null for an unknown one. */
export function typeByContent(head: Uint8Array): string | null {
  const text = String.fromCharCode(...head.subarray(0, 256));
  return BEGINNINGS.find(([at, mark]) => text.startsWith(mark, at))?.[2] ?? null;
}
