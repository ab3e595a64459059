import { parseDolbyVisionRecord, withoutEnhancementLayer } from '../../../src/codecs/dolby-vision.ts';
import {
  collectH265ParameterSets,
  type H265ParameterSets,
  type HvcRecord,
  h265RecordFromAnnexB,
  parseHvcRecord,
} from '../../../src/codecs/h265.ts';
import { type HdrSei, readHdrSei } from '../../../src/codecs/hdr.ts';
import { looksAnnexB, type NalFraming, toLengthPrefixed4 } from '../../../src/codecs/nal.ts';
import { orNull } from '../../../src/core/errors.ts';
import { h265Facts } from '../../elementary/h265.ts';
import { framingOf, nalUnits } from '../../elementary/nal-framing.ts';
import { readDolbyVisionConfig, readMastering } from '../colour.ts';
import type { Master } from '../ebml.ts';
import type { PendingSetup, VideoSetup } from '../setup.ts';

type Sets = Required<H265ParameterSets>;

/**
 * CodecPrivate is an HEVCDecoderConfigurationRecord. Where it is missing, broken or without parameter sets, the first
 * picture that carries them tells; where the pictures are HDR and nobody says of which display, its SEI messages do.
 */
export function h265Setup(entry: Master): VideoSetup | PendingSetup<VideoSetup> {
  const privateData = entry.binary('CodecPrivate');
  const record = privateData && readRecord(privateData);
  const storedAs = privateData && looksAnnexB(privateData) ? 'annexb' : (record?.lengthSize ?? null);
  const isComplete = record !== null && hasSets(record);
  const setup = isComplete && storedAs ? setupOf(entry, record, { storedAs, sei: seiOf(record) }) : null;
  if (setup && !wantsSei(entry, setup)) return setup;
  return {
    fromFrame: (frame) => {
      const framing = framingOf(frame, storedAs);
      if (!framing) return setup;
      const nals = [...nalUnits(frame, framing)];
      const own = collectH265ParameterSets(nals);
      const sets = hasSets(own) ? own : record;
      if (!sets || !hasSets(sets)) return null;
      return setupOf(entry, isComplete ? record : sets, { storedAs: framing, sei: readHdrSei(nals, 'h265') });
    },
  };
}

const readRecord = (data: Uint8Array): HvcRecord | null =>
  orNull(() => (looksAnnexB(data) ? h265RecordFromAnnexB(data) : parseHvcRecord(data)));

const hasSets = ({ vps, sps, pps }: H265ParameterSets): boolean =>
  vps.length > 0 && sps.length > 0 && pps.length > 0;

const seiOf = ({ sei }: Sets): HdrSei => readHdrSei(sei, 'h265');

/** ITU-T H.273, TransferCharacteristics: 16 is SMPTE ST 2084, 14 BT.2020, which streams of HLG claim for old players. */
const PQ = 16;
const BT2020 = 14;

const wantsSei = (entry: Master, { colour, masteringDisplay }: VideoSetup): boolean =>
  (colour?.transfer === PQ && !masteringDisplay && readMastering(entry.master('Video')) === null) ||
  colour?.transfer === BT2020;

interface Stored {
  readonly storedAs: NalFraming;
  readonly sei: HdrSei;
}

/** Null when the SPS cannot be read: one from the stream may be. */
function setupOf(entry: Master, sets: Sets, { storedAs, sei }: Stored): VideoSetup | null {
  const facts = h265Facts(sets, sei);
  if (!facts) return null;
  const toFour = (frame: Uint8Array) => toLengthPrefixed4(frame, storedAs);
  const record = readDolbyVisionConfig(entry);
  const dolbyVision = record && orNull(() => parseDolbyVisionRecord(record));
  return {
    ...facts,
    // What is left of a dual layer stream is its base layer, and that is plain HDR10.
    dolbyVision: dolbyVision && !dolbyVision.elPresent ? record : null,
    isPrefixUsable: storedAs === 4,
    normalize: dolbyVision?.elPresent ? (frame) => withoutEnhancementLayer(toFour(frame)) : toFour,
  };
}
