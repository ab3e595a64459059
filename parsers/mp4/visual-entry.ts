import { clliPayload, mdcvPayload, readAv1HdrCll, readAv1HdrMdcv } from '../../src/codecs/hdr.ts';
import { orNull } from '../../src/core/errors.ts';
import type { Colour, PixelAspect } from '../../src/core/media.ts';
import type { Box } from './box.ts';
import { cursorOf, firstBoxes, fullBoxContent, readableBoxes, restOf } from './readable-boxes.ts';

/** Fields and extensions of a VisualSampleEntry: ISO/IEC 14496-12, 12.1.3. */
export interface VisualEntry {
  /** As the entry has them; 0 where it does not know. */
  readonly width: number;
  readonly height: number;
  /** `clap`: what of the picture is meant to be seen, in whole samples. */
  readonly cleanAperture: Size | null;
  readonly pixelAspect: PixelAspect | null;
  readonly colour: Colour | null;
  /** Contents of `mdcv` and `clli`. */
  readonly masteringDisplay: Uint8Array | null;
  readonly contentLight: Uint8Array | null;
  /** DOVIDecoderConfigurationRecord. */
  readonly dolbyVision: Uint8Array | null;
  readonly fields: FieldOrder | null;
  child(type: string): Box | undefined;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** `fiel` (QuickTime File Format, Video Sample Description Extensions; ISO/IEC 15444-3): how a picture is scanned. */
export interface FieldOrder {
  /** 1 progressive, 2 interlaced. */
  readonly count: number;
  /** 1, 9: top field first; 6, 14: bottom field first; 0 unknown. */
  readonly order: number;
}

const CHILDREN =
  'avcC hvcC vpcC av1C glbl esds sinf btrt pasp clap fiel mdcv clli SmDm CoLL dvcC dvvC dvwC'.split(' ');

/** From reserved and data_reference_index to pre_defined. */
const BEFORE_SIZE = 8 + 16;
/** From horizresolution to the second pre_defined. */
const BEHIND_SIZE = 14 + 32 + 4;

/**
 * @param entry a sample entry as a box
 * @throws MediaError `truncated`
 */
export function readVisualEntry(entry: Box): VisualEntry {
  const fields = cursorOf(entry);
  fields.skip(BEFORE_SIZE);
  const [width, height] = [fields.u16(), fields.u16()];
  fields.skip(Math.min(BEHIND_SIZE, fields.remaining));
  const children = restOf(fields);
  const found = firstBoxes(children, CHILDREN);
  const child = (type: string): Box | undefined => found.get(type);
  return {
    width,
    height,
    cleanAperture: read(child('clap'), readCleanAperture),
    pixelAspect: read(child('pasp'), readPixelAspect),
    colour: readColour(readableBoxes(children, ['colr'])),
    masteringDisplay: read(child('mdcv'), readMdcv) ?? read(child('SmDm'), readSmDm),
    contentLight: read(child('clli'), readClli) ?? read(child('CoLL'), readCoLl),
    dolbyVision: (child('dvcC') ?? child('dvvC') ?? child('dvwC'))?.bytes.slice() ?? null,
    fields: read(child('fiel'), readFieldOrder),
    child,
  };
}

/** What is broken counts as absent: pictures do not need it. */
const read = <T>(box: Box | undefined, readBox: (box: Box) => T | null): T | null =>
  box ? orNull(() => readBox(box)) : null;

/** Clean Aperture: 12.1.4.1. */
function readCleanAperture(box: Box): Size | null {
  const fields = cursorOf(box);
  const ratio = () => Math.round(fields.u32() / fields.u32());
  const [width, height] = [ratio(), ratio()];
  return width > 0 && height > 0 && width <= MAX_SIZE && height <= MAX_SIZE ? { width, height } : null;
}

const MAX_SIZE = 0xffff;

/** Pixel Aspect Ratio: 12.1.4.1. */
function readPixelAspect(box: Box): PixelAspect | null {
  const fields = cursorOf(box);
  const [h, v] = [fields.u32(), fields.u32()];
  return h > 0 && v > 0 ? { h, v } : null;
}

/** Values that say nothing: what H.273 has for it, and what muxers write that know nothing. */
const UNSPECIFIED: ReadonlySet<string> = new Set(['2,2,2', '0,0,0']);

/**
 * The first Colour Information that has code points (12.1.5): `nclx`, or QuickTime's `nclc`, which has no range. Null
 * where it leaves all of them open.
 */
function readColour(boxes: Iterable<Box>): Colour | null {
  for (const box of boxes) {
    const colour = orNull(() => readColr(box));
    if (colour) return colour;
  }
  return null;
}

function readColr(box: Box): Colour | null {
  const fields = cursorOf(box);
  const type = String.fromCharCode(...fields.bytes(4));
  if (type !== 'nclx' && type !== 'nclc') return null;
  const [primaries, transfer, matrix] = [fields.u16(), fields.u16(), fields.u16()];
  if (UNSPECIFIED.has([primaries, transfer, matrix].join())) return null;
  // Boxes of `nclx` that end before the range occur.
  const hasRange = type === 'nclx' && fields.remaining > 0;
  return { primaries, transfer, matrix, fullRange: hasRange && fields.u8() >= FULL_RANGE };
}

const FULL_RANGE = 0x80;
const MDCV_BYTES = 24;
const CLLI_BYTES = 4;

/** Mastering Display Colour Volume and Content Light Level: 12.1.7 and 12.1.6. */
const readMdcv = (box: Box): Uint8Array => cursorOf(box).bytes(MDCV_BYTES).slice();
const readClli = (box: Box): Uint8Array => cursorOf(box).bytes(CLLI_BYTES).slice();

/** Their forerunners, in AV1's units: VP Codec ISO Media File Format Binding, 2.3 and 2.4. */
const readSmDm = (box: Box): Uint8Array => mdcvPayload(readAv1HdrMdcv(fullBoxContent(box)));
const readCoLl = (box: Box): Uint8Array => clliPayload(readAv1HdrCll(fullBoxContent(box)));

function readFieldOrder(box: Box): FieldOrder {
  const fields = cursorOf(box);
  return { count: fields.u8(), order: fields.u8() };
}
