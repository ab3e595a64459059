import { parseDtsHeader } from '../../../src/codecs/dts.ts';
import type { Master } from '../ebml.ts';
import type { AudioSetup, PendingSetup } from '../setup.ts';
import { unchanged } from './unchanged.ts';

/** There are no private data: the core of the first frame tells everything, whatever the CodecID says of DTS-HD. */
export const dtsSetup = (_entry: Master): PendingSetup<AudioSetup> => ({
  fromFrame: (frame) => {
    const { sampleRate, channels, samples } = parseDtsHeader(frame);
    return {
      config: { codec: 'dts', record: new Uint8Array(0) },
      sampleRate,
      channels,
      frameSize: samples,
      isPrefixUsable: true,
      normalize: unchanged,
    };
  },
});
