import { parseDolbyVisionRecord, withoutEnhancementLayer } from '../../src/codecs/dolby-vision.ts';
import {
  type AvcRecord,
  collectParameterSets,
  type ParameterSets,
  parseAvcRecord,
} from '../../src/codecs/h264.ts';
import {
  collectH265ParameterSets,
  type H265ParameterSets,
  type HvcRecord,
  parseHvcRecord,
} from '../../src/codecs/h265.ts';
import { type HdrSei, readHdrSei } from '../../src/codecs/hdr.ts';
import {
  looksAnnexB,
  type NalFraming,
  splitAnnexB,
  splitLengthPrefixed,
  toLengthPrefixed4,
} from '../../src/codecs/nal.ts';
import { orNull } from '../../src/core/errors.ts';
import { fieldJoiner, h264Facts } from '../elementary/h264.ts';
import { h265Facts } from '../elementary/h265.ts';
import type { Told, VideoSetup } from './setup.ts';
import type { VisualEntry } from './visual-entry.ts';

/** Lengths where no record tells: all muxers write these. */
const USUAL_LENGTH = 4;

/**
 * `avcC` (ISO/IEC 14496-15, 5.4.2). Where it is missing, broken or without parameter sets (`avc3`), the first picture
 * that carries them tells.
 */
export function h264Codec(entry: VisualEntry): Told<VideoSetup> {
  const box = entry.child('avcC');
  const record: AvcRecord | null = box ? orNull(() => parseAvcRecord(box.bytes)) : null;
  const nalLengthBytes = record?.lengthSize ?? USUAL_LENGTH;
  const setup = record && record.pps.length > 0 ? h264Setup(record, nalLengthBytes) : null;
  if (setup) return { setup, fromSample: null, nalLengthBytes };
  return {
    setup: null,
    fromSample: (sample) => {
      const framing = framingOf(sample, nalLengthBytes);
      const sets = collectParameterSets(nalUnits(sample, framing));
      return sets.sps.length > 0 && sets.pps.length > 0 ? h264Setup(sets, framing) : null;
    },
    nalLengthBytes,
  };
}

/** Null when the SPS cannot be read: one from the stream may be. */
function h264Setup(sets: ParameterSets, framing: NalFraming): VideoSetup | null {
  const found = h264Facts(sets);
  if (!found) return null;
  const { sps, ...facts } = found;
  return {
    ...facts,
    isPrefixUsable: framing === 4,
    normalize: (sample) => toLengthPrefixed4(sample, framing),
    ...(sps.isFramesOnly ? {} : { joiner: () => fieldJoiner(sps) }),
  };
}

/**
 * `hvcC` (ISO/IEC 14496-15, 8.4.1). Where it is missing, broken or without parameter sets (`hev1`), the first picture
 * that carries them tells; where pictures are HDR and nobody says of which display, its SEI messages do.
 */
export function h265Codec(entry: VisualEntry): Told<VideoSetup> {
  const box = entry.child('hvcC');
  const record: HvcRecord | null = box ? orNull(() => parseHvcRecord(box.bytes)) : null;
  const nalLengthBytes = record?.lengthSize ?? USUAL_LENGTH;
  const own = record && hasSets(record) ? record : null;
  const sei = own && readHdrSei(own.sei, 'h265');
  const setup = own && sei && h265Setup(entry, own, { framing: nalLengthBytes, sei });
  if (setup && !wantsSei(entry, setup)) return { setup, fromSample: null, nalLengthBytes };
  return {
    setup,
    fromSample: (sample) => {
      const framing = framingOf(sample, nalLengthBytes);
      const nals = [...nalUnits(sample, framing)];
      const found = collectH265ParameterSets(nals);
      const sets = setup ? own : hasSets(found) ? found : null;
      return sets && h265Setup(entry, sets, { framing, sei: readHdrSei(nals, 'h265') });
    },
    nalLengthBytes,
  };
}

const hasSets = ({ vps, sps, pps }: H265ParameterSets): boolean =>
  vps.length > 0 && sps.length > 0 && pps.length > 0;

/** ITU-T H.273, TransferCharacteristics: 16 is SMPTE ST 2084, 14 BT.2020, which streams of HLG claim for old players. */
const PQ = 16;
const BT2020 = 14;

const wantsSei = (entry: VisualEntry, { colour, masteringDisplay }: VideoSetup): boolean =>
  (colour?.transfer === PQ && !masteringDisplay && !entry.masteringDisplay) || colour?.transfer === BT2020;

interface Stored {
  readonly framing: NalFraming;
  readonly sei: HdrSei;
}

/** Null when the SPS cannot be read: one from the stream may be. */
function h265Setup(
  { dolbyVision: record }: VisualEntry,
  sets: H265ParameterSets,
  { framing, sei }: Stored,
): VideoSetup | null {
  const facts = h265Facts(sets, sei);
  if (!facts) return null;
  const toFour = (sample: Uint8Array) => toLengthPrefixed4(sample, framing);
  const dolbyVision = record && orNull(() => parseDolbyVisionRecord(record));
  return {
    ...facts,
    // What is left of a dual layer stream is its base layer, and that is plain HDR10.
    dolbyVision: dolbyVision && !dolbyVision.elPresent ? record : null,
    isPrefixUsable: framing === 4,
    normalize: dolbyVision?.elPresent ? (sample) => withoutEnhancementLayer(toFour(sample)) : toFour,
  };
}

const framingOf = (sample: Uint8Array, declared: Exclude<NalFraming, 'annexb'>): NalFraming =>
  looksAnnexB(sample, declared) ? 'annexb' : declared;

const nalUnits = (sample: Uint8Array, framing: NalFraming): Iterable<Uint8Array> =>
  framing === 'annexb' ? splitAnnexB(sample) : splitLengthPrefixed(sample, framing);
