import {
  type AvcRecord,
  collectParameterSets,
  parseAvcRecord,
  recordFromAnnexB,
} from '../../../src/codecs/h264.ts';
import { looksAnnexB, type NalFraming, toLengthPrefixed4 } from '../../../src/codecs/nal.ts';
import { orNull } from '../../../src/core/errors.ts';
import { fieldJoiner, h264Facts } from '../../elementary/h264.ts';
import { framingOf, nalUnits } from '../../elementary/nal-framing.ts';
import type { Master } from '../ebml.ts';
import type { PendingSetup, VideoSetup } from '../setup.ts';

/**
 * CodecPrivate is an AVCDecoderConfigurationRecord; Annex B parameter sets in its place occur. Where it is missing,
 * broken or without parameter sets, the first picture that carries them tells.
 */
export function h264Setup(entry: Master): VideoSetup | PendingSetup<VideoSetup> {
  const privateData = entry.binary('CodecPrivate');
  const record = privateData && readRecord(privateData);
  if (record && record.sps.length > 0 && record.pps.length > 0) {
    const storedAs = privateData && looksAnnexB(privateData) ? 'annexb' : record.lengthSize;
    const setup = setupOf(record, storedAs);
    if (setup) return setup;
  }
  const declared = record?.lengthSize ?? null;
  return {
    fromFrame: (frame) => {
      const storedAs = framingOf(frame, declared);
      const sets = storedAs && collectParameterSets(nalUnits(frame, storedAs));
      if (!storedAs || !sets || sets.sps.length === 0 || sets.pps.length === 0) return null;
      return setupOf(sets, storedAs);
    },
  };
}

const readRecord = (data: Uint8Array): AvcRecord | null =>
  orNull(() => (looksAnnexB(data) ? recordFromAnnexB(data) : parseAvcRecord(data)));

type Sets = Pick<AvcRecord, 'sps' | 'pps' | 'spsExtensions'>;

/** Null when the SPS cannot be read: one from the stream may be. */
function setupOf(sets: Sets, storedAs: NalFraming): VideoSetup | null {
  const found = h264Facts(sets);
  if (!found) return null;
  const { sps, ...facts } = found;
  return {
    ...facts,
    isPrefixUsable: storedAs === 4,
    normalize: (frame) => toLengthPrefixed4(frame, storedAs),
    ...(sps.isFramesOnly ? {} : { joiner: () => fieldJoiner(sps) }),
  };
}
