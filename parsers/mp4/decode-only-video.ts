import { bitmapInfo } from '../../src/codecs/bitmap-info.ts';
import { quickTimeDescription } from '../../src/codecs/quicktime-description.ts';
import { concat } from '../../src/core/bytes.ts';
import type { DecodeOnlyVideo } from '../../src/core/media.ts';
import type { Joiner } from '../elementary/joiner.ts';
import { mpeg2FieldJoiner } from '../elementary/mpeg2.ts';
import { codedVopJoiner } from '../elementary/mpeg4.ts';
import type { PictureFacts } from '../elementary/picture-facts.ts';
import { quickTimeVideo } from '../elementary/quicktime-video.ts';
import { mayBeInterlaced, type Scan, scanOf } from '../elementary/scan.ts';
import { mpeg2Facts, mpeg4Facts, vc1Facts } from '../elementary/start-code-video.ts';
import type { Box } from './box.ts';
import { streamOf } from './mp4a.ts';
import { type Told, told, type VideoSetup } from './setup.ts';
import type { VisualEntry } from './visual-entry.ts';

/** A sample entry of video that is only decoded. */
interface DecodedEntry {
  /** Its type before encryption. */
  readonly format: string;
  readonly box: Box;
  readonly entry: VisualEntry;
}

type Read = (entry: DecodedEntry) => Told<VideoSetup>;

/** Types of which there is a range. */
const PATTERNS: readonly (readonly [RegExp, Read])[] = [
  [/^(m2v1|mp2v|mpg2|AVmp|mx[345][np]|hdv[1-9a-f]|xdv[1-9a-f]|xdh[d2]|xd5[1-9a-f])$/, mpeg2Codec('V_MPEG2')],
  [/^(m1v |m1v1|mpeg|mpg1|mp1v)$/, mpeg2Codec('V_MPEG1')],
  [/^(xvid|divx|dx50|fmp4|3iv2)$/i, mpeg4Codec],
  [/^ap(4[hx]|c[hnso])$/, proResCodec],
  [/^(vc-1|vc1 |WVC1)$/, vc1Codec],
  [/^(CFHD|FFVH|HFYU)$/, aviCodec('intra')],
  [/^(DIV[34]|MP4[23]|WMV[123]|VP80|VP3[01]|MSVC)$/i, aviCodec('other')],
];

const TYPES: ReadonlyMap<string, Read> = new Map<string, Read>([
  ['mp4v', mpeg4SystemsCodec],
  ['vp08', (open) => told(setupOf(open, { codec: 'vp8', codecId: 'V_VP8', scan: 'frames' }))],
  ['FFV1', (open) => told(setupOf(open, { codec: 'other', codecId: 'V_FFV1', scan: 'unknown' }))],
]);

/** objectTypeIndication of `mp4v`: ISO/IEC 14496-1, 7.2.6.6, and mp4ra.org. */
const OBJECT_TYPES: ReadonlyMap<number, Read> = new Map<number, Read>([
  ...[0x60, 0x61, 0x62, 0x63, 0x64, 0x65].map((type) => [type, mpeg2Codec('V_MPEG2')] as const),
  [0x6a, mpeg2Codec('V_MPEG1')],
  [0x6c, (open) => told(setupOf(open, { codec: 'intra', codecId: 'V_MJPEG', scan: 'unknown' }))],
  [0x6d, objectCodec('png ')],
  [0x6e, objectCodec('mjp2')],
  [0xa3, vc1Codec],
]);

/** Every type that is not copied has a set-up: what FFmpeg knows by QuickTime's name it may decode. */
export function decodeOnlyCodec(open: DecodedEntry): Told<VideoSetup> {
  const { format } = open;
  const read = TYPES.get(format) ?? PATTERNS.find(([pattern]) => pattern.test(format))?.[1] ?? quickTimeCodec;
  return read(open);
}

function mpeg4SystemsCodec(open: DecodedEntry): Told<VideoSetup> {
  const stream = streamOf(open.entry);
  return (OBJECT_TYPES.get(stream?.objectType ?? 0) ?? mpeg4Codec)(open);
}

function mpeg2Codec(codecId: 'V_MPEG1' | 'V_MPEG2'): Read {
  const base = { codec: 'mpeg2', codecId, scan: codecId === 'V_MPEG1' ? 'frames' : 'unknown' } as const;
  return (open) => learned(open, { base, factsOf: mpeg2Facts, joinerOf: () => mpeg2FieldJoiner });
}

function mpeg4Codec(open: DecodedEntry): Told<VideoSetup> {
  return learned(open, {
    base: { codec: 'mpeg4', codecId: 'V_MPEG4/ISO/ASP', scan: 'unknown' },
    factsOf: mpeg4Facts,
    joinerOf: (facts) => () => codedVopJoiner(facts?.header.resolution ?? null),
  });
}

interface Learning<Facts> {
  /** As far as nothing is learned. */
  readonly base: Config;
  /** From headers; null where there are none. */
  factsOf(data: Uint8Array): Facts | null;
  joinerOf(facts: Facts | null): () => Joiner;
}

/** By the headers in the entry; where they are not there, the first samples may have them. */
function learned<Facts extends PictureFacts & { readonly config: DecodeOnlyVideo }>(
  open: DecodedEntry,
  { base, factsOf, joinerOf }: Learning<Facts>,
): Told<VideoSetup> {
  const specific = headersOf(open);
  const finish = (facts: Facts | null): VideoSetup => {
    const codecPrivate = specific.length > 0 ? specific : (facts?.config.codecPrivate ?? NOTHING);
    const scan = facts ? scanOf(facts.config) : base.scan;
    return { ...setupOf(open, { ...base, codecPrivate, scan }, facts), joiner: joinerOf(facts) };
  };
  const facts = factsOf(specific);
  return {
    setup: finish(facts),
    fromSample: facts
      ? null
      : (sample) => {
          const own = factsOf(sample);
          return own && finish(own);
        },
  };
}

const NOTHING = new Uint8Array(0);

/** What a decoder must know: DecoderSpecificInfo, or what FFmpeg writes for codecs that have no box of their own. */
const headersOf = ({ entry }: DecodedEntry): Uint8Array =>
  streamOf(entry)?.specific ?? entry.child('glbl')?.bytes.slice() ?? NOTHING;

function proResCodec(open: DecodedEntry): Told<VideoSetup> {
  const codecPrivate = characters(open.format);
  const setup = setupOf(open, { codec: 'intra', codecId: 'V_PRORES', scan: 'unknown', codecPrivate });
  return told({ ...setup, normalize: withoutFrameHead });
}

/** Size and type of a frame, which Matroska leaves out. */
const FRAME_HEAD = 8;
const FRAME_TYPE = 'icpf';

function withoutFrameHead(sample: Uint8Array): Uint8Array {
  const type = String.fromCharCode(...sample.subarray(4, FRAME_HEAD));
  return type === FRAME_TYPE ? sample.subarray(FRAME_HEAD) : sample;
}

/** The headers lie in `dvc1` (SMPTE RP 2025), or in an `esds`. */
function vc1Codec(open: DecodedEntry): Told<VideoSetup> {
  const facts = vc1Facts(open.box.bytes) ?? vc1Facts(headersOf(open));
  const scan = facts ? scanOf(facts.config) : 'unknown';
  const base = { codec: 'vc1', scan, codecId: 'V_QUICKTIME' } as const;
  return told(
    setupOf(open, { ...base, codecPrivate: facts?.config.codecPrivate ?? description(open.box) }, facts),
  );
}

function quickTimeCodec(open: DecodedEntry): Told<VideoSetup> {
  const row = quickTimeVideo(open.format);
  return told(setupOf(open, { ...row, codecId: 'V_QUICKTIME', codecPrivate: description(open.box) }));
}

/** FFmpeg knows these by AVI's name alone. */
function aviCodec(codec: 'intra' | 'other'): Read {
  return (open) => {
    const bitmap = bitmapInfo(characters(open.format), open.entry);
    const codecPrivate = concat([bitmap, headersOf(open)]);
    return told(setupOf(open, { codec, codecId: 'V_MS/VFW/FOURCC', scan: 'unknown', codecPrivate }));
  };
}

/** Under the name that QuickTime has for it. */
function objectCodec(fourcc: string): Read {
  return (open) => {
    const codecPrivate = quickTimeDescription(fourcc, open.entry, headersOf(open));
    return told(setupOf(open, { ...quickTimeVideo(fourcc), codecId: 'V_QUICKTIME', codecPrivate }));
  };
}

/** The whole entry, from its size on. */
function description({ type, bytes }: Box): Uint8Array {
  const head = new Uint8Array(4);
  new DataView(head.buffer).setUint32(0, 8 + bytes.length);
  return concat([head, characters(type), bytes]);
}

const characters = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));

interface Config extends Pick<DecodeOnlyVideo, 'codec' | 'codecId'> {
  /** What stands in the entry when absent. */
  readonly codecPrivate?: Uint8Array;
  readonly scan: Scan;
}

/** `fiel`: how many fields a picture has. */
const PROGRESSIVE = 1;

function setupOf(open: DecodedEntry, config: Config, facts: PictureFacts | null = null): VideoSetup {
  const { entry } = open;
  const size = entry.cleanAperture ?? entry;
  const isInterlaced = entry.fields && entry.fields.count > PROGRESSIVE;
  return {
    config: {
      codec: config.codec,
      codecId: config.codecId,
      codecPrivate: config.codecPrivate ?? headersOf(open),
      mayBeInterlaced: mayBeInterlaced(config.scan, isInterlaced),
    },
    width: size.width || (facts?.width ?? 0),
    height: size.height || (facts?.height ?? 0),
    pixelAspect: facts?.pixelAspect ?? null,
    colour: entry.colour ?? facts?.colour ?? null,
    frameRate: facts?.frameRate ?? null,
    reorderDepth: facts?.reorderDepth ?? (config.codec === 'intra' || config.codec === 'vp8' ? 0 : 1),
    isPrefixUsable: true,
    normalize: (sample) => sample,
  };
}
