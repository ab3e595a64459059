import { encodedCodecString } from '../../codecs/encoded-video.ts';
import { parseAvcRecord } from '../../codecs/h264.ts';
import { parseSps } from '../../codecs/h264-sps.ts';
import { usualColour } from '../../codecs/usual-colour.ts';
import type { EncodedCodec, VideoEncoders, VideoTarget, VideoWish } from '../../core/encoding.ts';
import { MediaError, orNull } from '../../core/errors.ts';
import type { Colour, VideoTrack } from '../../core/media.ts';
import type { Title } from '../title.ts';

/** Video as an encoder makes it. */
export interface EncodedForm {
  readonly target: VideoTarget;
  /** RFC 6381 */
  readonly codecString: string;
  /** The encoder that is to make it; another one may have to. */
  readonly encoder: string;
}

/** In which forms a title's video is offered. */
export interface VideoForms {
  readonly isCopied: boolean;
  /** Every player can be expected to do better with the copy, if it plays it at all. */
  readonly isCopyFirst: boolean;
  readonly encoded: readonly EncodedForm[];
}

export const COPIED: VideoForms = { isCopied: true, isCopyFirst: true, encoded: [] };

/** What is offered where nobody asks for anything. */
export interface VideoSettings {
  /** The shorter side of what is encoded, in samples. */
  readonly maxHeight: number;
  /** Smaller pictures that are offered of every film. */
  readonly ladder: readonly Rung[];
}

export interface Rung {
  /** The shorter side, in samples. */
  readonly height: number;
  /** Bits a second. */
  readonly maxBitrate: number;
}

const ANYTHING: VideoWish = { forms: null, maxHeight: null, maxBitrate: null };

export interface Offering {
  readonly settings: VideoSettings;
  /** Null where nothing can be encoded. */
  readonly encoders: VideoEncoders | null;
  readonly wish: VideoWish | undefined;
}

/**
 * Which forms of a title's video can be had here.
 * @throws MediaError `not-offered` where nothing is left of what was asked for, or of the title; the abort reason when
 * aborted
 */
export async function offerVideo(title: Title, offering: Offering, signal: AbortSignal): Promise<VideoForms> {
  const { video, audio } = title;
  const { wish } = offering;
  if (!video) return COPIED;
  const isCopied = video.track.configs.length > 0 && isCopyWished(title, wish ?? ANYTHING);
  const why = whyEncode(title);
  const isNeeded = why !== null || !isCopied;
  const encoded = await encodedForms(title, { ...offering, isNeeded }, signal);
  if (!isCopied && encoded.length === 0 && (wish || audio.length === 0))
    throw new MediaError(
      'not-offered',
      'The video cannot be had here in any form that was asked for; /probe tells what there is',
    );
  return { isCopied, isCopyFirst: why !== 'unseekable' && why !== 'interlaced', encoded };
}

async function encodedForms(
  title: Title,
  offering: Offering & { readonly isNeeded: boolean },
  signal: AbortSignal,
): Promise<EncodedForm[]> {
  const { encoders, wish, isNeeded } = offering;
  if (!encoders) return [];
  const wished = wish?.forms ?? (isNeeded ? (['h264'] as const) : []);
  const codecs = wished.filter((form) => form !== 'copy');
  const targets = [
    ...codecs.flatMap((codec) => targetsOf(title, codec, offering)),
    ...rungsOf(title, offering),
  ];
  const forms = await Promise.all(
    targets.map(async (target) => {
      const codecString = encodedCodecString(target);
      if (codecString === null) return [];
      const [encoder] = await encoders.encodersFor(target, signal);
      return encoder === undefined ? [] : [{ target, codecString, encoder }];
    }),
  );
  return forms.flat();
}

function isCopyWished({ video, bandwidth }: Title, { forms, maxHeight, maxBitrate }: VideoWish): boolean {
  if (!video) return false;
  const { id, width, height } = video.track;
  const peak = bandwidth.get(id)?.peak ?? 0;
  return (
    (forms === null || forms.includes('copy')) &&
    (maxHeight === null || Math.min(width, height) <= maxHeight) &&
    (maxBitrate === null || peak <= maxBitrate)
  );
}

/** Why some player cannot do with the copy; null where every player can. */
export type Reason = 'not copied' | 'codec' | 'format' | 'interlaced' | 'unseekable';

export function whyEncode({ video, timeline }: Title): Reason | null {
  if (!video) return null;
  const [config] = video.track.configs;
  if (!config) return 'not copied';
  if (config.codec !== 'h264' || isBright(video.track)) return 'codec';
  if (!timeline.cuts.every(({ point }) => point.isSync)) return 'unseekable';
  const sps = orNull(() => parseAvcRecord(config.record).sps.map(parseSps)) ?? [];
  if (
    sps.some(
      ({ chromaFormat, bitDepthLuma, bitDepthChroma }) =>
        chromaFormat !== 1 || bitDepthLuma + bitDepthChroma > 16,
    )
  )
    return 'format';
  return sps.some(({ isFramesOnly }) => !isFramesOnly) ? 'interlaced' : null;
}

/** ITU-T H.273: SMPTE ST 2084 and ARIB STD-B67. */
const PQ = 16;
const HLG = 18;

const isBright = ({ colour, dolbyVision }: VideoTrack): boolean =>
  colour?.transfer === PQ || colour?.transfer === HLG || dolbyVision !== null;

/** The film itself, no larger than is wished. */
function targetsOf(title: Title, codec: EncodedCodec, { settings, wish }: Offering): VideoTarget[] {
  const height = Math.min(settings.maxHeight, wish?.maxHeight ?? Number.POSITIVE_INFINITY);
  return [targetOf(title, { codec, height, maxBitrate: wish?.maxBitrate ?? null })].flat();
}

/** Only rungs below the film and the wish. */
function rungsOf(title: Title, { settings, wish }: Offering): VideoTarget[] {
  const { video } = title;
  if (!video || (wish?.forms && !wish.forms.includes('h264'))) return [];
  const side = Math.min(video.track.width, video.track.height, wish?.maxHeight ?? Number.POSITIVE_INFINITY);
  const most = wish?.maxBitrate ?? Number.POSITIVE_INFINITY;
  return settings.ladder
    .filter(({ height, maxBitrate }) => height < side && maxBitrate <= most)
    .flatMap(({ height, maxBitrate }) => targetOf(title, { codec: 'h264', height, maxBitrate }));
}

interface Wished {
  readonly codec: EncodedCodec;
  readonly height: number;
  readonly maxBitrate: number | null;
}

const SDR: Colour = { primaries: 1, transfer: 1, matrix: 1, fullRange: false };

function targetOf({ video }: Title, { codec, height, maxBitrate }: Wished): VideoTarget[] {
  if (!video) return [];
  const { track, usualRate } = video;
  const size = sizeOf(track, height);
  const isKept = codec !== 'h264' && isBright(track) && track.colour !== null;
  const frameRate = Math.min(MAX_RATE, usualRate);
  return [
    {
      codec,
      ...size,
      depth: isKept ? 10 : 8,
      range: !isKept ? 'SDR' : track.colour?.transfer === HLG ? 'HLG' : 'PQ',
      colour: isKept ? (track.colour ?? SDR) : colourOf(track),
      frameRate,
      maxBitrate: Math.min(maxBitrate ?? Number.POSITIVE_INFINITY, bitrateOf(codec, { ...size, frameRate })),
    },
  ];
}

/** Beyond that no level has a row. */
const MAX_RATE = 300;

/** The shorter side no longer than `limit`; both even, as 4:2:0 wants them. */
function sizeOf({ width, height }: VideoTrack, limit: number): { width: number; height: number } {
  const scale = Math.min(1, limit / Math.min(width, height));
  const even = (side: number) => Math.max(2, 2 * Math.round((side * scale) / 2));
  return { width: even(width), height: even(height) };
}

/** ITU-T H.273: red, green and blue as they are. */
const RGB = 0;

/** As the source has it, but for what players do not expect of such pictures. */
function colourOf(track: VideoTrack): Colour {
  if (isBright(track)) return SDR;
  const told = usualColour(track.colour, track.width, track.height);
  const usual = usualColour(null, track.width, track.height);
  return { ...told, matrix: told.matrix === RGB ? usual.matrix : told.matrix, fullRange: false };
}

/** Bits a second for H.264 by samples of the picture, at 30 pictures a second: what is hardly told from its source. */
const BITRATES = [
  { samples: 3840 * 2160, bitrate: 24_000_000 },
  { samples: 2560 * 1440, bitrate: 14_000_000 },
  { samples: 1920 * 1080, bitrate: 8_000_000 },
  { samples: 1280 * 720, bitrate: 4_500_000 },
  { samples: 854 * 480, bitrate: 2_500_000 },
  { samples: 640 * 360, bitrate: 1_400_000 },
  { samples: 0, bitrate: 800_000 },
] as const;
/** HEVC and AV1 need less. */
const THRIFT: { readonly [C in EncodedCodec]: number } = { h264: 1, h265: 0.65, av1: 0.6 };

function bitrateOf(
  codec: EncodedCodec,
  { width, height, frameRate }: Pick<VideoTarget, 'width' | 'height' | 'frameRate'>,
): number {
  const row = BITRATES.find(({ samples }) => width * height >= 0.8 * samples) ?? BITRATES[0];
  const haste = frameRate > 40 ? 1.5 : 1;
  return Math.round(row.bitrate * haste * THRIFT[codec]);
}

/** The track as it is written; its configuration is the encoder's. */
export function encodedTrack(source: VideoTrack, target: VideoTarget): VideoTrack {
  const { width, height, colour, range } = target;
  const isKept = range !== 'SDR';
  const { h, v } = source.pixelAspect;
  return {
    ...source,
    configs: [],
    decodeOnly: null,
    width,
    height,
    // Sides are rounded to even numbers: what is shown keeps its shape as far as that is visible.
    pixelAspect: { h, v },
    colour,
    masteringDisplay: isKept ? source.masteringDisplay : null,
    contentLight: isKept ? source.contentLight : null,
    dolbyVision: null,
  };
}
