import {
  dolbyVisionBoxType,
  needsDolbyVision,
  parseDolbyVisionRecord,
} from '../../src/codecs/dolby-vision.ts';
import type {
  Av1Config,
  Colour,
  H264Config,
  H265Config,
  PixelAspect,
  VideoConfig,
  VideoTrack,
  Vp9Config,
} from '../../src/core/media.ts';
import { box, fixed, fourcc, fullBox, type Part, u8, u16, u32, zeros } from './box.ts';
import { btrt, type EntryOf, sampleEntryHead } from './entry-parts.ts';

type Entry<Config extends VideoConfig> = EntryOf<VideoTrack, Config>;

/** AVC Sample Entry and Configuration Box: ISO/IEC 14496-15, 5.4.2. */
export const h264Entry = (entry: Entry<H264Config>): Part =>
  visual('avc1', entry, box('avcC', entry.config.record));

/** HEVC Sample Entry and Configuration Box: ISO/IEC 14496-15, 8.4.1; Dolby Vision Streams Within ISOBMFF, 3.2. */
export const h265Entry = (entry: Entry<H265Config>): Part =>
  visual(
    needsDolbyVision(entry.track.dolbyVision) ? 'dvh1' : 'hvc1',
    entry,
    box('hvcC', entry.config.record),
  );

/** VP9 Sample Entry: VP Codec ISO Media File Format Binding, 2.1. */
export const vp9Entry = (entry: Entry<Vp9Config>): Part =>
  visual('vp09', entry, fullBox({ type: 'vpcC', version: 1, flags: 0 }, entry.config.record));

/** AV1 Sample Entry: AV1 Codec ISO Media File Format Binding, 2.2. */
export const av1Entry = (entry: Entry<Av1Config>): Part =>
  visual(
    needsDolbyVision(entry.track.dolbyVision) ? 'dav1' : 'av01',
    entry,
    box('av1C', entry.config.record),
  );

/** 72 dots an inch. */
const RESOLUTION = 72;
const COMPRESSOR_NAME_BYTES = 32;
const DEPTH = 0x18;
const NO_COLOUR_TABLE = 0xffff;

/** VisualSampleEntry: ISO/IEC 14496-12, 12.1.3. */
const visual = (type: string, { track, bitrate }: Entry<VideoConfig>, configuration: Part): Part =>
  box(
    type,
    ...sampleEntryHead,
    zeros(16),
    u16(track.width, track.height),
    fixed(RESOLUTION, RESOLUTION),
    zeros(4),
    u16(1),
    zeros(COMPRESSOR_NAME_BYTES),
    u16(DEPTH, NO_COLOUR_TABLE),
    configuration,
    ...dolbyVision(track),
    ...colour(track),
    ...range(track),
    ...aspect(track),
    ...btrt(bitrate),
  );

/** Dolby Vision Configuration: Dolby Vision Streams Within ISOBMFF, 2.2. */
const dolbyVision = ({ dolbyVision: record }: VideoTrack): Part[] =>
  record ? [box(dolbyVisionBoxType(parseDolbyVisionRecord(record).profile), record)] : [];

const colour = ({ colour }: VideoTrack): Part[] => (colour ? [colr(colour)] : []);

/** Colour Information: ISO/IEC 14496-12, 12.1.5. */
const colr = ({ primaries, transfer, matrix, fullRange }: Colour): Part =>
  box('colr', fourcc('nclx'), u16(primaries, transfer, matrix), u8(fullRange ? 0x80 : 0));

/** Mastering Display Colour Volume and Content Light Level: ISO/IEC 14496-12, 12.1.6 and 12.1.7. */
const range = ({ masteringDisplay, contentLight }: VideoTrack): Part[] => [
  ...(masteringDisplay ? [box('mdcv', masteringDisplay)] : []),
  ...(contentLight ? [box('clli', contentLight)] : []),
];

const aspect = ({ pixelAspect }: VideoTrack): Part[] =>
  pixelAspect.h === pixelAspect.v ? [] : [pasp(pixelAspect)];

/** Pixel Aspect Ratio: ISO/IEC 14496-12, 12.1.4. */
const pasp = ({ h, v }: PixelAspect): Part => box('pasp', u32(h, v));
