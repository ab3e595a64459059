const H264_PROFILES: Readonly<Record<string, string>> = {
  '42': ' Baseline',
  '4d': ' Main',
  '58': ' Extended',
  '64': ' High',
  '6e': ' High 10',
  '7a': ' High 4:2:2',
  f4: ' High 4:4:4',
};
const HEVC_PROFILES: Readonly<Record<string, string>> = { 1: ' Main', 2: ' Main 10', 4: ' range extensions' };
const AAC_KINDS: Readonly<Record<string, string>> = {
  1: 'AAC Main',
  2: 'AAC',
  5: 'HE-AAC',
  29: 'HE-AAC v2',
  42: 'xHE-AAC',
};

/** What people call codecs, by their strings of RFC 6381; the groups are what tells the profile. */
const TITLES: readonly (readonly [RegExp, (profile: string) => string])[] = [
  [/^avc[13]\.(..)/, (profile) => `H.264${H264_PROFILES[profile.toLowerCase()] ?? ''}`],
  [/^h(?:vc|ev)1\.[A-C]?(\d+)/, (profile) => `HEVC${HEVC_PROFILES[profile] ?? ''}`],
  [/^d(?:vh1|vhe|av1)\.(\d+)/, (profile) => `Dolby Vision profile ${Number(profile)}`],
  [/^vp09\.0(\d)/, (profile) => `VP9 profile ${profile}`],
  [/^av01\.(\d)/, (profile) => `AV1${profile === '0' ? '' : ` profile ${profile}`}`],
  [/^mp4a\.40\.(\d+)/, (kind) => AAC_KINDS[kind] ?? 'AAC'],
  [/^mp4a\.(?:6B|69)/i, () => 'MP3'],
  [/^ac-3/, () => 'AC-3'],
  [/^ec-3/, () => 'E-AC-3'],
  [/^fLaC/i, () => 'FLAC'],
  [/^opus/i, () => 'Opus'],
  [/^alac/, () => 'ALAC'],
  [/^dts$/, () => 'DTS'],
  [/^truehd$/, () => 'TrueHD'],
  [/^vorbis$/, () => 'Vorbis'],
  [/^mp2$/, () => 'MPEG audio layer II'],
  [/^pcm$/, () => 'PCM'],
];

/** The codec and its profile for people; the string itself where it is not known. */
export function codecTitle(codec: string): string {
  for (const [pattern, title] of TITLES) {
    const match = pattern.exec(codec);
    if (match) return title(match[1] ?? '');
  }
  return codec || 'unknown codec';
}

const CONTAINERS: Readonly<Record<string, string>> = {
  matroska: 'Matroska',
  webm: 'WebM',
  mp4: 'MP4',
  mpegts: 'MPEG-TS',
  ogg: 'Ogg',
  flac: 'FLAC',
  wav: 'WAV',
  mp3: 'MP3',
};

export const containerTitle = (name: string): string => CONTAINERS[name] ?? name;
