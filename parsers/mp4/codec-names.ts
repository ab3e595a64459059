import { printable } from './box.ts';

/** What FFmpeg calls a codec that is not read here → types of its sample entries. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  vp8: ['vp08'],
  vvc: ['vvc1', 'vvi1'],
  'hevc, layered': ['hvc2', 'hev2', 'lhv1', 'lhe1'],
  'h264, layered': ['svc1', 'mvc1'],
  prores: ['ap4h', 'ap4x', 'apch', 'apcn', 'apcs', 'apco'],
  prores_raw: ['aprn', 'aprh'],
  dnxhd: ['AVdn', 'AVdh'],
  svq1: ['SVQ1'],
  svq3: ['SVQ3'],
  h263: ['s263', 'H263', 'h263'],
  mjpeg: ['jpeg', 'mjpa', 'mjpb', 'AVDJ'],
  jpeg2000: ['mjp2'],
  cinepak: ['cvid'],
  cfhd: ['CFHD'],
  vc1: ['vc-1', 'vc1 ', 'WVC1'],
  dvvideo: ['dvc ', 'dvcp', 'dvpp', 'dv5n', 'dv5p', 'dvh5', 'dvh6', 'dvhp', 'dvhq'],
  rawvideo: ['2vuy', 'yuv2', 'v210'],
  mpeg1video: ['m1v ', 'mpeg', 'mp1v'],
  mpeg2video: ['m2v1', 'mp2v', 'hdv1', 'hdv2', 'hdv3'],
  amr_nb: ['samr'],
  amr_wb: ['sawb'],
  qcelp: ['sqcp', 'Qclp'],
  evrc: ['sevc'],
  adpcm_ima_qt: ['ima4'],
  adpcm_ms: ['ms\x00\x02'],
  adpcm_ima_wav: ['ms\x00\x11'],
  gsm: ['agsm', 'ms\x00\x31'],
  mace: ['MAC3', 'MAC6'],
  qdm2: ['QDM2'],
  wma: ['wma ', 'owma'],
  dts_uhd: ['dtsx'],
  mpegh_3d_audio: ['mha1', 'mha2', 'mhm1', 'mhm2'],
  mov_text: ['tx3g'],
  eia_608: ['c608'],
  eia_708: ['c708'],
  ttml: ['stpp'],
  webvtt: ['wvtt'],
};

const NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries(TYPES).flatMap(([name, types]) => types.map((type) => [type, name] as const)),
);

/** objectTypeIndication (ISO/IEC 14496-1, 7.2.6.6, and mp4ra.org) → the codec, where that says more than the type. */
const OBJECT_NAMES: ReadonlyMap<number, string> = new Map([
  [0x20, 'mpeg4'],
  [0x21, 'h264'],
  [0x23, 'hevc'],
  ...[0x60, 0x61, 0x62, 0x63, 0x64, 0x65].map((type) => [type, 'mpeg2video'] as const),
  ...[0x66, 0x67, 0x68].map((type) => [type, 'aac'] as const),
  [0x69, 'mp3'],
  [0x6a, 'mpeg1video'],
  [0x6b, 'mp3'],
  [0x6c, 'mjpeg'],
  [0x6d, 'png'],
  [0x6e, 'jpeg2000'],
  [0xa0, 'evrc'],
  [0xa3, 'vc1'],
  [0xa4, 'dirac'],
  [0xa5, 'ac3'],
  [0xa6, 'eac3'],
  ...[0xa9, 0xaa, 0xab, 0xac].map((type) => [type, 'dts'] as const),
  [0xad, 'opus'],
  [0xb1, 'vp9'],
  [0xdd, 'vorbis'],
  [0xe0, 'dvd_subtitle'],
  [0xe1, 'qcelp'],
]);

/** Codecs of Microsoft in QuickTime: two letters, then their tag in WAVE. */
const WAVE_TYPE = /^ms[\0-\x20]/;

/**
 * Name of a codec for people: the type of its sample entry, with the object type where an `esds` has one, as RFC 6381
 * has it, and what that stands for where the type does not say it: `avc1`, `mp4a.6b (mp3)`, `apcn (prores)`.
 */
export function codecName(type: string, objectType: number | null): string {
  const label = WAVE_TYPE.test(type)
    ? `ms 0x${hexadecimal(type.charCodeAt(2))}${hexadecimal(type.charCodeAt(3))}`
    : printable(type).trim();
  const full = objectType === null ? label : `${label}.${hexadecimal(objectType)}`;
  const name = NAMES.get(type) ?? (objectType === null ? undefined : OBJECT_NAMES.get(objectType));
  return name === undefined ? full : `${full} (${name})`;
}

const hexadecimal = (value: number): string => value.toString(16).padStart(2, '0');
