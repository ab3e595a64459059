import { dac3Record, parseAc3Frame } from '../../../src/codecs/ac3.ts';
import { dec3Record, eac3Info, eac3Samples, isEac3, parseEac3Frame } from '../../../src/codecs/eac3.ts';
import { orNull } from '../../../src/core/errors.ts';
import type { Master } from '../ebml.ts';
import type { AudioSetup, PendingSetup } from '../setup.ts';
import { unchanged } from './unchanged.ts';

/** AC-3 and E-AC-3 have no private data: the first frame decides which of the two it is, whatever the CodecID says. */
export const ac3Setup = (_entry: Master): PendingSetup<AudioSetup> => ({
  fromFrame: (frame) => orNull(() => (isEac3(frame) ? eac3SetupOf(frame) : ac3SetupOf(frame))),
});

function ac3SetupOf(frame: Uint8Array): AudioSetup {
  const { sampleRate, channels, samples } = parseAc3Frame(frame);
  return {
    config: { codec: 'ac3', record: dac3Record(frame) },
    sampleRate,
    channels,
    frameSize: samples,
    isPrefixUsable: true,
    normalize: unchanged,
  };
}

function eac3SetupOf(frame: Uint8Array): AudioSetup {
  const record = dec3Record(frame);
  const { sampleRate } = parseEac3Frame(frame);
  const { channels } = eac3Info(record);
  return {
    config: { codec: 'eac3', record },
    sampleRate,
    channels,
    frameSize: eac3Samples(frame),
    isPrefixUsable: true,
    normalize: unchanged,
  };
}
