import { parseVorbisHeaders, vorbisStep } from '../../../src/codecs/vorbis.ts';
import type { Master } from '../ebml.ts';
import type { AudioSetup } from '../setup.ts';
import { unchanged } from './unchanged.ts';

/** CodecPrivate has the three headers in Xiph lacing. */
export function vorbisSetup(entry: Master): AudioSetup | null {
  const privateData = entry.binary('CodecPrivate');
  if (!privateData) return null;
  const info = parseVorbisHeaders(privateData);
  return {
    config: { codec: 'vorbis', record: privateData, modeBlocks: info.modeBlocks },
    sampleRate: info.sampleRate,
    channels: info.channels,
    frameSize: null,
    frameStep: vorbisStep(info),
    isPrefixUsable: true,
    normalize: unchanged,
  };
}
