import { av1SequenceHeader, parseAv1Record } from '../../codecs/av1.ts';
import { parseAv1SequenceHeader } from '../../codecs/av1-sequence.ts';
import { type PictureKind, videoCodec } from '../../codecs/codecs.ts';
import { parseAvcRecord } from '../../codecs/h264.ts';
import { parseSps } from '../../codecs/h264-sps.ts';
import { parseHvcRecord } from '../../codecs/h265.ts';
import { parseH265Sps } from '../../codecs/h265-sps.ts';
import { ByteCursor } from '../../core/bytes.ts';
import type { EncodedCodec } from '../../core/encoding.ts';
import { corrupt } from '../../core/errors.ts';
import type { Colour, VideoConfig } from '../../core/media.ts';

/** What came out of an encoder, by its own word. */
export interface EncodedMovie {
  /** RFC 6381. */
  readonly codecString: string;
  readonly width: number;
  readonly height: number;
  readonly colour: Colour | null;
  /** In decode order. */
  readonly pictures: readonly EncodedPicture[];
}

interface EncodedPicture {
  /** In the media's timescale. */
  readonly stamp: number;
  readonly kind: PictureKind;
}

interface Box {
  readonly type: string;
  readonly start: number;
  readonly content: Uint8Array;
}

/** Version and flags. */
const FULL_HEADER = 4;
const BOX_HEADER = 8;

/** Those of 32-bit size: what is read here was written by FFmpeg to a pipe, picture by picture. */
function* boxes(bytes: Uint8Array): Generator<Box> {
  for (let at = 0; at + BOX_HEADER <= bytes.length; ) {
    const cursor = new ByteCursor(bytes, 0, at);
    const size = cursor.u32();
    const type = String.fromCharCode(...cursor.bytes(4));
    if (size < BOX_HEADER || at + size > bytes.length) throw corrupt(`A box of ${size} bytes`, at);
    yield { type, start: at, content: bytes.subarray(at + BOX_HEADER, at + size) };
    at += size;
  }
}

function child(bytes: Uint8Array, ...path: readonly string[]): Uint8Array {
  const [type, ...rest] = path;
  for (const box of boxes(bytes))
    if (box.type === type) return rest.length > 0 ? child(box.content, ...rest) : box.content;
  throw corrupt(`No box ${type}`);
}

/** Of VisualSampleEntry, in front of the boxes in it: ISO/IEC 14496-12, 12.1.3. */
const VISUAL_ENTRY = 78;
const CONFIG_BOXES: { readonly [C in EncodedCodec]: string } = { h264: 'avcC', h265: 'hvcC', av1: 'av1C' };

/**
 * What a movie in fragments of one picture each holds, by its boxes and by its bitstream.
 * @throws MediaError `corrupt`, `truncated`, `unsupported` where it is nothing of the kind
 */
export function readMovie(bytes: Uint8Array, codec: EncodedCodec): EncodedMovie {
  const table = child(bytes, 'moov', 'trak', 'mdia', 'minf', 'stbl', 'stsd').subarray(FULL_HEADER + 4);
  const [entry] = boxes(table);
  if (!entry) throw corrupt('No sample entry');
  const record = child(entry.content.subarray(VISUAL_ENTRY), CONFIG_BOXES[codec]);
  const config: VideoConfig = { codec, record };
  const { pictureKind, codecString } = videoCodec(config);
  return {
    codecString: codecString(config),
    ...HEADERS[codec](record),
    pictures: [...samples(bytes)].map(({ stamp, data }) => ({ stamp, kind: pictureKind(data) })),
  };
}

type Header = Pick<EncodedMovie, 'width' | 'height' | 'colour'>;

/** What the stream itself says in its parameter sets. */
const HEADERS: { readonly [C in EncodedCodec]: (record: Uint8Array) => Header } = {
  h264: (record) => parseSps(parseAvcRecord(record).sps[0] ?? NOTHING),
  h265: (record) => parseH265Sps(parseHvcRecord(record).sps[0] ?? NOTHING),
  av1: (record) => {
    const { maxWidth, maxHeight, colour } = parseAv1SequenceHeader(
      av1SequenceHeader(parseAv1Record(record).configObus) ?? NOTHING,
    );
    return { width: maxWidth, height: maxHeight, colour };
  },
};
const NOTHING = new Uint8Array(0);

interface Sample {
  readonly stamp: number;
  readonly data: Uint8Array;
}

function* samples(bytes: Uint8Array): Generator<Sample> {
  let fragment: Box | null = null;
  for (const box of boxes(bytes)) {
    if (box.type === 'moof') fragment = box;
    if (box.type === 'mdat' && fragment)
      yield { stamp: stampOf(child(fragment.content, 'traf')), data: box.content };
  }
}

const TRUN = { dataOffset: 0x1, firstFlags: 0x4, duration: 0x100, size: 0x200, flags: 0x400, offset: 0x800 };

/** Decode time and composition offset of the only sample: ISO/IEC 14496-12, 8.8.8 and 8.8.12. */
function stampOf(traf: Uint8Array): number {
  const time = new ByteCursor(child(traf, 'tfdt'));
  const isWide = time.u8() === 1;
  time.skip(3);
  const decodeTime = time.uint(isWide ? 8 : 4);
  const run = new ByteCursor(child(traf, 'trun'));
  const isSigned = run.u8() === 1;
  const flags = run.uint(3);
  if (run.u32() !== 1) throw corrupt('A fragment of several pictures');
  for (const field of [TRUN.dataOffset, TRUN.firstFlags, TRUN.duration, TRUN.size, TRUN.flags])
    if (flags & field) run.skip(4);
  const offset = flags & TRUN.offset ? run.u32() : 0;
  return decodeTime + (isSigned ? offset | 0 : offset);
}
