import { parseMpegAudioHeader } from '../../../src/codecs/mpeg-audio.ts';
import { orNull } from '../../../src/core/errors.ts';
import type { Master } from '../ebml.ts';
import type { AudioSetup, PendingSetup } from '../setup.ts';
import { unchanged } from './unchanged.ts';

const LAYER_3 = 3;
const HEADER_BYTES = 4;

/** There are no private data: the first frame's header tells everything. */
export const mp3Setup = (_entry: Master): PendingSetup<AudioSetup> => ({
  fromFrame: (frame) => {
    const header = orNull(() => parseMpegAudioHeader(frame));
    if (header?.layer !== LAYER_3) return null;
    return {
      config: { codec: 'mp3', record: frame.slice(0, HEADER_BYTES) },
      sampleRate: header.sampleRate,
      channels: header.channels,
      frameSize: header.samples,
      isPrefixUsable: true,
      normalize: unchanged,
    };
  },
});
