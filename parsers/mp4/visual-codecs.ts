import { av1SampleOf, av1SequenceHeader, buildAv1Record, parseAv1Record } from '../../src/codecs/av1.ts';
import { parseAv1SequenceHeader } from '../../src/codecs/av1-sequence.ts';
import { parseVpcRecord, type VpcRecord, vp9ConfigOf, vp9Kind, vpcRecord } from '../../src/codecs/vp9.ts';
import { orNull } from '../../src/core/errors.ts';
import type { Colour } from '../../src/core/media.ts';
import { h264Codec, h265Codec } from './nal-codecs.ts';
import { fullBoxContent, readFullBox } from './readable-boxes.ts';
import { type Told, told, type VideoSetup } from './setup.ts';
import type { Size, VisualEntry } from './visual-entry.ts';

type Codec = (entry: VisualEntry) => Told<VideoSetup>;

/**
 * Type of a sample entry → its codec. `avc3` and `hev1` have parameter sets in-band; `dv…` are Dolby Vision, whose base
 * layer is told here. A map, not an object: types come from the file.
 */
export const VIDEO_CODECS: ReadonlyMap<string, Codec> = new Map([
  ...['avc1', 'avc2', 'avc3', 'avc4', 'dva1', 'dvav', 'H264', 'h264', 'X264', 'x264'].map(
    (type) => [type, h264Codec] as const,
  ),
  ...['hvc1', 'hev1', 'dvh1', 'dvhe'].map((type) => [type, h265Codec] as const),
  ['vp09', vp9Codec],
  ['av01', av1Codec],
  ['dav1', av1Codec],
]);

/** `av1C`; where it lacks the sequence header, the first sample has one: AV1 Codec ISO Media File Format Binding, 2.3. */
function av1Codec(entry: VisualEntry): Told<VideoSetup> {
  const box = entry.child('av1C');
  const record = box ? orNull(() => parseAv1Record(box.bytes)) : null;
  const header = record && orNull(() => av1SequenceHeader(record.configObus));
  const setup = header && orNull(() => av1Setup(entry, header));
  if (setup) return told(setup);
  return {
    setup: null,
    fromSample: (sample) => {
      const own = av1SequenceHeader(sample);
      return own && av1Setup(entry, own);
    },
  };
}

function av1Setup(entry: VisualEntry, sequenceHeader: Uint8Array): VideoSetup {
  const sequence = parseAv1SequenceHeader(sequenceHeader);
  return {
    config: { codec: 'av1', record: buildAv1Record(sequenceHeader) },
    width: sequence.maxWidth,
    height: sequence.maxHeight,
    pixelAspect: null,
    colour: sequence.colour ?? entry.colour,
    frameRate: sequence.frameRate,
    reorderDepth: 0,
    dolbyVision: entry.dolbyVision,
    isPrefixUsable: true,
    normalize: av1SampleOf,
  };
}

/** Version of `vpcC` that the binding describes; 0 had other fields. */
const VPCC_VERSION = 1;

/** `vpcC` (VP Codec ISO Media File Format Binding, 2.2); where it is none or has no level, the first key frame tells. */
function vp9Codec(entry: VisualEntry): Told<VideoSetup> {
  const box = entry.child('vpcC');
  const record = box
    ? orNull(() => (readFullBox(box).version === VPCC_VERSION ? parseVpcRecord(fullBoxContent(box)) : null))
    : null;
  if (record && record.level > 0 && entry.width > 0 && entry.height > 0)
    return told(vp9Setup(entry, record, entry));
  return {
    setup: null,
    fromSample: (sample) => {
      if (vp9Kind(sample) !== 'idr') return null;
      const own = vp9ConfigOf(sample, record?.level || undefined);
      return vp9Setup(entry, own, own);
    },
  };
}

function vp9Setup(entry: VisualEntry, record: VpcRecord, { width, height }: Size): VideoSetup {
  const colour = entry.colour ?? specified(record.colour);
  return {
    config: { codec: 'vp9', record: vpcRecord({ ...record, colour: colour ?? record.colour }) },
    width,
    height,
    pixelAspect: null,
    colour,
    frameRate: null,
    reorderDepth: 0,
    isPrefixUsable: true,
    normalize: (sample) => sample,
  };
}

const UNSPECIFIED = 2;

const specified = (colour: Colour): Colour | null =>
  colour.matrix === UNSPECIFIED && !colour.fullRange ? null : colour;
