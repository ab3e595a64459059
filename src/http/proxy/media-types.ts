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

/** What containers begin with: a dot is any byte, so is the control character that EBML begins with. */
const BEGINNINGS: readonly (readonly [beginning: RegExp, type: string])[] = [
  [/^.E\xdf\xa3/s, 'video/x-matroska'],
  [/^.{4}(?:ftyp|moov)/s, 'video/mp4'],
  // Packets of 188 bytes; as Blu-rays have them, with a time before each.
  [/^(?:G.{187}){2}G/s, 'video/mp2t'],
  [/^(?:.{4}G.{187}){2}.{4}G/s, 'video/mp2t'],
  [/^RIFF.{4}AVI /s, 'video/x-msvideo'],
  [/^RIFF.{4}WAVE/s, 'audio/wav'],
  [/^FLV/, 'video/x-flv'],
  [/^OggS/, 'video/ogg'],
];

/** By the first bytes of a film; null for an unknown one. */
export function typeByContent(head: Uint8Array): string | null {
  const text = String.fromCharCode(...head.subarray(0, 400));
  return BEGINNINGS.find(([beginning]) => beginning.test(text))?.[1] ?? null;
}
