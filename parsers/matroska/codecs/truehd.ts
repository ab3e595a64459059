import { parseMajorSync } from '../../../src/codecs/truehd.ts';
import type { Master } from '../ebml.ts';
import type { AudioSetup, PendingSetup } from '../setup.ts';
import { unchanged } from './unchanged.ts';

/** TrueHD and MLP have no private data: the first access unit with a major sync tells everything. */
export const trueHdSetup = (_entry: Master): PendingSetup<AudioSetup> => ({
  fromFrame: (frame) => {
    const sync = parseMajorSync(frame);
    if (!sync) return null;
    return {
      config: { codec: 'truehd', record: new Uint8Array(0) },
      sampleRate: sync.sampleRate,
      channels: sync.channels,
      frameSize: sync.samples,
      isPrefixUsable: true,
      normalize: unchanged,
    };
  },
});
