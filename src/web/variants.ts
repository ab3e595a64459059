import type { Level } from './hls.js';
import type { ProbeAnswer } from './probe-view.ts';

/** One form of the picture that this browser can play. */
export interface Variant {
  /** Of the level in hls.js. */
  readonly level: number;
  /** Of the rendition. */
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** Bits a second at most. */
  readonly bitrate: number;
}

/** `…/<rendition>/index.m3u8` */
const renditionName = (uri: string): string => new URL(uri, 'http://host').pathname.split('/').at(-2) ?? '';

/** Only what is encoded has its form in its name. */
export const isEncoded = ({ name }: Variant): boolean => name.includes('-');

const pixels = ({ width, height }: Variant): number => width * height;

/**
 * What there is to choose from with the sound of `first`, the one that is played where nothing is chosen: the largest
 * first, and `first` before others of its size.
 */
export function variantsOf(levels: readonly Level[], first: number): readonly Variant[] {
  const sound = levels[first]?.audioCodec;
  const all = levels.flatMap(({ uri, width, height, maxBitrate, audioCodec }, level): Variant[] =>
    audioCodec === sound && width > 0
      ? [{ level, name: renditionName(uri), width, height, bitrate: maxBitrate }]
      : [],
  );
  // hls.js has the first of the playlist anywhere.
  const own = all.filter(({ level }) => level === first);
  const others = all.filter(({ name }) => own.every((one) => one.name !== name));
  const unlike = others.filter(({ name }, i) => others.findIndex((other) => other.name === name) === i);
  return [...own, ...unlike].sort((a, b) => pixels(b) - pixels(a));
}

/**
 * Those among which the network may decide: `first`, and then smaller pictures of fewer bits each. Never another form of
 * the same size: what is encoded is no better than the copy, and costs the server more.
 */
export function ladderOf(variants: readonly Variant[], first: number): readonly Variant[] {
  const ladder = variants.filter(({ level }) => level === first);
  for (const variant of variants) {
    const last = ladder.at(-1);
    if (last && pixels(variant) < pixels(last) && variant.bitrate < last.bitrate) ladder.push(variant);
  }
  return ladder;
}

/** By RFC 6381. */
const CODECS: readonly (readonly [RegExp, string])[] = [
  [/^avc[13]/, 'H.264'],
  [/^(hvc|hev)1/, 'HEVC'],
  [/^dv(h1|he|a1|av)/, 'Dolby Vision'],
  [/^av01/, 'AV1'],
  [/^vp0?9/, 'VP9'],
];

const codecName = (codec: string): string => CODECS.find(([begins]) => begins.test(codec))?.[1] ?? codec;

/** Lines as people name them: the shorter side. */
const lines = ({ width, height }: Pick<Variant, 'width' | 'height'>): string => `${Math.min(width, height)}p`;

type Rendition = ProbeAnswer['renditions'][number];

const madeOf = ({ tracks }: ProbeAnswer): string =>
  tracks.find(({ kind, action }) => kind === 'video' && action !== 'omit')?.codecName ?? 'the file';

/** In a menu: `1080p, HEVC as it is`, `720p, H.264`. */
export function menuText(variant: Variant, { renditions }: ProbeAnswer): string {
  const rendition = renditions.find(({ name }) => name === variant.name);
  if (!rendition) return lines(variant);
  const form = rendition.encoder ? '' : ' as it is in the file';
  return `${lines(variant)}, ${codecName(rendition.codec)}${form}`;
}

/** What is being played: `H.264, 1920×1080, made here from HEVC by libx264`. */
export function formText({ codec, width, height, encoder }: Rendition, probe: ProbeAnswer): string {
  const made = encoder ? `made here from ${madeOf(probe)} by ${encoder}` : 'as it is in the file';
  return `${codecName(codec)}${width && height ? `, ${width}×${height}` : ''}, ${made}`;
}
