import { bitmapInfo } from '../../../src/codecs/bitmap-info.ts';
import { splitMpeg4, VOP_TYPE } from '../../../src/codecs/mpeg4-headers.ts';
import { startCodes } from '../../../src/codecs/start-codes.ts';
import { parseVc1Picture, VC1 } from '../../../src/codecs/vc1-headers.ts';
import type { DecodeOnlyVideo, PixelAspect } from '../../../src/core/media.ts';
import type { Joiner } from '../../elementary/joiner.ts';
import { mpeg2FieldJoiner, mpeg2Parts } from '../../elementary/mpeg2.ts';
import { codedVopJoiner } from '../../elementary/mpeg4.ts';
import type { PictureFacts } from '../../elementary/picture-facts.ts';
import { quickTimeVideo } from '../../elementary/quicktime-video.ts';
import { mayBeInterlaced, type Scan, scanOf } from '../../elementary/scan.ts';
import { shownOrderJoiner } from '../../elementary/shown-order.ts';
import { mpeg2Facts, mpeg4Facts, vc1Facts } from '../../elementary/start-code-video.ts';
import { readColour } from '../colour.ts';
import type { Master } from '../ebml.ts';
import type { PendingSetup, VideoSetup } from '../setup.ts';
import { unchanged } from './unchanged.ts';

interface Codec {
  /** As `resolveCodec` has it. */
  readonly codec: string;
  readonly isOfAvi: boolean;
}

interface Row {
  readonly codec: DecodeOnlyVideo['codec'];
  readonly scan: Scan;
}

interface Open extends Codec {
  readonly entry: Master;
  readonly privateData: Uint8Array;
}

type Read = (open: Open) => VideoSetup | PendingSetup<VideoSetup>;

/** By CodecID, or what `resolveCodec` makes of it; all else is known by the container's word alone. */
const CODECS: ReadonlyMap<string, Read> = new Map<string, Read>([
  ['V_MPEG1', mpeg2Setup],
  ['V_MPEG2', mpeg2Setup],
  ['V_MPEG4/ISO/SP', mpeg4Setup],
  ['V_MPEG4/ISO/ASP', mpeg4Setup],
  ['V_MPEG4/ISO/AP', mpeg4Setup],
  ['V_MS/VFW/FOURCC WVC1', vc1Setup],
  ['V_VP8', plain({ codec: 'vp8', scan: 'frames' })],
  ['V_THEORA', plain({ codec: 'other', scan: 'frames' })],
  ['V_PRORES', plain({ codec: 'intra', scan: 'unknown' })],
  ['V_MJPEG', plain({ codec: 'intra', scan: 'unknown' })],
  ['V_UNCOMPRESSED', uncompressedSetup],
  ['V_PNG', plain({ codec: 'intra', scan: 'frames' })],
  ['V_QUICKTIME', quickTimeSetup],
]);

/** Of AVI: every picture stands alone. */
const INTRA: ReadonlySet<string> = new Set(
  (
    'MPNG|HFYU|FFVH|LAGS|MSZH|ZLIB|ULRG|ULRA|ULY0|ULY2|ULY4|MAGY|YUY2|UYVY|I420|IYUV|YV12|Y800|NV12|V210|' +
    'CFHD|AVDN|MJLS|DIB.|RGB.|RAW.|....|DVSD|DVHD|DVSL|DV25|DV50|DVCP|DVC.|CDVC'
  ).split('|'),
);
/** Of AVI: DV; codecs whose encoders make no pictures of two fields. */
const DV = /^(DV|CDV)/;
const FRAMES: ReadonlySet<string> = new Set(
  'MPNG|DIV3|DIV4|MP43|MP42|MPG4|WMV1|WMV2|FLV1|H263|I263|VP30|VP31|VP60|VP61|VP62|SNOW|CVID|IV50'.split('|'),
);
const scanOfAvi = (fourcc: string): Scan =>
  DV.test(fourcc) ? 'fields' : FRAMES.has(fourcc) ? 'frames' : 'unknown';
const VFW = 'V_MS/VFW/FOURCC';

/** Video that is only decoded: its blocks as they are. */
export function decodeOnlySetup(entry: Master, codec: Codec): VideoSetup | PendingSetup<VideoSetup> {
  const open = { entry, ...codec, privateData: entry.binary('CodecPrivate') ?? NOTHING };
  return (CODECS.get(codec.codec) ?? claimedSetup)(open);
}

const NOTHING = new Uint8Array(0);

function mpeg2Setup(open: Open): VideoSetup | PendingSetup<VideoSetup> {
  const joiner = open.isOfAvi ? () => shownOrderJoiner(mpeg2Parts) : mpeg2FieldJoiner;
  const base = { codec: 'mpeg2', scan: open.codec === 'V_MPEG1' ? 'frames' : 'unknown' } as const;
  return learned(open, { base, factsOf: mpeg2Facts, joinerOf: () => joiner });
}

function mpeg4Setup(open: Open): VideoSetup | PendingSetup<VideoSetup> {
  return learned(open, {
    base: { codec: 'mpeg4', scan: 'unknown' },
    factsOf: mpeg4Facts,
    joinerOf: (facts) => {
      const resolution = facts?.header.resolution ?? null;
      const parts = (data: Uint8Array) =>
        splitMpeg4(data, resolution).map((part) => ({ ...part, isB: part.type === VOP_TYPE.b }));
      const isReordered = open.isOfAvi && facts?.header.isLowDelay !== true;
      return isReordered ? () => shownOrderJoiner(parts) : () => codedVopJoiner(resolution);
    },
  });
}

interface Learning<Facts> {
  /** As far as nothing is learned. */
  readonly base: Row;
  /** From headers; null where there are none. */
  factsOf(data: Uint8Array): Facts | null;
  joinerOf(facts: Facts | null): () => Joiner;
}

/** By the headers in the private data; where they are not there, the first frames have them. */
function learned<Facts extends PictureFacts & { readonly config: DecodeOnlyVideo }>(
  open: Open,
  { base, factsOf, joinerOf }: Learning<Facts>,
): VideoSetup | PendingSetup<VideoSetup> {
  const setupOf = (facts: Facts | null) => {
    const scan = facts ? scanOf(facts.config) : base.scan;
    const codecPrivate =
      open.privateData.length > 0 ? open.privateData : (facts?.config.codecPrivate ?? NOTHING);
    const setup = setupFrom(open, { ...base, scan, codecPrivate }, facts);
    return { ...setup, joiner: joinerOf(facts) };
  };
  const facts = factsOf(open.privateData);
  if (facts) return setupOf(facts);
  return {
    fromFrame: (frame) => {
      const own = factsOf(frame);
      return own && setupOf(own);
    },
    orElse: setupOf(null),
  };
}

/** What a BITMAPINFOHEADER takes. */
const BITMAP = 40;

function vc1Setup(open: Open): VideoSetup {
  const facts = vc1Facts(open.privateData.subarray(BITMAP));
  if (!facts) return claimedSetup(open);
  const { isInterlaced } = facts.header;
  const { codecId, codec, codecPrivate } = facts.config;
  return {
    ...setupFrom({ ...open, codec: codecId }, { codec, codecPrivate, scan: scanOf(facts.config) }, facts),
    joiner: () => shownOrderJoiner((data) => [{ data, isB: isVc1B(data, isInterlaced), isCoded: true }]),
  };
}

/** Start codes of frames may be left out. */
function isVc1B(data: Uint8Array, isInterlaced: boolean): boolean {
  const codes = [...startCodes(data.subarray(0, VC1_HEADERS))];
  const frame = codes.find(({ code }) => code === VC1.frame);
  return parseVc1Picture(data.subarray(frame?.at ?? 0), isInterlaced)?.isB === true;
}

const VC1_HEADERS = 256;

/** Type of an ImageDescription; files that begin with it occur. */
function quickTimeSetup(open: Open): VideoSetup {
  const fourcc = (at: number) => String.fromCharCode(...open.privateData.subarray(at, at + 4));
  const row = quickTimeVideo(fourcc(0).includes('\0') ? fourcc(4) : fourcc(0));
  return setupFrom(open, { ...row, codecPrivate: open.privateData }, null);
}

function plain(row: Row): (open: Open) => VideoSetup {
  return (open) => setupFrom(open, { ...row, codecPrivate: open.privateData }, null);
}

/** Its format stands outside of the private data: as AVI has it, a decoder is told (RFC 9559, 5.1.4.1.28.20). */
function uncompressedSetup(open: Open): VideoSetup {
  const video = open.entry.master('Video');
  const fourcc = video?.binary('UncompressedFourCC');
  const row = { codec: 'intra', scan: 'unknown' } as const;
  if (fourcc?.length !== 4) return plain(row)(open);
  const size = { width: video?.uint('PixelWidth') ?? 0, height: video?.uint('PixelHeight') ?? 0 };
  return setupFrom({ ...open, codec: VFW }, { ...row, codecPrivate: bitmapInfo(fourcc, size) }, null);
}

function claimedSetup(open: Open): VideoSetup {
  const fourcc = open.isOfAvi ? open.codec.slice(VFW.length + 1).toUpperCase() : '';
  const codec = INTRA.has(fourcc) ? 'intra' : 'other';
  const own = { codec, scan: scanOfAvi(fourcc), codecPrivate: open.privateData } as const;
  return setupFrom({ ...open, codec: open.isOfAvi && fourcc !== '' ? VFW : open.codec }, own, null);
}

/** FlagInterlaced: RFC 9559, 5.1.4.1.28.1. */
const INTERLACED = 1;
const PROGRESSIVE = 2;

function setupFrom(
  { entry, codec: codecId }: Pick<Open, 'entry' | 'codec'>,
  { scan, ...config }: Row & Pick<DecodeOnlyVideo, 'codecPrivate'>,
  facts: PictureFacts | null,
): VideoSetup {
  const video = entry.master('Video');
  const flag = video?.uint('FlagInterlaced') ?? 0;
  const isInterlaced = flag === INTERLACED ? true : flag === PROGRESSIVE ? false : null;
  return {
    config: { ...config, codecId, mayBeInterlaced: mayBeInterlaced(scan, isInterlaced) },
    width: video?.uint('PixelWidth') || (facts?.width ?? 0),
    height: video?.uint('PixelHeight') || (facts?.height ?? 0),
    pixelAspect: facts?.pixelAspect ?? shapeOf(video),
    colour: readColour(video) ?? facts?.colour ?? null,
    frameRate: facts?.frameRate ?? null,
    reorderDepth: facts?.reorderDepth ?? (REORDERED.has(config.codec) ? 1 : 0),
    isPrefixUsable: true,
    normalize: unchanged,
  };
}

/** DisplayUnit of lengths, and of a mere ratio: 5.1.4.1.28.14. */
const RATIOS: ReadonlySet<number> = new Set([1, 2, 3]);

/** What a display size that is not in pixels says. */
function shapeOf(video: Master | null): PixelAspect | null {
  const [width, height] = [video?.uint('DisplayWidth') ?? 0, video?.uint('DisplayHeight') ?? 0];
  const h = width * (video?.uint('PixelHeight') ?? 0);
  const v = height * (video?.uint('PixelWidth') ?? 0);
  const isRatio = RATIOS.has(video?.uint('DisplayUnit') ?? 0) && h > 0 && v > 0;
  return isRatio && Number.isSafeInteger(h) && Number.isSafeInteger(v) ? reduced(h, v) : null;
}

function reduced(h: number, v: number): PixelAspect {
  const divisor = greatestCommonDivisor(h, v);
  return { h: h / divisor, v: v / divisor };
}

const greatestCommonDivisor = (a: number, b: number): number =>
  b === 0 ? a : greatestCommonDivisor(b, a % b);

const REORDERED: ReadonlySet<DecodeOnlyVideo['codec']> = new Set(['mpeg2', 'mpeg4', 'vc1', 'other']);
