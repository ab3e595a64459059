import { parseMpegAudioHeader } from '../../../src/codecs/mpeg-audio.ts';
import { orNull } from '../../../src/core/errors.ts';
import type { Master } from '../ebml.ts';
import type { AudioSetup, PendingSetup } from '../setup.ts';
import { unchanged } from './unchanged.ts';

const LAYER_3 = 3;
const HEADER_BYTES = 4;

/** There are no private data: the first frame's header tells everything, the layer too, whatever the CodecID says. */
export const mpegAudioSetup = (_entry: Master): PendingSetup<AudioSetup> => ({
  fromFrame: (frame) => {
    const header = orNull(() => parseMpegAudioHeader(frame));
    if (!header) return null;
    return {
      config: { codec: header.layer === LAYER_3 ? 'mp3' : 'mp2', record: frame.slice(0, HEADER_BYTES) },
      sampleRate: header.sampleRate,
      channels: header.channels,
      frameSize: header.samples,
      isPrefixUsable: true,
      normalize: unchanged,
    };
  },
});
